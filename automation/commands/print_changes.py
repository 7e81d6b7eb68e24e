"""Print what an operation changes: what loses something first."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from automation.console import BAD, BOLD, WARN, say, width
from graph.plan import LOSING, MARKS, Change
from graph.urns import name_of

_WIDEST = 120


def print_changes(changes: Sequence[Change]) -> None:
    """Print first what is replaced or deleted, marked and one by one with the reasons; then the rest."""
    losing = [one for one in changes if one.kind in LOSING]
    certain = [one for one in losing if one.is_certain]
    if causes := [one for one in certain if one.has_cause]:
        say("\nReplaced or deleted:", BAD)
        _print_groups(causes)
    if followers := [one for one in certain if not one.has_cause]:
        say("\nReplaced with them:" if causes else "\nReplaced:", BAD)
        _print_groups(followers)
    if perhaps := [one for one in losing if not one.is_certain]:
        say("\nPerhaps replaced: only if a value that is not known before `up` turns out to be another one:", WARN)
        _print_groups(perhaps)
    if rest := [one for one in changes if one.kind not in LOSING]:
        say("\nCreated or updated:" if losing else "")
        _print_groups(rest)


def _print_groups(changes: Sequence[Change]) -> None:
    for cluster in dict.fromkeys(one.heading.cluster for one in changes):
        say(f"  {cluster}", BOLD)
        here = [one for one in changes if one.heading.cluster == cluster]
        for concern in dict.fromkeys(one.heading.concern for one in here):
            say(f"    {concern}")
            for line, style in _lines([one for one in here if one.heading.concern == concern]):
                say(line, style)


def _lines(changes: Sequence[Change]) -> Iterator[tuple[str, str]]:
    for one in changes:
        if one.kind != "create" and (one.has_cause or not one.is_certain):
            mark, style = MARKS[one.kind], ""
            if one.kind in LOSING:
                mark, style = (f"! {mark}", BAD) if one.is_certain else (f"? {mark}", WARN)
            yield f"      {mark} {one.kind} {name_of(one.urn)}", style
            yield from ((f"          {difference}", "") for difference in one.differences)
    if followers := [name_of(one.urn) for one in changes if one.is_certain and not one.has_cause]:
        yield _names(f"! {MARKS['replace']} replace", followers), BAD
    if created := [name_of(one.urn) for one in changes if one.kind == "create"]:
        yield _names(f"{MARKS['create']} create", created), ""


def _names(how: str, names: Sequence[str]) -> str:
    """Names in as many lines as they need, each of them whole."""
    text = f"      {how} {', '.join(names)}"
    return textwrap.fill(
        text, min(_WIDEST, width()), subsequent_indent=" " * 8, break_long_words=False, break_on_hyphens=False
    )
