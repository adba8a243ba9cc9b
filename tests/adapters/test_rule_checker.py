"""The child that runs the rules: it is real here, and it is killed, hung, starved and lied to."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rackbill.adapters import rule_checker
from rackbill.adapters.rule_checker import RuleChecker, RuleCheckerDown, RulesRefused, StyleSheet
from tests.world import rule_packs as world

GOOD = '<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"/>'
SHEET = StyleSheet("sheet", world.style_sheet(("R-1", "false()", "fatal", "never met")))
PASSING = StyleSheet("passing", world.style_sheet(("R-1", "true()", "fatal", "always met")))


@pytest.fixture
def checker() -> Iterator[RuleChecker]:
    made = RuleChecker()
    yield made
    made.close()


def fake(tmp_path: Path, text: str) -> RuleChecker:
    """A checker whose child is another program."""
    script = tmp_path / "child.py"
    script.write_text(textwrap.dedent(text))
    return RuleChecker(command=[sys.executable, str(script)], document_seconds=2)


def test_it_says_which_rules_fail_and_how_many_looked(checker: RuleChecker) -> None:
    ((failed, passed),) = checker.check(style_sheets=[SHEET, PASSING], documents=[GOOD])
    assert failed.rule_count == 1 and "R-1" in failed.report
    assert passed.rule_count == 1 and passed.report == ""


def test_rules_that_never_looked_at_a_document_are_told_apart_from_rules_that_passed(checker: RuleChecker) -> None:
    ((ran,),) = checker.check(style_sheets=[SHEET], documents=["<other/>"])
    assert ran.rule_count == 0 and ran.report == ""


def test_an_invoice_cannot_make_it_read_a_file(checker: RuleChecker, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("hidden words")
    attack = f'<!DOCTYPE a [<!ENTITY x SYSTEM "{secret.as_uri()}">]><a>&x;</a>'
    ((ran,),) = checker.check(style_sheets=[PASSING], documents=[attack])
    assert "DOCTYPE" in ran.fault and "hidden" not in ran.fault
    for function in ("document", "unparsed-text"):
        reader = StyleSheet(
            function, world.style_sheet(("R-1", f"{function}('{secret.as_uri()}') = 'hidden words'", "fatal", "read"))
        )
        ((ran,),) = checker.check(style_sheets=[reader], documents=[GOOD])
        assert "prohibited" in ran.fault


def test_a_style_sheet_that_does_not_compile_is_refused_and_the_child_lives_on(checker: RuleChecker) -> None:
    with pytest.raises(RulesRefused, match="xsl:nonsense"):
        checker.load(style_sheet=StyleSheet("bad", SHEET.text.replace("<xsl:choose>", "<xsl:nonsense/><xsl:choose>")))
    before = checker.pid
    checker.check(style_sheets=[SHEET], documents=[GOOD])
    assert checker.pid == before


def test_a_killed_child_is_replaced_and_asked_again(checker: RuleChecker) -> None:
    checker.check(style_sheets=[SHEET], documents=[GOOD])
    first = checker.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    found = checker.check(style_sheets=[SHEET], documents=[GOOD] * 60)
    assert len(found) == 60 and all("R-1" in ran.report for (ran,) in found)
    assert checker.pid not in (first, None)


def test_one_that_dies_at_every_attempt_is_down_and_says_so(tmp_path: Path) -> None:
    with pytest.raises(RuleCheckerDown, match=r"killed by signal 9.*unchecked"):
        fake(tmp_path, "import os; os.kill(os.getpid(), 9)").check(style_sheets=[SHEET], documents=[GOOD])
    with pytest.raises(RuleCheckerDown, match="No such file"):
        RuleChecker(command=[str(tmp_path / "nothing")]).check(style_sheets=[SHEET], documents=[GOOD])


def test_what_was_answered_before_a_death_is_kept_and_nothing_is_taken_for_answered(tmp_path: Path) -> None:
    """The fake answers two documents in each life; so three lives answer six, and seven are too many."""
    child = fake(tmp_path, """
        import json, os, sys
        for line in sys.stdin:
            asked = json.loads(line)
            if "load" in asked:
                print(json.dumps({"loaded": 1}), flush=True)
                continue
            for text in asked["documents"][:2]:
                print(json.dumps({"ran": [{"key": text, "rule_count": 1}], "memory_mb": 1}), flush=True)
            if len(asked["documents"]) > 2:
                os._exit(1)
    """)  # fmt: skip
    found = child.check(style_sheets=[SHEET], documents=list("abcdef"))
    assert [ran.key for (ran,) in found] == list("abcdef")
    with pytest.raises(RuleCheckerDown):
        child.check(style_sheets=[SHEET], documents=list("abcdefg"))
    child.close()


def test_a_silent_child_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rule_checker, "LOAD_SECONDS", 1)
    monkeypatch.setattr(rule_checker, "ATTEMPTS", 1)
    began = time.monotonic()
    with pytest.raises(RuleCheckerDown, match="silent"):
        fake(tmp_path, "import time; time.sleep(60)").check(style_sheets=[SHEET], documents=[GOOD])
    assert time.monotonic() - began < 10


def test_a_child_that_has_grown_is_replaced_after_its_portion(
    checker: RuleChecker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rule_checker, "MAX_MEMORY_MB", 1)
    checker.check(style_sheets=[SHEET], documents=[GOOD])
    assert checker.pid is None
    assert len(checker.check(style_sheets=[SHEET], documents=[GOOD])) == 1


def test_the_child_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    program = (
        "import sys, time\nfrom tests.adapters.test_rule_checker import GOOD, SHEET, RuleChecker\nchecker = RuleChecker()\n"
        "checker.check(style_sheets=[SHEET], documents=[GOOD])\nprint(checker.pid, flush=True)\ntime.sleep(60)\n"
    )
    paths = os.pathsep.join(sys.path)
    parent = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": paths}
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    os.kill(child, 0)
    parent.kill()
    parent.wait()
    for _ in range(100):
        if not Path(f"/proc/{child}").exists():
            return
        time.sleep(0.1)
    raise AssertionError("the child outlived its parent")
