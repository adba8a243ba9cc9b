"""Contacts of the customers, users of the old portal with their memberships, and API keys.

The password of every user who has one is `demo-<user_id>`; the secret of every API key is `legacy-<key_id>-<32 hex>`.
"""

import hashlib
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

from rackbill.cutover.simulator import places
from rackbill.cutover.simulator.days import EXPORT_DAY, ONE_DAY
from rackbill.cutover.simulator.dice import Dice, dice
from rackbill.cutover.simulator.transliteration import slug
from rackbill.cutover.simulator.world import Customer, Row, World

_ROUNDS = 10_000
_METHODS = ("GET", "GET", "GET|POST", "GET|POST|PUT", "GET|POST|PUT|DELETE", "GET|PUT")
_ADDRESSES = ("", "", "192.0.2.{n}", "198.51.100.{n}|198.51.100.{m}", "203.0.113.0/24", "2001:db8:{n}::/48|192.0.2.{n}")
_LABELS = ("monitoring", "billing export", "terraform", "whmcs", "provisioning", "cron", "")
_OTHER_ROLES = (("ADMIN", 30), ("FINANCE", 34), ("TECHNICAL", 30), ("ABUSE", 6))
# the set of contacts: roles of each, * marks a primary role; with the weight of the set
_CONTACT_SETS = (
    (("GENERAL* BILLING* TECHNICAL* SECURITY*",), 30),
    (("GENERAL* BILLING*", "TECHNICAL* SECURITY*"), 26),
    (("GENERAL* TECHNICAL* SECURITY*", "BILLING*"), 14),
    (("GENERAL*", "BILLING*", "TECHNICAL* SECURITY*"), 9),
    (("GENERAL* BILLING*", "BILLING TECHNICAL*", "SECURITY*"), 8),
    (("GENERAL*", "BILLING*", "BILLING", "TECHNICAL* SECURITY*"), 5),
    (("GENERAL* BILLING*", "BILLING", "BILLING TECHNICAL*"), 5),
)
_NO_BILLING = (("GENERAL* TECHNICAL*",), ("GENERAL*", "TECHNICAL* SECURITY*"))


def draw_people(world: World) -> None:
    """Adds contacts, users, memberships and API keys of all customers."""
    draw = dice(world.seed, "people")
    consultants = [
        _user(world, places.person("en", draw), "en", "consult.example", date(2016, 3, 1), draw)
        for _ in range(max(1, len(world.customers) // 130))
    ]
    owners: list[tuple[Row, Customer]] = []
    for customer in world.customers:
        _draw_contacts(world, customer, draw)
        _draw_users(world, customer, owners, consultants, draw)
        if draw.chance(350):
            for _ in range(draw.weighted(((1, 70), (2, 22), (3, 8)))):
                _draw_key(world, customer, draw)
    _hash_passwords(world)


def _draw_contacts(world: World, customer: Customer, draw: Dice) -> None:
    # One customer in forty has nobody for bills: dispatch will park them.
    nobody = customer.index % 40 == 17 or draw.chance(4)
    chosen = draw.pick(_NO_BILLING) if nobody else draw.weighted(_CONTACT_SETS)
    boxes: set[str] = set()
    for number, roles in enumerate(chosen):
        if number == 0 and customer.row["kind"] == "consumer":
            first, _, last = str(customer.row["name"]).partition(" ")
        else:
            first, last = places.person(customer.country.culture, draw, customer.native)
        box = _mail_box(first, last, boxes)
        if roles == "BILLING" and draw.chance(300):
            first, box = "", "invoices" if "invoices" not in boxes else f"invoices{number}"
        boxes.add(box)
        names = roles.replace("*", "").split()
        world.add("contacts.csv", {
            "contact_id": str(20001 + len(world.tables["contacts.csv"])), "customer_id": customer.id,
            "first_name": first, "last_name": last, "email": f"{box}@{customer.domain}",
            "phone": places.phone(customer.country, draw) if draw.chance(600) else "", "roles": "|".join(names),
            "primary_roles": "|".join(role[:-1] for role in roles.split() if role.endswith("*")),
        })  # fmt: skip


def _mail_box(first: str, last: str, taken: set[str]) -> str:
    stem = ".".join(filter(None, (slug(first), slug(last)))) or "contact"
    box, number = stem, 2
    while box in taken:
        box, number = f"{stem}{number}", number + 1
    return box


def _draw_users(
    world: World, customer: Customer, owners: list[tuple[Row, Customer]], consultants: list[Row], draw: Dice
) -> None:
    """A MASTER, sometimes others; some masters already own another customer, some others are consultants."""
    if draw.chance(15):
        return
    language = str(customer.row["language"])
    if owners and draw.chance(45):
        master = draw.pick(owners)[0]
    else:
        name = places.person(customer.country.culture, draw, customer.native)
        master = _user(world, name, language, customer.domain, customer.created_on, draw)
        owners.append((master, customer))
    members = [(master, "MASTER")]
    extra = draw.weighted(((0, 62), (1, 24), (2, 10), (3, 4))) + (2 if customer.service_count >= 12 else 0)
    for _ in range(extra):
        name = places.person(customer.country.culture, draw, customer.native)
        user = _user(world, name, language, customer.domain, customer.created_on, draw)
        members.append((user, draw.weighted(_OTHER_ROLES)))
    if draw.chance(60):
        members.append((draw.pick(consultants), draw.pick(("ADMIN", "TECHNICAL"))))
    for user, role in members:
        world.add("memberships.csv", {"user_id": user["user_id"], "customer_id": customer.id, "role": role})


def _user(world: World, name: tuple[str, str], language: str, domain: str, since: date, draw: Dice) -> Row:
    stem = ".".join(filter(None, map(slug, name))) or "user"
    email, number = f"{stem}@{domain}", 2
    while email in world.used("user_email"):
        email, number = f"{stem}{number}@{domain}", number + 1
    world.used("user_email").add(email)
    if draw.chance(30):
        email = email.title()
    return world.add("users.csv", {
        "user_id": str(70001 + len(world.tables["users.csv"])), "email": email, "full_name": " ".join(name),
        "password_hash": "" if draw.chance(50) else draw.fill("@@#@@#@@#@@#"), "language": language,
        "created_on": min(since + timedelta(days=draw.randrange(0, 500)), EXPORT_DAY - ONE_DAY),
    })  # fmt: skip


def _hash_passwords(world: World) -> None:
    """Turns each drawn salt into Django's encoded form; in threads, since hashing leaves the interpreter lock."""
    users = [user for user in world.tables["users.csv"] if user["password_hash"]]
    with ThreadPoolExecutor(max_workers=4) as pool:
        encoded = list(pool.map(_encode, [(f"demo-{u['user_id']}", str(u["password_hash"])) for u in users]))
    for user, text in zip(users, encoded, strict=True):
        user["password_hash"] = text
        world.secrets["passwords"][str(user["email"])] = f"demo-{user['user_id']}"


def _encode(job: tuple[str, str]) -> str:
    password, salt = job
    digest = hashlib.pbkdf2_hmac("sha256", password.encode(), salt.encode(), _ROUNDS)
    return f"pbkdf2_sha256${_ROUNDS}${salt}${b64encode(digest).decode()}"


def _draw_key(world: World, customer: Customer, draw: Dice) -> None:
    key_id = _key_id(world, draw)
    secret = f"legacy-{key_id}-{draw.getrandbits(128):032x}"
    created = draw.day(customer.created_on, EXPORT_DAY - ONE_DAY)
    world.secrets["api_keys"][key_id] = secret
    world.add("api_keys.csv", {
        "key_id": key_id, "customer_id": customer.id, "label": draw.pick(_LABELS),
        "key_sha256": hashlib.sha256(secret.encode()).hexdigest(), "methods": draw.pick(_METHODS),
        "allowed_ips": draw.pick(_ADDRESSES).format(n=draw.randrange(2, 120), m=draw.randrange(121, 250)),
        "created_on": created, "expires_on": date(2021, 12, 31) if draw.chance(200) else "",
    })  # fmt: skip


def _key_id(world: World, draw: Dice) -> str:
    while (key_id := f"{draw.getrandbits(24):06x}") in world.used("key"):
        pass
    world.used("key").add(key_id)
    return key_id
