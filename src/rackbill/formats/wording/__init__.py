"""Every printed word in every language of documents, and the CLDR forms of numbers, dates and money."""

import json
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from importlib import resources

from babel import Locale
from babel.dates import format_date, format_interval
from babel.numbers import format_currency, format_decimal

from rackbill.core.money import decimal_from_minor
from rackbill.core.periods import Period

LANGUAGES = ("en", "de", "nl", "ru")
_LOCALES = {"en": "en_GB", "de": "de_DE", "nl": "nl_NL", "ru": "ru_RU"}


class Wording:
    """The words and forms of one language."""

    def __init__(self, language: str) -> None:
        self.language = language if language in LANGUAGES else "en"
        self.locale = Locale.parse(_LOCALES[self.language])
        text = (resources.files("rackbill.formats.wording") / f"{self.language}.json").read_text(encoding="utf-8")
        data = json.loads(text)
        self.words: dict[str, str] = data["words"]
        self.run_report: dict[str, str] = data["run_report"]
        self._plurals: dict[str, dict[str, str]] = data["plurals"]
        self._families: dict[str, str] = data["families"]
        self._one_time: str = data["one_time"]

    def word(self, key: str, **values: object) -> str:
        """The words under a key, with values put in."""
        return self.words[key].format(**values) if values else self.words[key]

    def count(self, key: str, number: int | Decimal) -> str:
        """A number with its noun: 12 days, 12 дней."""
        forms = self._plurals[key]
        form = self.locale.plural_form(abs(Decimal(number)))
        return forms.get(form, forms["other"]).format(n=self.number(Decimal(number)))

    def family(self, product_id: str) -> str:
        """The product family's name; one-time charges say so."""
        base = product_id.removesuffix("_NRC")
        name = self._families.get(base) or base.replace("_", " ").capitalize()
        return self._one_time.format(product=name) if base != product_id else name

    def country(self, code: str) -> str:
        """A country's name; the code itself where CLDR has none."""
        return str(self.locale.territories.get(code, code))

    def number(self, value: Decimal) -> str:
        """A number with as many decimals as it has, at most six."""
        return str(format_decimal(value, format="#,##0.######", locale=self.locale)).replace("-", "−")

    def amount(self, minor: int, currency: str) -> str:
        """An amount without its currency, all digits: 1,234.50."""
        text = format_currency(decimal_from_minor(minor, currency), currency, "#,##0.00", locale=self.locale)
        return str(text).strip().replace("-", "−")

    def price(self, value: Decimal) -> str:
        """A unit price: at least two decimals, at most six."""
        return str(format_decimal(value, format="#,##0.00####", locale=self.locale)).replace("-", "−")

    def day(self, value: date) -> str:
        """A date in words: 1 October 2020. Printed as that day, without any zone."""
        return str(format_date(value, "long", locale=self.locale))

    def period(self, value: Period) -> str:
        """First to last day INCLUDED: the one place where the half-open end becomes the last day."""
        last = value.end - timedelta(days=1)
        if last == value.start:
            return str(format_date(last, "medium", locale=self.locale))
        return str(format_interval(value.start, last, "yMMMd", locale=self.locale))


@cache
def wording(language: str) -> Wording:
    """The wording of a language; English for one that has none."""
    return Wording(language)
