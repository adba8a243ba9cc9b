"""Every printed word in every language of documents, and the CLDR forms of numbers, dates and money."""

import json
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from functools import cache, lru_cache
from importlib import resources

from babel import Locale
from babel.dates import format_date, format_interval

from rackbill.core.money import minor_digits
from rackbill.core.periods import Period

LANGUAGES = ("en", "de", "nl", "ru", "ja", "zh")
_LOCALES = {"en": "en_GB", "de": "de_DE", "nl": "nl_NL", "ru": "ru_RU", "ja": "ja_JP", "zh": "zh_Hans_CN"}
CJK = frozenset(("ja", "zh"))
"""Languages whose letters need a font of their own."""


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
        symbols = self.locale.number_symbols["latn"]
        self._group, self._decimal = str(symbols["group"]), str(symbols["decimal"])
        self.day = cache(self._day)
        self.period = lru_cache(maxsize=4096)(self._period)

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
        return self._grouped(value, 0, 6)

    def amount(self, minor: int, currency: str) -> str:
        """An amount without its currency, all digits: 1,234.50."""
        return self._with_separators(minor, minor_digits(currency))

    def difference(self, minor: int, currency: str) -> str:
        """An amount with its sign: +12.00, −3.50, 0.00."""
        return ("+" if minor > 0 else "") + self.amount(minor, currency)

    def price(self, value: Decimal, currency: str = "EUR") -> str:
        """A unit price: at least the decimals of its currency, at most six."""
        return self._grouped(value, minor_digits(currency), 6)

    def _grouped(self, value: Decimal, least: int, most: int) -> str:
        exponent = value.as_tuple().exponent
        digits = min(max(-exponent if isinstance(exponent, int) else 0, least), most)
        scaled = int(value.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_EVEN).scaleb(digits))
        while digits > least and scaled % 10 == 0:
            scaled, digits = scaled // 10, digits - 1
        return self._with_separators(scaled, digits)

    def _with_separators(self, scaled: int, digits: int) -> str:
        """CLDR's separators of this language around a whole number of 10^-digits. As babel writes it, thirty times faster."""
        sign = "−" if scaled < 0 else ""
        whole, rest = divmod(abs(scaled), 10**digits)
        text = f"{whole:,}".replace(",", self._group)
        return f"{sign}{text}{self._decimal}{rest:0{digits}d}" if digits else sign + text

    def _day(self, value: date) -> str:
        """A date in words: 1 October 2020. Printed as that day, without any zone."""
        return str(format_date(value, "long", locale=self.locale))

    def _period(self, value: Period) -> str:
        """First to last day INCLUDED: the one place where the half-open end becomes the last day."""
        last = value.end - timedelta(days=1)
        if last == value.start:
            return str(format_date(last, "medium", locale=self.locale))
        return str(format_interval(value.start, last, "yMMMd", locale=self.locale))


@cache
def wording(language: str) -> Wording:
    """The wording of a language; English for one that has none."""
    return Wording(language)
