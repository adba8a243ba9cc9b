"""What a caller of taxes should expect."""


class NoExchangeRate(LookupError):
    """No exchange rate is stored for a pair of currencies on or before a day."""
