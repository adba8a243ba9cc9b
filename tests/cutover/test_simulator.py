"""The synthetic legacy system: its bundles keep every rule of the guide, and planted faults are what is found in them."""

import ast
import base64
import csv
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter, defaultdict
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from pycountry import countries
from schwifty import IBAN
from stdnum.eu import vat

from rackbill.cutover import simulator
from rackbill.cutover.simulator import columns, pdf, transliteration
from rackbill.cutover.simulator.fault_kinds import KINDS
from rackbill.cutover.simulator.faults import plant_faults

ROOM = Path(simulator.__file__).parent
GUIDE = Path(__file__).parents[2] / "docs" / "guide" / "legacy-bundle.md"
PRODUCTS = """PRIVATE_CLOUD BACKUP VIRTUAL_SERVER ADDITIONAL_SERVICES REMOTE_HANDS ATS PDU DEDICATED_SERVER SWITCH FIREWALL
LOADBALANCER NETWORK_CONNECTIVITY SAN_STORAGE OBJECT_STORAGE DOMAIN_PROTECTION DDOS_IP_PROTECTION CROSS_CONNECT METRO
LONG_HAUL_ETHERNET WAVE DARK_FIBER DOMAIN WEBHOSTING OTHER_HARDWARE FLOATING_IP OTHER_COST PRIVATE_COLOCATION RACK_UNIT
DEDICATED_RACK CDN_MULTI_DELIVERY CDN_OBJECT_STORAGE DIRECT_INTERNET_ACCESS IP_TRANSIT GENERAL_MANAGEMENT_AND_SUPPORT
NETWORK_MANAGEMENT_SUPPORT THIRD_LINE_SUPPORT MANAGEMENT_PACK SUPPLIER_SUPPORT_CONTRACT ETHERNET_SERVICES SSL_CERTIFICATE CAGE
IMPERVA DEDICATED_PRIVATE_CLOUD IP_POOL SLA_POOL BARE_METAL_STORAGE CLOUD_CONNECT PROJECT_COST PUBLIC_CLOUD KUBERNETES
PRIVATE_CLOUD_NRC RACKSPACE_PRIVATE_COLOCATION_NRC DEDICATED_SERVER_NRC SWITCH_NRC FIREWALL_NRC LOADBALANCER_NRC
SAN_STORAGE_NRC DDOS_IP_PROTECTION_NRC CROSS_CONNECT_NRC METRO_NRC LONG_HAUL_ETHERNET_NRC WAVE_NRC DARK_FIBER_NRC
ADDITIONAL_SERVICES_NRC OTHER_COST_NRC"""
STATUSES = "NEW_CONTRACT TO_BE_PROVISIONED SCHEDULED ACTIVE TO_BE_MODIFIED TO_BE_SUSPENDED SUSPENDED TO_BE_RECONNECTED"
SECTIONS = dict(re.findall(r"^### (\w+)\.csv[^\n]*\n(.*?)(?=^##|\Z)", GUIDE.read_text(encoding="utf-8"), re.S | re.M))
MANDATORY = {file: set(re.findall(r"`(\w+)`(?: \([^)]*\))? M\b(?! for)", text)) for file, text in SECTIONS.items()}
for _file, _text in SECTIONS.items():
    MANDATORY[_file] |= {
        name for names in re.findall(r"^\| ([\w, ]+) \| M \|", _text, re.M) for name in names.split(", ")
    }
LISTED = [
    "kind",
    "language",
    "tax_id_valid",
    "roles",
    "role",
    "methods",
    "term_months",
    "status",
    "cycle_months",
    "method",
]  # words in the guide
CURRENCIES = ("EUR", "GBP", "USD", "CAD", "SGD")
PARENTS = ["sales_organisations", "customers", "users", "contracts", "services", "lines", "invoices"]
KEYED = PARENTS + ["contacts", "api_keys", "equipment", "payments", "credits", "mandates"]
PERIODS = [
    ("starts_on", "ends_on"),
    *((f"{name}_from", f"{name}_until") for name in ("last_billed", "valid", "period")),
]

Row = dict[str, str]
# One worker makes the bundle and has all its tests.
pytestmark = pytest.mark.xdist_group("simulator")


@pytest.fixture(scope="module")
def bundle(tmp_path_factory) -> Path:
    """A bundle of 400 customers, for looking only."""
    out = tmp_path_factory.mktemp("oldbill") / "bundle"
    simulator.simulate(customers=400, seed=20200914, out=out)
    return out


@pytest.fixture(scope="module")
def tables(bundle) -> dict[str, list[Row]]:
    """Its rows by file, without `.csv`."""
    return read_rows(bundle)[0]


def read_rows(bundle: Path) -> tuple[dict[str, list[Row]], set[tuple[str, int]]]:
    """Rows that can be read, each with its `_line`; and the lines that cannot."""
    tables: dict[str, list[Row]] = {}
    found: set[tuple[str, int]] = set()
    for name, wanted in columns.COLUMNS.items():
        lines = (bundle / name).read_bytes().split(b"\r\n")[:-1]
        header = lines[0].decode().split(",")
        if header != list(wanted):
            found.add((name, 1))
        rows = tables[name.removesuffix(".csv")] = []
        for number, line in enumerate(lines[1:], 2):
            text = line.decode("utf-8", "surrogateescape")
            cells = next(csv.reader([text]))
            if len(cells) != len(header) or any("\udc80" <= c <= "\udcff" for c in text):
                found.add((name, number))
            rows.append(dict(zip(header, cells, strict=False)) | {"_line": str(number)})
    return tables, found


def findings(bundle: Path) -> set[tuple[str, int]]:
    """(file, line) of every primary finding, by the rules of the guide; what follows from one is not named again."""
    every, found = read_rows(bundle)

    def report(file: str, row: Row) -> None:
        found.add((f"{file}.csv", int(row["_line"])))

    tables = {f: [r for r in rows if (f"{f}.csv", int(r["_line"])) not in found] for f, rows in every.items()}
    for file, rows in tables.items():
        for row in rows:
            if any(not cell_holds(file, column, text) for column, text in row.items()):
                report(file, row)
    check_keys(tables, every, report)
    check_periods_and_sums(tables, bundle, report)
    check_prices(tables, report)
    return found


def cell_holds(file: str, column: str, text: str) -> bool:
    """Whether one cell keeps the rules for its column."""
    if not text:
        return column not in MANDATORY[file]
    if column.endswith(("_on", "_from", "_until")):
        try:
            return date.fromisoformat(text) > date(2012, 1, 1)
        except ValueError:
            return False
    if column == "product_id" and text not in PRODUCTS.split():
        return False
    if (
        column in LISTED
        and file != "users"
        and not all(re.search(rf"\b{word}\b", SECTIONS[file]) for word in text.split("|"))
    ):
        return False
    if column in ("currency", "country"):
        return text in CURRENCIES if column == "currency" else countries.get(alpha_2=text) is not None
    if column in ("email", "billing_email"):
        return bool(re.fullmatch(r"[^@\s()]+@[a-z0-9-]+(\.[a-z0-9-]+)+", text, re.IGNORECASE))
    if column == "iban":
        return IBAN(text, allow_invalid=True).is_valid
    if column in ("net", "tax", "total", "open_amount", "amount"):
        return bool(re.fullmatch(r"-?\d+(\.\d{1,2})?", text))
    return column not in ("quantity", "unit_price", "value") or bool(re.fullmatch(r"-?\d+(\.\d{1,6})?", text))


def repeated(rows: list[Row], key) -> list[Row]:
    """Rows whose key came before."""
    seen: set[str] = set()
    return [row for row in rows if key(row) in seen or seen.add(key(row))]


def check_keys(tables, every, report) -> None:
    """Unique identifiers, existing parents, one MASTER, roles and states that belong together."""
    keys = {file: columns.COLUMNS[f"{file}.csv"][0] for file in KEYED}
    for file, key in keys.items():
        for row in repeated(tables[file], lambda row, key=key: row[key]):
            report(file, row)
    for parent in PARENTS:
        key = keys[parent]
        known = {row.get(key) for row in every[parent]} | {""}
        for file in tables.keys() - {parent}:
            for row in tables[file]:
                if row.get(key, "") not in known or (key == "number" and row.get("invoice_number", "") not in known):
                    report(file, row)
    for row in repeated(tables["users"], lambda row: row["email"].casefold()):
        report("users", row)
    for row in repeated([r for r in tables["memberships"] if r["role"] == "MASTER"], lambda row: row["customer_id"]):
        report("memberships", row)
    for row in tables["contacts"]:
        if not set(row["primary_roles"].split("|")) <= {"", *row["roles"].split("|")}:
            report("contacts", row)
    for row in tables["customers"]:
        if row["country"] in ("US", "CA") and not re.fullmatch("[A-Z]{2}", row["state"]):
            report("customers", row)


def check_periods_and_sums(tables, bundle, report) -> None:
    """Ends after starts, both halves of what was billed, totals, open amounts, files."""
    for file, rows in tables.items():
        for row in rows:
            if any(row.get(end) and row[start] and row[end] <= row[start] for start, end in PERIODS):
                report(file, row)
    for row in tables["lines"]:
        if bool(row["last_billed_from"]) != bool(row["last_billed_until"]) or Decimal(row["quantity"]) <= 0:
            report("lines", row)
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for row in tables["invoice_lines"]:
        sums[row["number"]] += Decimal(row["amount"])
    for row in tables["invoices"]:
        net, tax, total, left = (Decimal(row[c]) for c in ("net", "tax", "total", "open_amount"))
        highest = total if row["kind"] == "invoice" else 0
        path = bundle / "pdf" / row["pdf_file"]
        intact = path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == row["pdf_sha256"]
        if net + tax != total or sums[row["number"]] != net or not 0 <= left <= highest or not intact:
            report("invoices", row)


def check_prices(tables, report) -> None:
    """Prices from the line's first day without gap or overlap, in the contract's currency; discounts within the line."""
    lines = {row["line_id"]: row for row in tables["lines"]}
    services = {row["service_id"]: row for row in tables["services"]}
    contracts = {row["contract_id"]: row for row in tables["contracts"]}
    prices: dict[str, list[Row]] = defaultdict(list)
    for row in tables["prices"]:
        prices[row["line_id"]].append(row)
        line = lines.get(row["line_id"])
        contract = line and contracts.get(services.get(line["service_id"], {}).get("contract_id", ""))
        known = contract and contract["currency"] in CURRENCIES
        if Decimal(row["unit_price"]) < 0 or (known and row["currency"] != contract["currency"]):
            report("prices", row)
    for line_id, rows in prices.items():
        rows.sort(key=lambda row: row["valid_from"])
        if line_id in lines and rows[0]["valid_from"] > lines[line_id]["starts_on"]:
            report("prices", rows[0])
        for before, after in zip(rows, rows[1:], strict=False):
            if before["valid_until"] != after["valid_from"]:
                report("prices", after)
    for row in tables["discounts"]:
        line = lines[row["line_id"]]
        lowest = min(Decimal(p["unit_price"]) for p in prices[row["line_id"]]) * Decimal(line["quantity"])
        limit = 100 if row["kind"] == "percent" else lowest
        if not 0 < Decimal(row["value"]) <= limit:
            report("discounts", row)


def all_bytes(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def check_manifest(bundle: Path) -> dict[str, int]:
    """Its row counts, after all of it was compared with the files."""
    manifest = json.loads((bundle / "manifest.json").read_text())
    assert (manifest["format"], manifest["system"], set(manifest["files"])) == (1, "oldbill", set(columns.COLUMNS))
    for name, entry in manifest["files"].items():
        content = (bundle / name).read_bytes()
        assert entry == {"rows": content.count(b"\r\n") - 1, "sha256": hashlib.sha256(content).hexdigest()}
    return {name: entry["rows"] for name, entry in manifest["files"].items()}


def test_imports_nothing_of_the_core():
    allowed = {"stdnum", "schwifty", "babel", "pycountry"} | set(sys.stdlib_module_names)
    for path in ROOM.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                assert name.startswith("rackbill.cutover.simulator") or name.split(".")[0] in allowed, (path.name, name)
            assert not (isinstance(node, ast.Constant) and isinstance(node.value, float)), path.name


def test_same_seed_same_bytes_in_another_process(tmp_path):
    simulator.simulate(customers=40, seed=5, out=tmp_path / "here")
    code = "import pathlib, sys; from rackbill.cutover.simulator import simulate;"
    code += " simulate(customers=40, seed=5, out=pathlib.Path(sys.argv[1]))"
    environment = os.environ | {"PYTHONHASHSEED": "77", "TZ": "Asia/Tokyo", "PYTHONPATH": str(ROOM.parents[2])}
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "there")], check=True, env=environment)
    assert all_bytes(tmp_path / "here") == all_bytes(tmp_path / "there")
    simulator.simulate(customers=40, seed=6, out=tmp_path / "other")
    assert all_bytes(tmp_path / "here") != all_bytes(tmp_path / "other")
    with pytest.raises(FileExistsError, match="not empty"):
        simulator.simulate(customers=40, seed=6, out=tmp_path / "here")


def test_manifest_and_steps(tmp_path):
    steps: list[str] = []
    counts = simulator.simulate(customers=3, seed=1, out=tmp_path, on_step=lambda step, done, total: steps.append(step))
    assert check_manifest(tmp_path) == counts
    assert {"customers", "contracts", "people", "bills", "pdf", "files"} == set(steps)


def test_columns_are_those_of_the_guide():
    assert {f"{file}.csv" for file in SECTIONS} == set(columns.COLUMNS)
    for file, text in SECTIONS.items():
        assert all(re.search(rf"\b{column}\b", text) for column in columns.COLUMNS[f"{file}.csv"]), file


def test_fresh_bundles_have_no_finding(bundle, tmp_path):
    assert findings(bundle) == set()
    for size in (1, 2, 7, 25):
        simulator.simulate(customers=size, seed=size, out=tmp_path / str(size))
        assert findings(tmp_path / str(size)) == set()


def test_sizes_products_and_states(tables):
    assert {row["product_id"] for row in tables["services"]} == set(PRODUCTS.split())
    assert {row["status"] for row in tables["services"]} == set(STATUSES.split())
    assert 1800 <= len(tables["services"]) <= 2250
    owner = {row["contract_id"]: row["customer_id"] for row in tables["contracts"]}
    sizes = sorted(Counter(owner[row["contract_id"]] for row in tables["services"]).values())
    assert sizes[-1] == 120 and sizes[-3] >= 40 and sizes[200] <= 4
    assert len({row["country"] for row in tables["customers"]}) >= 30
    assert 0.55 < sum(bool(row["reference"]) for row in tables["services"]) / len(tables["services"]) < 0.66
    assert all(row[column] == row[column].strip() for rows in tables.values() for row in rows for column in row)


def test_check_digits(tables):
    numbers = [(row["country"], row["tax_id"]) for row in tables["customers"] if row["tax_id"]]
    assert len(numbers) > 150
    union = [number for _, number in numbers if number[:2].lower() in vat.MEMBER_STATES]
    assert len(union) > 80 and all(vat.is_valid(number) for number in union)
    for row in tables["mandates"] + [row for row in tables["bank_accounts"] if row["iban"]]:
        IBAN(row["iban"]).validate(validate_bban=True)


def test_bills_of_the_legacy_calendar(tables):
    lines = [row for row in tables["lines"] if row["kind"] == "recurring"]
    for row in lines:
        assert bool(row["last_billed_from"]) == (row["starts_on"] <= "2020-09-01"), row
        if row["last_billed_until"] != row["ends_on"]:
            assert row["last_billed_until"].endswith("-01") and row["last_billed_until"] >= "2020-10-01"
    assert any(row["cycle_months"] == "12" and row["last_billed_until"] == "2020-10-01" for row in lines)
    assert {"2020-09-08", "2020-09-20"} <= {row["starts_on"] for row in lines}
    assert {"2020-01-01", "2021-01-01"} <= {row["valid_from"] for row in tables["prices"]}


def test_taxes_of_2020(tables):
    customers = {row["customer_id"]: row for row in tables["customers"]}
    rates = {row["number"]: row["tax_rate"] for row in tables["invoice_lines"]}
    seen = set()
    for row in tables["invoices"]:
        customer = customers[row["customer_id"]]
        org, rate = customer["sales_organisation_id"], rates[row["number"]]
        seen.add((org, customer["country"], rate))
        if rate in ("0", "16", "21", "7", "20"):
            tax = (Decimal(row["net"]) * Decimal(rate) / 100).quantize(Decimal("0.01"), "ROUND_HALF_UP")
            assert tax == Decimal(row["tax"]), row
        if org == "2000" and customer["country"] == "BE":
            assert rate == ("0" if customer["kind"] == "business" and customer["tax_id_valid"] == "yes" else "21")
    assert {
        ("2100", "DE", "16"),
        ("2600", "SG", "7"),
        ("2600", "HK", "0"),
        ("2000", "NL", "21"),
        ("2200", "GB", "20"),
    } <= seen


def test_payments_explain_what_is_open(tables):
    paid: dict[str, Decimal] = defaultdict(Decimal)
    for row in tables["payments"]:
        paid[row["invoice_number"]] += Decimal(row["amount"])
    for row in tables["invoices"]:
        if row["kind"] == "invoice" and row["status"] != "CANCELLED":
            assert paid[row["number"]] == Decimal(row["total"]) - Decimal(row["open_amount"])
            late = "OVERDUE" if row["due_on"] < "2020-09-12" else "OPEN"
            assert row["status"] == (late if Decimal(row["open_amount"]) else "PAID")
    states = Counter((row["kind"], row["status"]) for row in tables["invoices"])
    assert states["credit_note", "PAID"] and states["invoice", "OVERDUE"] and states["invoice", "OPEN"]
    assert states["invoice", "PAID"] > sum(states.values()) / 2


def test_people(bundle, tables):
    primary = Counter((c["customer_id"], r) for c in tables["contacts"] for r in c["primary_roles"].split("|") if r)
    assert max(primary.values()) == 1
    billing = {c["customer_id"] for c in tables["contacts"] if "BILLING" in c["roles"]}
    assert 8 <= len(tables["customers"]) - len(billing) <= 16
    secrets = json.loads((bundle / "demo_secrets.json").read_text(encoding="utf-8"))
    for row in tables["api_keys"]:
        secret = secrets["api_keys"][row["key_id"]]
        assert re.fullmatch(rf"legacy-{row['key_id']}-[0-9a-f]{{32}}", secret) and len(row["key_id"]) == 6
        assert row["key_sha256"] == hashlib.sha256(secret.encode()).hexdigest()
    for row in [row for row in tables["users"] if row["password_hash"]][:5]:
        assert secrets["passwords"][row["email"]] == f"demo-{row['user_id']}"
        algorithm, rounds, salt, digest = row["password_hash"].split("$")
        made = hashlib.pbkdf2_hmac("sha256", f"demo-{row['user_id']}".encode(), salt.encode(), int(rounds))
        assert (algorithm, base64.b64encode(made).decode()) == ("pbkdf2_sha256", digest)


def test_nasty_but_valid(tables):
    digits = [re.sub(r"^[A-Z]+", "", row["customer_id"]) for row in tables["customers"]]
    assert len(set(digits)) < len(digits)
    services, contracts = ({row[f"{n}_id"] for row in tables[f"{n}s"]} for n in ("service", "contract"))
    assert services & contracts
    assert any(service.startswith("0") and service[1:] in services for service in services)
    assert {row["reference"] for row in tables["services"]} & {row["server_name"] for row in tables["services"]} - {""}
    names = [row["server_name"] for row in tables["services"] if row["server_name"]]
    assert len(set(names)) == len(names) and all(re.fullmatch(r"[A-Z]{4}\d{3}-[A-Z]{3}", name) for name in names)


def test_pdf_files_can_be_opened(bundle, tables):
    files = sorted((bundle / "pdf").rglob("*.pdf"))
    assert len(files) == len(tables["invoices"])
    for path in files:
        content = path.read_bytes()
        start = int(content.rsplit(b"startxref\n", 1)[1].split(b"\n")[0])
        head, count = content[start:].split(b"\n", 2)[:2]
        assert content.startswith(b"%PDF-1.4") and head == b"xref"
        entries = content[start:].split(b"\n")[3 : 2 + int(count.split()[1])]
        for number, entry in enumerate(entries, 1):
            assert content[int(entry[:10]) :].startswith(b"%d 0 obj" % number)


@pytest.mark.skipif(not shutil.which("pdftotext"), reason="pdftotext (poppler-utils) is not installed")
def test_old_layout_on_paper(bundle, tables):
    row = next(row for row in tables["invoices"] if row["issued_on"] == "2020-09-01" and row["net"] > "0")
    done = subprocess.run(["pdftotext", str(bundle / "pdf" / row["pdf_file"]), "-"], capture_output=True, check=True)
    text = done.stdout.decode()
    assert not done.stderr and row["number"] in text and row["customer_id"] in text
    assert re.search(r"From 1-9-2020 to 1-\d+-202\d", text)
    assert f"{row['currency']} {row['total'].replace('.', ',')}" in text
    assert transliteration.win_ansi("Göteborg, Łódź, Щербаков, Αθήνα") == "Göteborg, Lódz, Shcherbakov, Athina"
    assert b"(a\\(b\\)\\\\) Tj" in pdf.write_pdf(["a(b)\\"], title="x")


@pytest.mark.parametrize(("seed", "count"), [(1, 50), (2, 50), (3, len(KINDS)), (4, 110)])
def test_planted_faults_are_what_is_found(bundle, tmp_path, seed, count):
    damaged = tmp_path / "damaged"
    shutil.copytree(bundle, damaged)
    planted = plant_faults(damaged, seed=seed, count=count)
    places = {(fault["file"], fault["line"]) for fault in planted}
    assert len(planted) == len(places) == count
    assert findings(damaged) == places
    check_manifest(damaged)


def test_faults_depend_on_the_seed_alone_and_need_room(tmp_path):
    for name in ("a", "b"):
        simulator.simulate(customers=90, seed=9, out=tmp_path / name)
    assert plant_faults(tmp_path / "a", seed=1, count=30) == plant_faults(tmp_path / "b", seed=1, count=30)
    assert all_bytes(tmp_path / "a") == all_bytes(tmp_path / "b")
    simulator.simulate(customers=2, seed=9, out=tmp_path / "c")
    with pytest.raises(ValueError, match="room for"):
        plant_faults(tmp_path / "c", seed=1)
