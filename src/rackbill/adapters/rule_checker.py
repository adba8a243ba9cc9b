"""The child process that runs the official rules of e-invoices, and the one who starts, asks, restarts and ends it.

SaxonC aborts the whole interpreter when it is used from several threads, so it lives in a process of its own with one
thread, started by exec. The child is told style sheets and documents as text over pipes; it opens no file and no socket,
and refuses a document type declaration, so that an invoice cannot make it read anything (XXE).
"""

import json
import os
import selectors
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

LOAD_SECONDS = 60
"""How long a style sheet may take to compile."""
DOCUMENT_SECONDS = 60
"""How long one document may take; 500 lines take half a second."""
MAX_MEMORY_MB = int(os.environ.get("RACKBILL_CHECKER_MEMORY_MB", "700"))
"""A child above this ends after its portion, and a fresh one takes its place."""
ATTEMPTS = 3
PORTION = 50


class RuleCheckerDown(RuntimeError):
    """The child cannot be started, or died or hung at every attempt. What was not answered is not checked."""


class RulesRefused(ValueError):
    """A style sheet that cannot be compiled; the message says why."""


@dataclass(frozen=True, slots=True)
class StyleSheet:
    """A compiled Schematron as XSLT text; `key` is the SHA-256 of what it was made of.

    `data` holds by parameter name the XML of code lists that it looks things up in.
    """

    key: str
    text: str = field(repr=False)
    data: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Ran:
    """One style sheet run on one document: how many rules looked at it, and the report (SVRL) where something failed.

    `fault` is set where the rules could not be applied to the document at all.
    """

    key: str
    rule_count: int
    report: str = ""
    fault: str = ""


class RuleChecker:
    """One child, started on first use. Not for several threads at once; each thread has its own."""

    def __init__(self, *, command: Sequence[str] | None = None, document_seconds: int = DOCUMENT_SECONDS) -> None:
        self._command = list(command or (sys.executable, "-m", "rackbill.adapters.rule_checker"))
        self._document_seconds = document_seconds
        self._child: _Child | None = None

    @property
    def pid(self) -> int | None:
        """Of the child that runs now, if any."""
        return None if self._child is None else self._child.process.pid

    def check(self, *, style_sheets: Sequence[StyleSheet], documents: Sequence[str]) -> list[list[Ran]]:
        """For each document what each style sheet says, in order. A child that dies is replaced, and asked again.

        Raises RulesRefused, and RuleCheckerDown once the child has died or hung several times over the same portion.
        """
        found: list[list[Ran]] = []
        for start in range(0, len(documents), PORTION):
            found += self._portion(style_sheets, documents[start : start + PORTION])
        return found

    def load(self, *, style_sheet: StyleSheet) -> None:
        """Compiles a style sheet, to see that it can be. Raises RulesRefused, RuleCheckerDown."""
        self._insistently(lambda child: child.load(style_sheet))

    def close(self) -> None:
        """Ends the child, if any."""
        if self._child is not None:
            self._child.end()
            self._child = None

    def _portion(self, style_sheets: Sequence[StyleSheet], documents: Sequence[str]) -> list[list[Ran]]:
        found: list[list[Ran]] = []

        def ask(child: "_Child") -> None:
            for sheet in style_sheets:
                child.load(sheet)
            # What an earlier child answered before it died stands.
            for answer in child.check([s.key for s in style_sheets], documents[len(found) :], self._document_seconds):
                found.append(answer)

        self._insistently(ask)
        if self._child is not None and self._child.memory_mb > MAX_MEMORY_MB:
            self.close()
        return found

    def _insistently(self, ask: "Callable[[_Child], None]") -> None:
        fault = ""
        for _attempt in range(ATTEMPTS):
            try:
                ask(self._alive())
            except _Died as death:
                fault = str(death)
                self.close()
            else:
                return
        raise RuleCheckerDown(f"the e-invoice rule checker does not answer ({fault}); nothing was let pass unchecked")

    def _alive(self) -> "_Child":
        if self._child is not None and self._child.owner != os.getpid():
            # This process is a fork of the one that started the child; two askers on one pipe would mix their answers.
            self._child = None
        if self._child is None:
            self._child = _Child(self._command)
        return self._child


class _Died(Exception):
    """The child is gone or silent."""


class _Child:
    """The process and its pipes: one line of JSON for each request and each answer."""

    def __init__(self, command: Sequence[str]) -> None:
        self.owner, self.memory_mb = os.getpid(), 0
        self._loaded: set[str] = set()
        self._rest = b""
        package = str(Path(__file__).resolve().parents[2])
        paths = [package, *filter(None, [os.environ.get("PYTHONPATH")])]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "RACKBILL_PARENT": str(os.getpid())}
        try:
            self.process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
            )
        except OSError as fault:
            raise _Died(f"{command[0]}: {fault.strerror or fault}") from fault
        assert self.process.stdin is not None and self.process.stdout is not None
        self._in, self._out = self.process.stdin.fileno(), self.process.stdout.fileno()
        os.set_blocking(self._in, False)
        os.set_blocking(self._out, False)

    def load(self, sheet: StyleSheet) -> None:
        if sheet.key in self._loaded:
            return
        self._send({"load": sheet.key, "text": sheet.text, "data": dict(sheet.data)}, LOAD_SECONDS)
        answer = self._answer(LOAD_SECONDS)
        if "refused" in answer:
            raise RulesRefused(answer["refused"])
        self._loaded.add(sheet.key)

    def check(self, keys: Sequence[str], documents: Sequence[str], seconds: int) -> Iterator[list[Ran]]:
        self._send({"check": list(keys), "documents": list(documents)}, seconds)
        for _document in documents:
            answer = self._answer(seconds)
            self.memory_mb = answer["memory_mb"]
            yield [Ran(**ran) for ran in answer["ran"]]

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            try:
                pipe.close()  # type: ignore[union-attr]
            except OSError:
                pass

    def _send(self, request: dict[str, Any], seconds: int) -> None:
        left = memoryview(json.dumps(request, ensure_ascii=False).encode() + b"\n")
        deadline = time.monotonic() + seconds
        while left:
            self._wait(self._in, selectors.EVENT_WRITE, deadline)
            try:
                left = left[os.write(self._in, left[:65536]) :]
            except BlockingIOError:
                continue
            except OSError:
                raise _Died(self._last_words()) from None

    def _answer(self, seconds: int) -> dict[str, Any]:
        deadline = time.monotonic() + seconds
        parts = [self._rest]
        while b"\n" not in parts[-1]:
            self._wait(self._out, selectors.EVENT_READ, deadline)
            part = os.read(self._out, 1 << 20)
            if not part:
                raise _Died(self._last_words())
            parts.append(part)
        line, _, self._rest = b"".join(parts).partition(b"\n")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _wait(self, pipe: int, event: int, deadline: float) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(pipe, event)
            if not selector.select(max(0, deadline - time.monotonic())):
                raise _Died("it was silent for too long")

    def _last_words(self) -> str:
        try:
            code = self.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            return "it closed its pipes"
        return f"it was killed by signal {-code}" if code < 0 else f"it ended with code {code}"


class _Rules:
    """What runs in the child: the only place that knows SaxonC."""

    def __init__(self) -> None:
        import saxonche

        self._saxon = saxonche.PySaxonProcessor(license=False)
        feature = "http://saxon.sf.net/feature/"
        doctype = f"{feature}parserFeature?uri=http://apache.org/xml/features/disallow-doctype-decl"
        self._saxon.set_configuration_property(doctype, "true")
        # Empty: no file and no address is opened for a style sheet or a document, by document(), import or entity.
        self._saxon.set_configuration_property(f"{feature}allowedProtocols", "")
        self._compiled: dict[str, Any] = {}

    def load(self, key: str, text: str, data: Mapping[str, str]) -> dict[str, Any]:
        try:
            compiled = self._saxon.new_xslt30_processor().compile_stylesheet(stylesheet_text=text)
            compiled.set_property("!indent", "no")
            for name, xml in data.items():
                compiled.set_parameter(name, self._saxon.parse_xml(xml_text=xml))
        except Exception as fault:
            return {"refused": " ".join(str(fault).split())[:500]}
        self._compiled[key] = compiled
        return {"loaded": key}

    def check(self, keys: Sequence[str], document: str) -> dict[str, Any]:
        ran: list[dict[str, Any]] = []
        try:
            node = self._saxon.parse_xml(xml_text=document)
        except Exception as fault:
            reason = " ".join(str(fault).split())[:500]
            return {"ran": [{"key": key, "rule_count": 0, "fault": reason} for key in keys], "memory_mb": _memory_mb()}
        for key in keys:
            try:
                report = self._compiled[key].transform_to_string(xdm_node=node) or ""
            except Exception as fault:
                ran.append({"key": key, "rule_count": 0, "fault": " ".join(str(fault).split())[:500]})
                continue
            failed = "failed-assert" in report or "successful-report" in report
            ran.append({"key": key, "rule_count": report.count("fired-rule"), "report": report if failed else ""})
        return {"ran": ran, "memory_mb": _memory_mb()}


def _memory_mb() -> int:
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except (OSError, IndexError, ValueError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE") // 2**20


def _end_with_parent(parent: int) -> None:
    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(0)

    threading.Thread(target=watch, name="end-with-parent", daemon=True).start()


def main() -> None:
    """Answers requests until its pipe is closed or its parent is gone."""
    # A library that prints must not speak into the answers.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    if "RACKBILL_PARENT" in os.environ:
        _end_with_parent(int(os.environ["RACKBILL_PARENT"]))
    rules = _Rules()

    def answer(value: dict[str, Any]) -> None:
        answers.write(json.dumps(value, ensure_ascii=False) + "\n")
        answers.flush()

    try:
        for line in sys.stdin.buffer:
            request = json.loads(line)
            if "load" in request:
                answer(rules.load(request["load"], request["text"], request["data"]))
                continue
            for document in request["documents"]:
                answer(rules.check(request["check"], document))
    except BrokenPipeError:
        pass
    # Past SaxonC's own clean-up, which may crash and would look like a fault.
    os._exit(0)


if __name__ == "__main__":
    main()
