"""Used quantity → price: flat, per unit, tiered, volume, package, included amount, commit and overage, hourly with a cap.

A price is worked out in steps, each a quantity at a price, so that every step can stand as a line of a document.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

_ZERO, _ONE = Decimal(0), Decimal(1)


class PriceModel(StrEnum):
    """How a used quantity is priced."""

    FLAT = "flat"
    PER_UNIT = "per_unit"
    TIERED = "tiered"
    VOLUME = "volume"
    PACKAGE = "package"
    INCLUDED = "included"
    COMMIT = "commit"
    CAPPED = "capped"


class UsagePriceRefused(ValueError):
    """A usage price contradicts itself; the message names what and the way out."""


@dataclass(frozen=True, slots=True)
class Tier:
    """A price for quantities up to and including `up_to`; the last tier has none."""

    up_to: Decimal | None
    price: Decimal


@dataclass(frozen=True, slots=True)
class PricedStep:
    """A part of a used quantity at a price of its own; `label` says which."""

    label: str
    quantity: Decimal
    unit_price: Decimal
    is_measured: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class UsagePrice:
    """The price of a used quantity of one period.

    flat: `price` whenever anything was used. per_unit: `price` each. tiered: each slice at its own tier's price. volume: all
    at the price of the tier reached. package: whole packages of `size`, begun ones in full. included: nothing up to
    `included`, `price` for each beyond. commit: `included` is paid in full at `price`, beyond at `overage_price`. capped:
    `price` each, never more than `cap`. `minimum` is the least that any of them comes to, after discounts.

    In a month of which a line was agreed for a part only, what is included, committed or the minimum counts for that part
    (unless `is_prorated` is False). A cap counts in full: it is the price of a month, and hours protect shorter stays.
    """

    model: PriceModel
    price: Decimal = _ZERO
    tiers: tuple[Tier, ...] = ()
    size: Decimal = _ONE
    included: Decimal = _ZERO
    overage_price: Decimal = _ZERO
    cap: Decimal | None = None
    minimum: Decimal = _ZERO
    is_prorated: bool = True

    def __post_init__(self) -> None:
        named = {
            "price": self.price,
            "included": self.included,
            "overage_price": self.overage_price,
            "minimum": self.minimum,
        }
        for name, value in named.items():
            if value < 0:
                raise UsagePriceRefused(f"{name} is {value}; it cannot be negative")
        if self.size <= 0:
            raise UsagePriceRefused(f"a package of {self.size} holds nothing; give a size above 0")
        if self.model is PriceModel.CAPPED and (self.cap is None or self.cap < 0):
            raise UsagePriceRefused("a capped price needs a cap of 0 or more")
        if self.model in (PriceModel.TIERED, PriceModel.VOLUME):
            _check_tiers(self.tiers)

    def to_plain(self) -> dict[str, Any]:
        """Texts and lists for storing; what is not set is left out."""
        plain: dict[str, Any] = {"model": self.model.value}
        for name in ("price", "included", "overage_price", "minimum"):
            if getattr(self, name):
                plain[name] = str(getattr(self, name))
        if self.size != 1:
            plain["size"] = str(self.size)
        if self.cap is not None:
            plain["cap"] = str(self.cap)
        if not self.is_prorated:
            plain["is_prorated"] = False
        if self.tiers:
            plain["tiers"] = [[None if t.up_to is None else str(t.up_to), str(t.price)] for t in self.tiers]
        return plain


def _check_tiers(tiers: Sequence[Tier]) -> None:
    if not tiers or tiers[-1].up_to is not None:
        raise UsagePriceRefused("the last tier must have no upper end, so that every quantity has a price")
    ends = [tier.up_to for tier in tiers[:-1]]
    if any(end is None for end in ends) or any(tier.price < 0 for tier in tiers):
        raise UsagePriceRefused("only the last tier has no upper end, and no tier a negative price")
    known = [end for end in ends if end is not None]
    if any(b <= a for a, b in zip([_ZERO, *known], known, strict=False)):
        raise UsagePriceRefused("the upper ends of tiers must rise from above 0")


def usage_price_from_plain(plain: Mapping[str, Any]) -> UsagePrice:
    """The price from texts and lists. Raises UsagePriceRefused for what it does not know."""
    unknown = set(plain) - {
        "model",
        "price",
        "included",
        "overage_price",
        "minimum",
        "size",
        "cap",
        "tiers",
        "is_prorated",
    }
    if unknown:
        raise UsagePriceRefused(f"a usage price has no {sorted(unknown)[0]!r}")
    try:
        model = PriceModel(plain.get("model", ""))
    except ValueError:
        known = ", ".join(m.value for m in PriceModel)
        raise UsagePriceRefused(f"{plain.get('model')!r} is no price model; the models are {known}") from None
    tiers = tuple(
        Tier(None if up_to in (None, "", "null", "~") else _number("tiers", up_to), _number("tiers", price))
        for up_to, price in plain.get("tiers", ())
    )
    numbers = {name: _number(name, plain[name]) for name in plain if name not in ("model", "tiers", "is_prorated")}
    return UsagePrice(model=model, tiers=tiers, is_prorated=bool(plain.get("is_prorated", True)), **numbers)


def _number(name: str, text: Any) -> Decimal:
    try:
        value = Decimal(str(text))
    except InvalidOperation:
        raise UsagePriceRefused(f"{name} of a usage price is {text!r}, which is no number") from None
    if not value.is_finite():
        raise UsagePriceRefused(f"{name} of a usage price is {text!r}, which is no number")
    return value


def price_usage(*, price: UsagePrice, quantity: Decimal, share: Decimal = _ONE) -> list[PricedStep]:
    """The steps that price a used quantity, each costs quantity x unit price. A step keeps its place when it is empty.

    `share` is the part of the month that the line was agreed for. The minimum is apart, see `least_charge`.
    """
    return _steps(price, quantity, share if price.is_prorated else _ONE)


def least_charge(*, price: UsagePrice, share: Decimal = _ONE) -> Decimal:
    """What all steps together come to at least, for the part of the month that the line was agreed for."""
    return price.minimum * (share if price.is_prorated else _ONE)


def _steps(price: UsagePrice, quantity: Decimal, share: Decimal) -> list[PricedStep]:
    if price.model is PriceModel.FLAT:
        return [PricedStep("flat", _ONE if quantity else _ZERO, price.price, is_measured=False)]
    if price.model is PriceModel.PER_UNIT:
        return [PricedStep("used", quantity, price.price)]
    if price.model is PriceModel.TIERED:
        return _slices(price.tiers, quantity)
    if price.model is PriceModel.VOLUME:
        tier = next(t for t in price.tiers if t.up_to is None or quantity <= t.up_to)
        return [PricedStep("all at the price of the volume reached", quantity, tier.price)]
    if price.model is PriceModel.PACKAGE:
        count = (quantity / price.size).to_integral_value(ROUND_CEILING)
        return [PricedStep(f"packages of {price.size:f}", count, price.price, is_measured=False)]
    if price.model is PriceModel.CAPPED:
        assert price.cap is not None
        if quantity * price.price > price.cap:
            return [PricedStep("capped", _ONE, price.cap, is_measured=False)]
        return [PricedStep("used", quantity, price.price)]
    included = price.included * share
    over = max(quantity - included, _ZERO)
    if price.model is PriceModel.INCLUDED:
        return [PricedStep(f"beyond the included {included.normalize():f}", over, price.price)]
    return [
        PricedStep("commit", included, price.price),
        PricedStep(f"beyond the commit of {included.normalize():f}", over, price.overage_price),
    ]


def _slices(tiers: Sequence[Tier], quantity: Decimal) -> list[PricedStep]:
    steps, below = [], _ZERO
    for number, tier in enumerate(tiers, start=1):
        end = quantity if tier.up_to is None else min(quantity, tier.up_to)
        steps.append(PricedStep(f"tier {number}", max(end - below, _ZERO), tier.price))
        below = tier.up_to if tier.up_to is not None else below
    return steps
