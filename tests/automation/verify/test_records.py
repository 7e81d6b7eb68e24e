"""Results as a CI reads them: JUnit's XML and Markdown."""

from __future__ import annotations

from xml.etree import ElementTree as Tree

from automation.check import Outcome
from automation.verify.check import VerifyResult
from automation.verify.records import as_junit, as_markdown


def result(outcome: Outcome, found: str = "fine", *, where: str = "site", mend: str = "") -> VerifyResult:
    scope = "cluster" if where else "shared"
    return VerifyResult("VERIFY-14", "Power", outcome, found, "it runs", mend, scope, where, "Nodes", "error")  # type: ignore[arg-type]


EACH = [
    result("ok", where=""),
    result("failed", "node: stopped; expected running\nand more", mend="az vm start"),
    result("unknown", "Azure did not answer"),
    result("not-run", "after VERIFY-02"),
    result("warning", "another size", where="enterprise"),
    result("ok", where="enterprise"),
]


def test_each_outcome_is_a_case_that_a_ci_knows() -> None:
    root = Tree.fromstring(as_junit(EACH, "dev", 1.25))
    assert [suite.get("name") for suite in root] == ["dev: shared", "dev: cluster site", "dev: cluster enterprise"]
    assert [root.get(name) for name in ("tests", "failures", "errors", "skipped")] == ["6", "1", "1", "1"]
    assert [suite.get("tests") for suite in root] == ["1", "3", "2"]
    found = [[child.tag for child in case] for suite in root for case in suite]
    assert found == [[], ["failure"], ["error"], ["skipped"], ["system-out"], []]
    (failure,) = root.iter("failure")
    assert failure.get("message") == "node: stopped; expected running"
    assert (failure.text or "").splitlines() == [
        "expected: it runs",
        "node: stopped; expected running",
        "and more",
        "-> az vm start",
    ]


def test_what_xml_cannot_hold_does_not_spoil_the_file() -> None:
    root = Tree.fromstring(as_junit([result("failed", 'a\x00\x1b[31m <b> & "c" \ud800')], "dev", 0))
    (failure,) = root.iter("failure")
    assert failure.get("message") == 'a\\x00\\x1b[31m <b> & "c" \ufffd'


def test_the_summary_lists_what_is_not_ok() -> None:
    lines = as_markdown(EACH, "dev", "2 ok, 1 FAILED").splitlines()
    assert lines[0] == "## verify dev: 2 ok, 1 FAILED"
    assert [line.split(" | ")[2] for line in lines[4:]] == ["failed", "unknown", "not-run", "warning"]
    assert lines[4] == (
        "| cluster site | VERIFY-14 Power | failed | node: stopped; expected running<br>and more | az vm start |"
    )


def test_a_summary_without_findings_is_one_heading() -> None:
    assert as_markdown([result("ok")], "dev", "1 ok") == "## verify dev: 1 ok\n\n"


def test_what_azure_says_is_text_and_no_markup() -> None:
    (line,) = as_markdown([result("failed", "a | <img src=x> [b](c) `d` *e*")], "dev", "").splitlines()[4:]
    assert r"a \| \<img src=x\> \[b\](c) \`d\` \*e\*" in line


def test_what_azure_says_gives_no_orders_to_terminal_or_ci() -> None:
    found = "a\x1b[2J\n##vso[task.complete]\n::error::b\n##[group]c"
    results = [result("failed", found, mend="##vso[d]"), result("failed", found.partition("\n")[2])]
    for text in (as_junit(results, "dev", 0), as_markdown(results, "dev", "")):
        assert "task.complete" in text
        assert not {one for one in ("\x1b", "##vso[", "##[", "\n::", '"::') if one in text}
