"""Verifies a stack: asks Azure and clusters, or the served copy of a rehearsed one, and says what is not as meant."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import groupby
from pathlib import Path

from automation.check import Outcome
from automation.commands.asked_azure import copy_model, open_azure, refuse_unknown
from automation.commands.inspect import MARKS, count_outcomes
from automation.commands.result import FAILED, CommandResult, document, problem, refuse
from automation.commands.stack import Target
from automation.commands.support_bundle import offer
from automation.console import BOLD, pluralize, say, show_status
from automation.verify.bundle import Described, compose
from automation.verify.check import VerifyResult
from automation.verify.evidence import ask_nodes
from automation.verify.expected import expect
from automation.verify.inside import describe
from automation.verify.records import as_junit, as_markdown, name_place
from automation.verify.verification import Selection, verify
from graph.evaluate_stack import evaluate_stack
from graph.graph import Graph
from rules.lookup import View
from settings import Settings

_ORDER = ("failed", "unknown", "warning", "not-run", "ok")
"""Outcomes, the worst first."""
_MOST_LINES = 12
"""Of one check; `--json` has all."""


@dataclass(frozen=True)
class Records:
    """Files to write the results into."""

    junit: Path | None = None
    markdown: Path | None = None
    bundle: Path | None = None
    yes: bool = False
    """Whether the bundle is written without a question."""


@dataclass(frozen=True)
class Asked:
    """What the user wants to know."""

    clusters: Sequence[str] = ()
    """Only these; without clusters and links all."""
    links: Sequence[str] = ()
    inside: bool = True
    """Whether clusters are asked too."""
    messages: bool = False
    """Whether messages are sent over the links."""

    @property
    def options(self) -> Sequence[str]:
        """Return the command line's words for it."""
        chosen = [word for name in self.clusters for word in ("--cluster", name)]
        chosen += [word for name in self.links for word in ("--link", name)]
        return [*chosen, *["--azure-only"] * (not self.inside), *["--messages"] * self.messages]


def verify_deployed(target: Target, *, messages: bool = False) -> CommandResult:
    """Verify all that `up` has deployed: the program was recorded for its judgement, and is not run once more."""
    judged = target.judgement
    asked = Asked(messages=messages)
    return verify_stack(target, asked, Records(), deployment=judged.deployment if judged else None)


def verify_stack(target: Target, asked: Asked, records: Records, *, deployment: Graph | None = None) -> CommandResult:
    """Verify what is selected; all without a selection.

    Args:
        deployment: what the program deploys, where that is known.

    Raises:
        ProgramError, RunError, UnrecordableError: the program failed.
        UnusableError: what earlier rehearsals have kept cannot be used.
    """
    settings = target.loaded.settings
    if refusal := refuse_unknown(target, "--cluster", asked.clusters, settings.clusters) or refuse_unknown(
        target, "--link", asked.links, settings.links
    ):
        return refusal
    if refusal := _refuse_contradiction(target, asked, records):
        return refusal
    world = copy_model(target) if target.offline else None
    if target.offline and world is None:
        text = f"nothing of stack {target.stack} is rehearsed with {target.engine} yet"
        return refuse("stack", target.stack, text, target.command("up"))
    began = time.monotonic()
    with show_status("Running the program ...") as tell:
        graph = deployment or evaluate_stack(target.loaded, preview=False).graph
        expectation = expect(View(graph, settings))
        tell(f"Asking {'the modelled Azure' if world else 'Azure'} for {len(expectation.subjects)} resources ...")
        with open_azure(target, world) as azure:
            chosen = _select(settings, asked.clusters, asked.links)
            verified = verify(azure, expectation, chosen, target.command, inside=asked.inside, messages=asked.messages)
            seconds = time.monotonic() - began
            described: Mapping[str, Described] = dict.fromkeys(chosen.list_asked(expectation))
            if records.bundle and asked.inside:
                tell("Asking clusters for events and logs ...")
                described = ask_nodes(
                    azure, expectation, verified.evidence, described, lambda node: describe(azure, node)
                )
    result = _end(target, asked, verified.results, seconds)
    try:
        _write(records, verified.results, target.stack, seconds)
        if not records.bundle:
            return result
        told = document("verify", target.stack, result, offline=target.offline)
        bundle = compose(told, expectation, verified.evidence, described)
        return replace(result, own={**result.own, "support_bundle": offer(records.bundle, bundle, yes=records.yes)})
    except OSError as error:  # what was found is told all the same
        text = f"{error.filename}: not written: {error.strerror}"
        lost = problem("file", str(error.filename), text, "name another file, or make its folder writable")
        return replace(result, exit_code=FAILED, outcome="failed", problems=[*result.problems, lost], error=text)


def _refuse_contradiction(target: Target, asked: Asked, records: Records) -> CommandResult | None:
    """Refuse what cannot be had together."""
    settings, verify_again = target.loaded.settings, target.command("verify")
    if asked.messages and not asked.inside:
        text = "messages are sent by scripts on nodes, which --azure-only leaves out; expected one of the two"
        return refuse("usage", "--messages", text, verify_again)
    if asked.messages and not _select(settings, asked.clusters, asked.links).links:
        text = f"no link begins at {', '.join(asked.clusters)}; expected a link: {', '.join(settings.links) or 'none'}"
        return refuse("usage", "--messages", text, f"{verify_again} --messages --link <link>")
    files = [file.absolute() for file in (records.junit, records.markdown, records.bundle) if file]
    if len({*files}) < len(files):
        return refuse("usage", "--junit", "two records go to one file; expected a file for each", verify_again)
    return None


def _select(settings: Settings, clusters: Sequence[str], links: Sequence[str]) -> Selection:
    """Return the places; a cluster comes with the links that it sends over."""
    if not clusters and not links:
        return Selection(list(settings.clusters), list(settings.links))
    sent = [link.name for link in settings.links.values() if link.client in clusters]
    return Selection([*dict.fromkeys(clusters)], [*dict.fromkeys([*sent, *links])])


def _write(records: Records, results: Sequence[VerifyResult], stack: str, seconds: float) -> None:
    if records.junit:
        records.junit.write_text(as_junit(results, stack, seconds), encoding="utf-8")
    if records.markdown:
        text = as_markdown(results, stack, f"{count_outcomes(results)} in {seconds:.1f} s")
        records.markdown.write_text(text, encoding="utf-8")


def _end(target: Target, asked: Asked, results: Sequence[VerifyResult], seconds: float) -> CommandResult:
    own = {"checks": [asdict(one) for one in results], "seconds": round(seconds, 1)}
    wrong = [one for one in results if one.outcome in ("failed", "unknown")]
    problems = [problem(one.id, name_place(one), f"{one.title}: {one.found}", one.mend) for one in wrong]

    def show() -> None:
        _print(results, seconds)

    again = " ".join([target.command("verify"), *asked.options])
    if any(one.outcome == "failed" for one in wrong):
        step = f"mend what is marked FAILED, from the top, then run again: {again}"
        return CommandResult(FAILED, "failed", show=show, problems=problems, next=step, own=own)
    if wrong and len(wrong) == len(results):
        tenant = target.loaded.settings.tenant.tenant_id
        step = f"az login --tenant {tenant}, or wait until Azure answers, then run again: {again}"
        return CommandResult(FAILED, "unknown", show=show, problems=problems, next=step, own=own)
    if wrong:
        step = f"let this login read what is marked unknown, or mend why it does not answer, then run again: {again}"
        return CommandResult(FAILED, "unknown", show=show, problems=problems, next=step, own=own)
    return CommandResult(show=show, next=f"{target.command('outputs')} says how to reach clusters and brokers", own=own)


def _print(results: Sequence[VerifyResult], seconds: float) -> None:
    """Print by place and concern, what is wrong first; of what is well only how much it is."""
    if {one.outcome for one in results} == {"unknown"} and len({_reason(one) for one in results}) == 1:
        say(f"Azure does not answer: {_reason(results[0])}")
        say(f"\n{count_outcomes(results)} in {seconds:.1f} s")
        return
    for heading, group in groupby(results, name_place):
        found = list(group)
        wrong = [one for one in found if one.outcome != "ok"]
        say(f"{heading}: {pluralize(len(found), 'check')}{', all ok' if not wrong else ''}", BOLD)
        together = _list_waiting(wrong)
        shown = _sorted([one for one in wrong if one not in together])
        for concern in dict.fromkeys(one.concern for one in shown):
            say(f"  {concern}")
            for one in shown:
                if one.concern == concern:
                    _print_result(one)
        _print_waiting(together)
    say(f"\n{count_outcomes(results)} in {seconds:.1f} s")


def _reason(result: VerifyResult) -> str:
    """Return why it could not look at the first thing."""
    return result.found.partition("\n")[0].partition(": ")[2].partition(": ")[2]


def _sorted(results: Sequence[VerifyResult]) -> list[VerifyResult]:
    return sorted(results, key=lambda one: _ORDER.index(one.outcome))


def _list_waiting(results: Sequence[VerifyResult]) -> list[VerifyResult]:
    """Return what waits for another check, and what several could not see for one reason."""
    reasons = Counter(one.found for one in results if one.outcome == "unknown" and "\n" not in one.found)
    return [one for one in results if one.outcome == "not-run" or reasons[one.found] > 1]


def _print_waiting(results: Sequence[VerifyResult]) -> None:
    """Print what waits for the same thing on one line."""
    waiting: dict[tuple[Outcome, str], list[str]] = {}
    for one in results:
        waiting.setdefault((one.outcome, one.found), []).append(one.title)
    for (outcome, found), titles in waiting.items():
        mark, style = MARKS[outcome]
        say(f"  {mark} {found}: {', '.join(titles)}", style)


def _print_result(result: VerifyResult) -> None:
    mark, style = MARKS[result.outcome]
    say(f"    {mark:<8} {result.id} {result.title}; expected: {result.expected}", style)
    lines = result.found.splitlines()
    for line in lines[:_MOST_LINES]:
        say(f"             {line}")
    if (more := len(lines) - _MOST_LINES) > 0:
        say(f"             and {more} more, with --json")
    for line in result.mend.splitlines():
        say(f"             -> {line}")
