"""What customers wrote into the reference field of a service: their own words in their own letters."""

from rackbill.cutover.simulator.dice import Dice

_COMMON = (
    "shop-db-{n}", "web{nn}", "web{nn}.prod", "mail relay", "mail  relay", "backup", "backup-{n}", "staging", "nagios",
    "vpn gateway", "db master", "db replica {n}", "k8s-node-{nn}", "CC {cc}", "cost centre {cc}", "PRJ-{cc}/{n}",
    "do not reboot!", "test", "TEST", "old shop", "ns{n}", "customer \"Acme\" #{n}", "rack B, row {n}", "game-{nn}",
    "stream edge {nn}", "Jenkins + Nexus", "R&D / build", "50% to IT, 50% to Sales", "=1+1", "00{n}", "proxy;{n}",
)  # fmt: skip
_BY_LANGUAGE = {
    "de": (
        "Büro Köln {n}",
        "KST {cc}",
        "Kostenstelle {cc}",
        "Prüfsystem",
        "Datensicherung Süd",
        "Mailserver für Händler",
    ),
    "nl": ("webwinkel {n}", "kostenplaats {cc}", "reservekopie", "beeldbank één", "factuur t.a.v. inkoop"),
    "ru": (
        "почта",
        "резервный сервер {n}",
        "сайт магазина",
        "тестовый стенд",
        "база 1С",
        "ЦФО {cc}",
        "сервер бухгалтерии",
    ),
    "en": ("Payroll", "intranet", "Finance – month end", "café wifi portal", "warehouse scanner {n}", "owner: Zoë"),
}


def draw_reference(language: str, domain: str, dice: Dice) -> str:
    """A reference, or nothing for about two services of five."""
    if not dice.chance(600):
        return ""
    form = dice.pick(_BY_LANGUAGE[language]) if dice.chance(300) else dice.pick(_COMMON)
    if dice.chance(120):
        form = "{host}." + domain.removesuffix(".example") + ".example"
    host = dice.pick(("www", "db", "mx", "ftp", "git", "cdn", "api"))
    return form.format(n=dice.randrange(1, 10), nn=f"{dice.randrange(1, 40):02d}", cc=dice.fill("N###"), host=host)
