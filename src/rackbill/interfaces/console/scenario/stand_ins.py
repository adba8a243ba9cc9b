"""Plausible stand-ins for what names people and companies: of the same country and shape, and never made from the original."""

import re

COMPANIES = {
    "AU": "Sample Pty Ltd", "CA": "Sample Inc.", "CH": "Muster AG", "DE": "Muster GmbH", "ES": "Muestra S.L.",
    "FR": "Exemple SARL", "GB": "Sample Ltd", "HK": "Sample Limited", "IT": "Esempio S.r.l.", "JP": "Sample K.K.",
    "NL": "Voorbeeld B.V.", "PL": "Przyklad Sp. z o.o.", "SG": "Sample Pte. Ltd.", "US": "Sample LLC",
}  # fmt: skip
PEOPLE = {
    "DE": "Erika Mustermann", "ES": "Juana Nadie", "FR": "Jeanne Dupont", "IT": "Maria Rossi", "NL": "Jan Jansen",
    "PL": "Jan Kowalski",
}  # fmt: skip
CITIES = {
    "AU": "Canberra", "CA": "Ottawa", "CH": "Bern", "DE": "Berlin", "ES": "Madrid", "FR": "Paris", "GB": "London",
    "HK": "Hong Kong", "IT": "Rome", "JP": "Tokyo", "NL": "Amsterdam", "PL": "Warsaw", "SG": "Singapore",
    "US": "Washington",
}  # fmt: skip


def party_name(*, country: str, is_business: bool) -> str:
    """A company's or a person's name as it could be in the country."""
    return COMPANIES.get(country, "Sample Company") if is_business else PEOPLE.get(country, "Jane Doe")


def city(country: str) -> str:
    """The country's capital."""
    return CITIES.get(country, "City")


def tax_id(original: str) -> str:
    """A tax ID of the same shape: the country's letters stay, digits are counted up, other letters become X."""
    prefix = re.match(r"[A-Z]{2}(?=[0-9A-Z])", original)
    head = prefix[0] if prefix else ""
    count = 0
    rest = []
    for character in original[len(head) :]:
        if character.isdigit():
            count += 1
            rest.append(str(count % 10))
        else:
            rest.append("X" if character.isalpha() else character)
    return head + "".join(rest)


class Numbered:
    """The same stand-in for the same text: `reference 1`, `reference 2`, …; nothing for a blank text."""

    def __init__(self, word: str) -> None:
        self._word = word
        self._given: dict[str, str] = {}

    def __call__(self, text: str) -> str:
        if not text.strip():
            return ""
        return self._given.setdefault(text, f"{self._word} {len(self._given) + 1}")
