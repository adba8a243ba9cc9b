"""Processes that make files: they stay while they are small, and are replaced when they have grown."""

import os
import time

import pytest

from rackbill.core.document import canonical_bytes
from rackbill.formats import document_pdf
from rackbill.interfaces.jobs.crew import memory_mb
from rackbill.interfaces.jobs.renderers import MAX_MEMORY_MB, Renderers
from tests.world.documents import golden

pytestmark = pytest.mark.skipif(
    memory_mb(os.getpid()) == 0, reason="the system does not tell how much memory a process has"
)
_kept: list[bytearray] = []


def who(grow_mb: int = 0) -> bytes:
    """The number of the process; it keeps so much more memory from then on."""
    _kept.append(bytearray(grow_mb * 2**20))
    _kept[-1][::4096] = b"x" * len(_kept[-1][::4096])
    return str(os.getpid()).encode()


def broken() -> bytes:
    raise LookupError("no such document")


def is_gone(pid: int) -> bool:
    for _ in range(100):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    return False


def test_a_process_that_stays_small_makes_everything() -> None:
    with Renderers(processes=1, max_memory_mb=4000) as renderers:
        made = {give() for give in renderers.rendered([(who, ())] * 20)}
    assert len(made) == 1 and made != {str(os.getpid()).encode()}


def test_a_process_that_has_grown_is_replaced_and_nothing_is_lost() -> None:
    base = 250
    with Renderers(processes=2, max_memory_mb=base) as renderers:
        calls = [(who, (base,)) if place == 6 else (who, ()) for place in range(40)]
        made = [int(give()) for give in renderers.rendered(calls)]
        grown, other = made[6], made[7]
        assert made[1::2] == [other] * 20, "the other process goes on"
        assert made[0:7:2] == [grown] * 4
        assert grown not in made[16:] and len(set(made[0::2])) == 2, "what waited for it was still made"
        assert is_gone(grown)
        os.kill(other, 0)


def test_what_a_call_raises_comes_out_at_its_place_and_stops_no_other() -> None:
    with Renderers(processes=1) as renderers:
        first, second, third = renderers.rendered([(who, ()), (broken, ()), (who, ())])
        assert first() == third()
        with pytest.raises(LookupError, match="no such document"):
            second()


def test_documents_are_the_same_whoever_makes_them() -> None:
    forms = [canonical_bytes(golden()[name]) for name in ("simple", "metered")] * 3
    with Renderers(processes=1, max_memory_mb=1) as renderers:
        made = [give() for give in renderers.rendered([(document_pdf.render_canonical, (form,)) for form in forms])]
    assert made == [document_pdf.render_canonical(form) for form in forms]
    assert MAX_MEMORY_MB < 400
