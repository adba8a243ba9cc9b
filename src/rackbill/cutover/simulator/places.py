"""Where customers live and what they are called: reads places.csv, countries.json and names.json."""

import csv
import json
from dataclasses import dataclass
from functools import cache
from importlib import resources

from rackbill.cutover.simulator.dice import Dice
from rackbill.cutover.simulator.transliteration import latin


@dataclass(frozen=True, slots=True)
class City:
    """A city, its name in its own script where that is not Latin, its state, and the pattern of its postal codes."""

    name: str
    native: str
    state: str
    postal: str


@dataclass(frozen=True, slots=True)
class Country:
    """How addresses and names look in a country. A text with `|` has its own script first or Latin first, see `script`."""

    code: str
    culture: str
    streets: tuple[str, ...]
    street_form: str
    legal_forms: tuple[str, ...]
    dial: str
    languages: tuple[str, ...]
    cities: tuple[City, ...]
    native: bool


def read_table(name: str) -> list[dict[str, str]]:
    """Rows of a CSV file that lies in this room."""
    text = resources.files(__package__).joinpath(name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


@cache
def countries() -> dict[str, Country]:
    """Every country by its code."""
    cities: dict[str, list[City]] = {}
    for row in read_table("places.csv"):
        city = City(row["city"], row["native_city"], row["state"], row["postal"])
        cities.setdefault(row["country"], []).append(city)
    return {
        code: Country(
            code=code, culture=about["culture"], streets=tuple(about["streets"]), street_form=about["street_form"],
            legal_forms=tuple(about["legal_forms"]), dial=about["dial"], languages=tuple(about["languages"].split()),
            cities=tuple(cities[code]), native=bool(_names()[about["culture"]].get("native")),
        )
        for code, about in _read_json("countries.json").items()
    }  # fmt: skip


def script(text: str, native: bool) -> str:
    """One half of `latin|native`; the whole where there is one spelling only."""
    first, _, second = text.partition("|")
    return (second if native else first) if second else first


def address(country: Country, dice: Dice, native: bool) -> dict[str, str]:
    """Street with house number, city, postal code, state and country."""
    city = dice.pick(country.cities)
    street = script(dice.pick(country.streets), native)
    number, floor = dice.randrange(1, 190), dice.randrange(2, 9)
    return {
        "street": script(country.street_form, native).format(street=street, number=number, floor=floor),
        "city": city.native if native and city.native else city.name,
        "postal_code": dice.fill(city.postal, "#@^&%"),
        "state": city.state,
        "country": country.code,
    }


def person(culture: str, dice: Dice, native: bool = True) -> tuple[str, str]:
    """First and last name that suit each other."""
    names = _names()[culture]
    woman = dice.chance(420)
    first = dice.pick(names["f" if woman else "m"].split("|"))
    man_name, _, woman_name = dice.pick(names["family"].split("|")).partition("/")
    last = woman_name if woman and woman_name else man_name
    return (first, last) if native or not names.get("native") else (latin(first), latin(last))


def company(country: Country, dice: Dice, native: bool) -> tuple[str, str]:
    """A company's bare name, and its legal name with the form of its country."""
    names = _names()[country.culture]
    bare = dice.pick(names["company"].split("|"))
    if dice.chance(850):
        bare += " " + dice.pick(names["trade"].split("|"))
    if dice.chance(120):
        bare = f"{initials(dice)} {bare}"
    form = dice.pick(country.legal_forms)
    if "|" in form:
        own, _, foreign = form.partition("|")
        return bare, (own if native else foreign).format(name=bare if native else latin(bare))
    return bare, form.format(name=bare)


def initials(dice: Dice) -> str:
    """Two or three capitals that many a company puts before its name."""
    return dice.fill("@" * dice.randrange(2, 4))


def phone(country: Country, dice: Dice) -> str:
    """A number in international form."""
    return "+" + dice.fill(country.dial)


@cache
def _names() -> dict[str, dict[str, str]]:
    return _read_json("names.json")


def _read_json(name: str) -> dict:
    return json.loads(resources.files(__package__).joinpath(name).read_text(encoding="utf-8"))
