"""The facts a charge keeps beside its formula: which price, quantity and discounts were in force, and by which profile."""

from collections.abc import Sequence

from rackbill.core.terms import (
    STANDARD_PRORATION,
    DatedPrice,
    DatedQuantity,
    Discount,
    DiscountKind,
    Proration,
    Rounding,
    TermLine,
)

Facts = tuple[tuple[str, str], ...]


def facts_of(
    line: TermLine, priced: DatedPrice, counted: DatedQuantity, discounts: Sequence[Discount], *, is_part: bool
) -> Facts:
    """Named texts; only what differs from the standard is told, so that nearly every charge keeps one.

    `price_from`: first day of the price. `quantity_from`: of the quantity, where it is another day. `count`: how many,
    where the charge counts days or hours of them. `proration`, `day_price_digits`, `rounding`: where not the standard.
    `discount`: one for each, in their order.
    """
    facts = [("price_from", priced.valid_from.isoformat())]
    if counted.valid_from != priced.valid_from:
        facts.append(("quantity_from", counted.valid_from.isoformat()))
    if is_part and counted.quantity != 1:
        facts.append(("count", f"{counted.quantity:f}"))
    profile = line.proration
    if profile is not STANDARD_PRORATION:
        if is_part and profile.method is not Proration.DAYS_OF_CYCLE:
            facts.append(("proration", profile.method.value))
        if is_part and profile.day_price_digits is not None:
            facts.append(("day_price_digits", str(profile.day_price_digits)))
        if profile.rounding is not Rounding.HALF_UP:
            facts.append(("rounding", profile.rounding.value))
    facts += [("discount", _discount(discount)) for discount in discounts]
    return tuple(facts)


def _discount(discount: Discount) -> str:
    size = f"{discount.value.normalize():f}{' %' if discount.kind is DiscountKind.PERCENT else ' per cycle'}"
    until = f" until {discount.valid_until}" if discount.valid_until else ""
    return f"{discount.reason}: {size} from {discount.valid_from}{until}"
