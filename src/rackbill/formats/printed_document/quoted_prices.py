"""What usage is offered at, in words: tiers, packages, what is included or paid in any case, the most and the least."""

from collections.abc import Iterator
from decimal import Decimal

from rackbill.core.document import QuotedPrice
from rackbill.core.pricing import PriceModel
from rackbill.formats.wording import Wording


def price_note(price: QuotedPrice, unit: str, words: Wording) -> str:
    """Below the unit price: that it is one of several, or what it is for."""
    if price.tiers:
        return words.word("price.by_volume" if price.model == PriceModel.VOLUME else "price.by_tier")
    if price.model == PriceModel.FLAT:
        return ""
    size = Decimal(1) if price.package_size is None else price.package_size
    return words.word("per", unit=unit if size == 1 else f"{words.number(size)} {unit}")


def told(price: QuotedPrice, unit: str, currency: str, words: Wording) -> Iterator[str]:
    """The sentences below a position, each of which may stand on a line of its own."""

    def amount(quantity: Decimal | None) -> str:
        return "" if quantity is None else f"{words.number(quantity)} {unit}"

    def per_unit(value: Decimal) -> str:
        return words.word("price.each", price=words.price(value, currency), unit=unit)

    if price.tiers:
        yield words.word("price.volume" if price.model == PriceModel.VOLUME else "price.tiered")
        start = None
        for tier in price.tiers:
            yield _tier(amount(start), amount(tier.up_to), per_unit(tier.price), words)
            start = tier.up_to
    if price.package_size is not None:
        yield words.word("price.package", size=amount(price.package_size))
    if price.model == PriceModel.INCLUDED and price.included is not None and price.price is not None:
        yield words.word("price.included", quantity=amount(price.included), price=per_unit(price.price))
    if price.included is not None and price.overage_price is not None:
        yield words.word("price.commit", quantity=amount(price.included), price=per_unit(price.overage_price))
    if price.model == PriceModel.FLAT:
        yield words.word("price.flat")
    for key, most in (("price.cap", price.cap), ("price.minimum", price.minimum)):
        if most is not None:
            yield words.word(key, price=words.price(most, currency))


def _tier(start: str, end: str, price: str, words: Wording) -> str:
    """Of the quantities over `start` up to `end`; an empty text is no end."""
    if not start:
        return words.word("price.up_to", end=end, price=price) if end else words.word("price.any", price=price)
    if not end:
        return words.word("price.over", start=start, price=price)
    return words.word("price.between", start=start, end=end, price=price)
