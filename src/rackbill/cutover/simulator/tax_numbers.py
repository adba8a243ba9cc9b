"""VAT and GST numbers with valid check digits, drawn at random; python-stdnum is the judge of each."""

from importlib import import_module
from itertools import product

from stdnum.iso7064 import mod_97_10

from rackbill.cutover.simulator.dice import Dice

# country: (module of stdnum that judges, number with c/l/x = check digit/letter/either, printed form)
_FORMS = {
    "NL": ("nl.btw", "N#######cB01", "NL{}"),
    "DE": ("de.vat", "N#######c", "DE{}"),
    "BE": ("be.vat", "04######cc", "BE{}"),
    "IT": ("it.iva", "0######015c", "IT{}"),
    "ES": ("es.cif", "B#######c", "ES{}"),
    "PL": ("pl.nip", "52#######c", "PL{}"),
    "AT": ("at.uid", "U#######c", "AT{}"),
    "SE": ("se.vat", "55#######c01", "SE{}"),
    "FI": ("fi.alv", "2######c", "FI{}"),
    "IE": ("ie.vat", "3######l", "IE{}"),
    "DK": ("dk.cvr", "N######c", "DK{}"),
    "PT": ("pt.nif", "50######c", "PT{}"),
    "CZ": ("cz.dic", "2######c", "CZ{}"),
    "GR": ("gr.vat", "09######c", "EL{}"),
    "RO": ("ro.cui", "N######c", "RO{}"),
    "HU": ("hu.anum", "1######c", "HU{}"),
    "BG": ("bg.vat", "1#######c", "BG{}"),
    "LU": ("lu.tva", "N#####cc", "LU{}"),
    "SK": ("sk.dph", "202######c", "SK{}"),
    "EE": ("ee.kmkr", "10######c", "EE{}"),
    "LT": ("lt.pvm", "N######1c", "LT{}"),
    "GB": ("gb.vat", "N######cc", "GB{}"),
    "CH": ("ch.uid", "CHE1#######c", "{} MWST"),
    "NO": ("no.orgnr", "9#######c", "NO{}MVA"),
    "AU": ("au.abn", "cc#########", "AU{}"),
    "CA": ("ca.bn", "8#######cRT0001", "CA{}"),
    "SG": ("sg.uen", "2013#####l", "SG{}"),
    "RU": ("ru.inn", "77#######c", "RU{}"),
    "UA": ("ua.edrpou", "3######c", "UA{}"),
    "IN": ("in_.gstin", "27@@@C@####@1Zx", "IN{}"),
    "TR": ("tr.vkn", "########1c", "TR{}"),
    "BR": ("br.cnpj", "########0001cc", "BR{}"),
    "NZ": ("nz.ird", "1#######c", "NZ{}"),
}
_CHECKS = {"c": "0123456789", "l": "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "x": "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
COUNTRIES = tuple(_FORMS)


def bare_number(country: str, dice: Dice) -> str:
    """A number of that country with valid check digits, without prefix and marks."""
    if country == "FR":
        return _french(dice)
    module, form, _ = _FORMS[country]
    is_valid = import_module(f"stdnum.{module}").is_valid
    spots = [i for i, c in enumerate(form) if c in _CHECKS]
    while True:
        drawn = list(dice.fill(form, "#N@"))
        for checks in product(*(_CHECKS[form[i]] for i in spots)):
            for i, check in zip(spots, checks, strict=True):
                drawn[i] = check
            if is_valid("".join(drawn)):
                return "".join(drawn)


def tax_id(country: str, dice: Dice) -> str:
    """A tax number as printed on a letterhead, with its country prefix; empty where the country has none here."""
    if country == "FR":
        return f"FR{_french(dice)}"
    if country not in _FORMS:
        return ""
    number = bare_number(country, dice)
    if country == "CH":
        number = f"{number[:3]}-{number[3:6]}.{number[6:9]}.{number[9:]}"
    return _FORMS[country][2].format(number)


def creditor_id(country: str, national: str) -> str:
    """A SEPA creditor identifier with the business code ZZZ."""
    return f"{country}{mod_97_10.calc_check_digits(national + country)}ZZZ{national}"


def _french(dice: Dice) -> str:
    siren = dice.fill("N#######")
    luhn = sum(sum(divmod(int(d) * (2 - i % 2), 10)) for i, d in enumerate(reversed(siren)))
    siren += str(-luhn % 10)
    return f"{(12 + 3 * (int(siren) % 97)) % 97:02d}{siren}"
