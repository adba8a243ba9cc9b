"""What a caller of taxes should expect."""


class NoExchangeRate(LookupError):
    """No exchange rate is stored for a pair of currencies on or before a day."""


class TaxEntryRefused(ValueError):
    """A rate, choice or registration cannot be stored; the message says why and what to enter."""
