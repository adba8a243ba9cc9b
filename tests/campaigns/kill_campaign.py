"""Three hundred random kill -9 over a bill run and its dispatch, compared with an undisturbed run.

python -m tests.campaigns.kill_campaign [--services 20000] [--kills 100] [--engines sqlite,postgresql,celery] [--seed N]

One run is killed again and again: killed, looked at, gone on with, killed … until it is through; then the next begins, until
the kills of the engine are spent. After every kill the books are checked and every document that stands is compared with
the undisturbed run; after every run everything is, row by row; after the last one the contents of all documents are checked too.
"""

import argparse
import os
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from tests.campaigns.databases import Books, PostgresBooks, SqliteBooks
from tests.campaigns.killing import Kill, Mails, Workers, Zygote

PHASES = ("compute", "approve", "issue", "dispatch")
SHARES = {"compute": 30, "approve": 22, "issue": 25, "dispatch": 23}
STATE = {
    "documents": "SELECT number, sha256, chain_hash, canonical FROM rackbill_documents_document ORDER BY number",
    "lines": (
        "SELECT d.number, l.line_number, l.contract_line_id, l.net_minor FROM rackbill_documents_documentline l "
        "JOIN rackbill_documents_document d ON d.id = l.document_id ORDER BY 1, 2"
    ),
    "charges": (
        "SELECT contract_line_id, kind, period_start, period_end, revision, amount_minor FROM rackbill_billing_charge "
        "ORDER BY 1, 2, 3, 4, 5, 6"
    ),
    "ledger": (
        "SELECT i.document_number, e.kind, e.amount_minor FROM rackbill_receivables_ledgerentry e "
        "JOIN rackbill_receivables_openitem i ON i.id = e.open_item_id ORDER BY 1, 2, 3"
    ),
    "dispatches": "SELECT dispatch_id, recipient FROM rackbill_dispatch_dispatch ORDER BY 1",
    "parked": "SELECT customer_id, code FROM rackbill_billing_parkedbill ORDER BY 1, 2",
    "settled": "SELECT id, settled_until FROM rackbill_contracts_contractline ORDER BY 1",
    "seals": "SELECT last_number, chain_hash FROM rackbill_documents_chainseal ORDER BY 1",
    # A process that dies after its run was closed, before it says so, is started again and plans one more run; that one finds
    # nothing to bill and has no draft.
    "runs": (
        "SELECT sales_organisation_id, state FROM rackbill_billing_billrun r "
        "WHERE state <> 'issued' OR EXISTS (SELECT 1 FROM rackbill_billing_billdraft d WHERE d.run_id = r.id) ORDER BY 1, 2"
    ),
}
FRESH = {
    "documents": (
        "SELECT number, sha256, chain_hash, md5(canonical) FROM rackbill_documents_document "
        "WHERE issued_on >= '2020-10-01' ORDER BY number"
    ),
    "lines": STATE["lines"].replace("ORDER BY", "WHERE d.issued_on >= '2020-10-01' ORDER BY"),
    "ledger": STATE["ledger"].replace("ORDER BY", "WHERE i.issued_on >= '2020-10-01' ORDER BY"),
    "dispatches": STATE["dispatches"].replace(
        "ORDER BY",
        "WHERE document_id IN (SELECT id FROM rackbill_documents_document WHERE issued_on >= '2020-10-01') ORDER BY",
    ),
    "seals": STATE["seals"],
}
"""What stands at any moment of a run must be a part of what stands after the undisturbed one."""


@dataclass
class Campaign:
    """The kills of one engine."""

    engine: str
    books: Books
    folder: Path
    services: int
    kills: int
    dice: random.Random
    shard: int = 200
    block: int = 200
    mails: int = 400
    """How many of a run's messages are sent; the others count as sent before."""
    landed: list[Kill] = field(default_factory=list)
    runs: int = 0
    repeated: int = 0
    checked: int = 0

    def environment(self, name: str) -> dict[str, str]:
        """For the processes that work on one database."""
        home = self.folder / f"home-{name}"
        home.mkdir(parents=True, exist_ok=True)
        rendered = self.folder / "rendered"
        rendered.mkdir(exist_ok=True)
        return {
            **os.environ, "RACKBILL_HOME": str(home), "DATABASE_URL": self.books.url(name),
            "DJANGO_SETTINGS_MODULE": "rackbill.config.settings", "RACKBILL_SHARD": str(self.shard),
            "RACKBILL_BLOCK": str(self.block), "RACKBILL_RENDERED": str(rendered),
            "RACKBILL_TASKS": "celery" if self.engine == "celery" else "database",
            "RACKBILL_TASK_QUEUE": f"rackbill_kill_{os.getpid()}",
        }  # fmt: skip

    def prepare(self, base: str = "") -> None:
        """The data set (made, or that of a PostgreSQL database of that name), and the undisturbed run on a copy of it."""
        if base and isinstance(self.books, PostgresBooks):
            self.books.adopt(base, "base")
            self.measure()
            return
        self.books.create("base")
        with Zygote(self.environment("base")) as zygote:
            zygote.must({"do": "build", "services": self.services})
        self.measure()

    def measure(self) -> None:
        """The undisturbed run: what stands after it, and how many statements each phase makes."""
        self.books.copy("base", "calm")
        with Zygote(self.environment("calm")) as zygote:
            self.statements: dict[str, int] = zygote.must({"do": "bill", "marker": str(self.folder / "calm.marker")})
            self.say(f"undisturbed run: statements {self.statements}")
        self.calm = {name: self.books.rows("calm", sql) for name, sql in STATE.items()}
        self.fresh = {name: set(self.books.rows("calm", sql)) for name, sql in FRESH.items()}
        self.before = {row[0] for row in self.books.rows("base", STATE["dispatches"])}
        fresh = sorted(str(row[0]) for row in self.calm["dispatches"] if row[0] not in self.before and row[1])
        self.expected = set(fresh[: self.mails])

    def say(self, text: str) -> None:
        """One line of the report, at once."""
        print(f"{time.strftime('%H:%M:%S')} {self.engine:<10} {text}", flush=True)

    def run(self) -> None:
        """All the kills of the engine."""
        wanted = Counter({phase: max(1, self.kills * share // 100) for phase, share in SHARES.items()})
        while any(wanted.values()):
            before = len(self.landed)
            self.one_run(wanted)
            self.runs += 1
            self.say(f"run {self.runs} is through: {len(self.landed) - before} kills, everything as undisturbed")

    def one_run(self, wanted: Counter[str]) -> None:
        """One copy of the data set, killed until it is through, then compared as a whole."""
        self.books.copy("base", "hurt")
        environment = self.environment("hurt")
        shutil.rmtree(environment["RACKBILL_HOME"])
        Path(environment["RACKBILL_HOME"]).mkdir()
        with Mails() as mails:
            environment["RACKBILL_SMTP_HOST"], environment["RACKBILL_SMTP_PORT"] = "127.0.0.1", str(mails.port)
            with Zygote(environment) as zygote, Workers(environment, self.engine == "celery") as workers:
                self._bill(zygote, workers, wanted)
                self._send(zygote, mails, wanted)
                found = zygote.must({"do": "check", "scope": "quick" if any(wanted.values()) else "written"})
            assert found == [], found[:5]
            for name, sql in STATE.items():
                assert self.books.rows("hurt", sql) == self.calm[name], f"{name} are not those of the undisturbed run"
            self._compare_mails(mails)
        self._compare_files(Path(environment["RACKBILL_HOME"]))
        self.books.drop("hurt")

    def _bill(self, zygote: Zygote, workers: Workers, wanted: Counter[str]) -> None:
        while True:
            aims = [phase for phase in ("compute", "approve", "issue") if wanted[phase] > 0]
            # Mostly the first of them, so that a run does not leave a phase behind whose kills are not spent.
            aim = "" if not aims else aims[0] if self.dice.random() < 0.7 else self.dice.choice(aims)
            marker = self.folder / "runner.marker"
            process = zygote.begin({"do": "bill", "marker": str(marker), "kill": self._kill_at(aim)})
            kill = None
            if workers.running and aim in ("compute", "issue"):
                kill = workers.kill_during(aim, marker, process, self.dice)
            status = process.wait()
            # The books are looked at when nobody writes: several queries make one picture only then.
            if kill is not None:
                self._record(kill, zygote, wanted)
            if status == 0:
                return
            assert status == -9, f"the runner ended with {status}"
            self._record(Kill.read("runner", marker), zygote, wanted)

    def _send(self, zygote: Zygote, mails: Mails, wanted: Counter[str]) -> None:
        held: Counter[str] = Counter()
        self.books.execute(
            "hurt", f"UPDATE rackbill_dispatch_dispatch SET state = 'sent' WHERE dispatch_id > '{max(self.expected)}'"
        )
        while True:
            aim = "dispatch" if wanted["dispatch"] > 0 else ""
            # On PostgreSQL a second sender works beside the one that is killed.
            beside = zygote.begin({"do": "send"}) if self.engine != "sqlite" and self.dice.random() < 0.5 else None
            marker = self.folder / "sender.marker"
            process = zygote.begin({"do": "send", "marker": str(marker), "kill": self._kill_at(aim)})
            status = process.wait()
            if status == -9:
                self._record(Kill.read("sender", marker), zygote, wanted)
            if beside is not None:
                beside.kill()
                assert beside.wait() in (0, -9)
            if status == 0:
                break
            assert status == -9, f"the sender ended with {status}"
            sql = "SELECT dispatch_id FROM rackbill_dispatch_dispatch WHERE state = 'claimed'"
            held.update(str(row[0]) for row in self.books.rows("hurt", sql))
        mails.held = held

    def _kill_at(self, aim: str) -> str:
        """Where the next process of the run dies: after some statements of a phase, and a moment more, often in between."""
        if not aim:
            return ""
        per_run = {"compute": 2, "approve": 1, "issue": 3, "dispatch": 0}[aim]
        total = self.statements.get(aim, 0)
        most = max(4, total // 8 * per_run // 2) if aim != "dispatch" else 120
        if aim == "approve":
            most = 6
        seconds = 0.0 if self.dice.random() < 0.4 else self.dice.uniform(0, 0.003 if aim == "approve" else 0.08)
        return f"{aim}:{self.dice.randint(1, most)}:{seconds:.5f}"

    def _record(self, kill: Kill, zygote: Zygote, wanted: Counter[str]) -> None:
        """Counts a kill where it landed, and looks at the books as it left them."""
        self.landed.append(kill)
        wanted[kill.phase] = max(0, wanted[kill.phase] - 1)
        found = zygote.must({"do": "check", "scope": "quick"})
        assert found == [], found[:5]
        for name, sql in FRESH.items():
            stands = set(self.books.rows("hurt", sql))
            assert stands <= self.fresh[name], f"{name} that the undisturbed run does not have, after {kill}"
        self.checked += 1
        self.say(f"kill {len(self.landed):>3}  {kill.who:<8} {kill.phase:<9} {kill.detail}")

    def _compare_mails(self, mails: Mails) -> None:
        """Nothing lost; nothing twice but what a killed process held in its hands, and that under the same Message-ID."""
        assert set(mails.received) == self.expected, "a message was lost, or one too many was sent"
        for dispatch_id, count in mails.received.items():
            assert count <= 1 + mails.held[dispatch_id], f"{dispatch_id} was sent {count} times without need"
        self.repeated += sum(count - 1 for count in mails.received.values())

    def _compare_files(self, home: Path) -> None:
        """Every file that the books name lies there, whole."""
        from rackbill.adapters import file_storage

        for (digest,) in self.books.rows("hurt", "SELECT sha256 FROM rackbill_documents_documentfile"):
            file_storage.load_file(root=home / "files", digest=str(digest))

    def report(self) -> None:
        """Where the kills landed."""
        table = Counter((kill.phase, kill.who) for kill in self.landed)
        self.say(f"{len(self.landed)} kills in {self.runs} runs, {self.checked} checks after a kill, violations 0")
        for phase in (*PHASES, *sorted({k.phase for k in self.landed} - set(PHASES))):
            who = ", ".join(f"{name} {n}" for (p, name), n in sorted(table.items()) if p == phase)
            self.say(f"  {phase:<10} {sum(n for (p, _), n in table.items() if p == phase):>4}  ({who})")
        self.say(
            f"  messages expected in each run {len(self.expected)}, lost 0, repeated with the same ID {self.repeated}"
        )


def main() -> int:
    """Runs the campaign of each engine."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--services", type=int, default=20_000)
    parser.add_argument("--kills", type=int, default=100, help="for each engine")
    parser.add_argument("--engines", default="sqlite,postgresql,celery")
    parser.add_argument("--base", default="", help="a PostgreSQL database that holds the data set already")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    options = parser.parse_args()
    server = os.environ.get("TEST_DATABASE_URL", "postgresql://postgres@127.0.0.1:5432/postgres")
    print(
        f"seed {options.seed}, {options.services} services, {options.kills} kills for each of {options.engines}",
        flush=True,
    )
    postgres = PostgresBooks(server)
    with tempfile.TemporaryDirectory(prefix="rackbill-kills-") as folder:
        prepared = False
        for engine in options.engines.split(","):
            books: Books = SqliteBooks(Path(folder)) if engine == "sqlite" else postgres
            campaign = Campaign(
                engine, books, Path(folder), options.services, options.kills, random.Random(f"{options.seed} {engine}")
            )
            if engine != "sqlite" and prepared:
                campaign.measure()
            else:
                campaign.prepare(options.base)
                prepared = prepared or engine != "sqlite"
            campaign.run()
            campaign.report()
            campaign.books.drop("calm")
        for name in ("base", "calm", "hurt"):
            postgres.drop(name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
