"""What must always hold over rates; yields violations, mends nothing."""

from collections.abc import Iterator

from rackbill.domain.taxes.models import ExchangeRate, TaxRate


def violations() -> Iterator[str]:
    """The rates of a territory and tax do not overlap and lie between 0 and 100; exchange rates are positive."""
    last: TaxRate | None = None
    for rate in TaxRate.objects.order_by("territory", "tax", "tax_class", "valid_from"):
        if not 0 <= rate.rate <= 100 or not 0 < rate.base_rate <= 1:
            yield f"{rate}: a rate lies between 0 and 100 %, its base between 0 and 1"
        same = last is not None and (last.territory, last.tax, last.tax_class) == (
            rate.territory,
            rate.tax,
            rate.tax_class,
        )
        if same and last is not None and (last.valid_until is None or last.valid_until > rate.valid_from):
            yield f"{rate} begins before {last} has ended"
        last = rate
    for row in ExchangeRate.objects.filter(rate__lte=0):
        yield f"exchange rate {row} is not positive"
