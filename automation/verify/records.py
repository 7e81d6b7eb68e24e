"""A verification as files that others read: JUnit's XML for a CI's list of tests, Markdown for its summary."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from xml.etree import ElementTree as Tree

from automation.console import escape_controls
from automation.verify.check import VerifyResult

_NO_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What no XML document may hold (www.w3.org/TR/xml, 2.2)."""
_ELEMENTS = {"failed": "failure", "unknown": "error", "not-run": "skipped", "warning": "system-out"}
"""Outcome -> the element of a test case (github.com/testmoapp/junitxml); JUnit has no warnings."""
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#|~!])")


def name_place(result: VerifyResult) -> str:
    """Return where a check has looked: `cluster site`."""
    return f"{result.scope} {result.where}".strip()


def as_junit(results: Sequence[VerifyResult], stack: str, seconds: float, command: str = "verify") -> str:
    """Return one suite for each place, one case for each check."""
    root = Tree.Element("testsuites", name=f"{command} {stack}", time=f"{seconds:.1f}")
    _count(root, results)
    for place, group in groupby(results, name_place):
        found = list(group)
        suite = Tree.SubElement(root, "testsuite", name=f"{stack}: {place}")
        _count(suite, found)
        for one in found:
            name = f"{one.id} {one.title}"
            case = Tree.SubElement(
                suite, "testcase", classname=f"{stack}.{one.where or place}.{one.concern}", name=name
            )
            if one.outcome in _ELEMENTS:
                _tell(case, one)
    Tree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + Tree.tostring(root, encoding="unicode") + "\n"


def _count(element: Tree.Element, results: Sequence[VerifyResult]) -> None:
    element.set("tests", str(len(results)))
    for name, outcome in (("failures", "failed"), ("errors", "unknown"), ("skipped", "not-run")):
        element.set(name, str(sum(one.outcome == outcome for one in results)))


def _tell(case: Tree.Element, result: VerifyResult) -> None:
    told = Tree.SubElement(case, _ELEMENTS[result.outcome])
    if result.outcome != "warning":
        told.set("message", _fit(result.found.partition("\n")[0]))
    remedy = f"\n-> {result.mend}" if result.mend else ""
    told.text = _fit(f"expected: {result.expected}\n{result.found}{remedy}")


def _fit(text: str) -> str:
    """Return it without orders to a terminal or to the CI that prints the file, and without what XML cannot hold."""
    return _NO_XML.sub("\ufffd", escape_controls(text))


def as_markdown(results: Sequence[VerifyResult], stack: str, counted: str) -> str:
    """Return a heading with what was counted, and a table of all that is not ok, in the order of the results."""
    return "\n".join([f"## verify {_escape(stack)}: {counted}", "", *_list_wrong(results)]) + "\n"


def _list_wrong(results: Sequence[VerifyResult]) -> Iterator[str]:
    wrong = [one for one in results if one.outcome != "ok"]
    if not wrong:
        return
    yield "| where | check | outcome | found | remedy |"
    yield "| --- | --- | --- | --- | --- |"
    for one in wrong:
        cells = (name_place(one), f"{one.id} {one.title}", one.outcome, one.found, one.mend)
        yield f"| {' | '.join('<br>'.join(map(_escape, cell.splitlines())) for cell in cells)} |"


def _escape(text: str) -> str:
    return _MARKDOWN.sub(r"\\\1", _fit(text))
