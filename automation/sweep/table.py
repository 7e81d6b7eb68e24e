"""What was tried, as tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from automation.sweep.cases import JUMPS, RUNS
from automation.sweep.runner import Verdict
from rehearsal.azure.faults import KINDS


def render(verdicts: Sequence[Verdict], types: Mapping[str, str]) -> str:
    """Return for each run types by kinds: how many tries it took, or FAILED; then pairs, jumps, counts."""
    return "\n\n".join([*_singles(verdicts, types), *_pairs(verdicts), *_jumps(verdicts), _counts(verdicts)])


def _singles(verdicts: Sequence[Verdict], types: Mapping[str, str]) -> Iterator[str]:
    for run in RUNS:
        found = {
            (_short(types[verdict.case.faults[0].target]), verdict.case.kinds[0]): verdict
            for verdict in verdicts
            if verdict.case.run == run and len(verdict.case.faults) == 1 and not verdict.case.clock
        }
        if found:
            kinds = [kind for kind in KINDS if any(kind == tried for _, tried in found)]
            rows = {
                token: [_cell(found.get((token, kind))) for kind in kinds]
                for token in sorted({one for one, _ in found})
            }
            yield _grid(run, kinds, rows)


def _pairs(verdicts: Sequence[Verdict]) -> Iterator[str]:
    pairs = [verdict for verdict in verdicts if len(verdict.case.faults) > 1]
    if pairs:
        kinds = [kind for kind in KINDS if any(kind in verdict.case.kinds for verdict in pairs)]
        rows = {
            first: [_count([each for each in pairs if each.case.kinds == (first, second)]) for second in kinds]
            for first in kinds
        }
        yield _grid("two at once", kinds, rows)


def _jumps(verdicts: Sequence[Verdict]) -> Iterator[str]:
    jumps = [verdict for verdict in verdicts if verdict.case.clock]
    if jumps:
        kinds = [kind for kind in KINDS if any(kind in verdict.case.kinds for verdict in jumps)]
        rows = {
            f"the clock jumps {clock}": [
                _count([each for each in jumps if (each.case.clock, *each.case.kinds) == (clock, kind)])
                for kind in kinds
            ]
            for clock in filter(None, JUMPS)
        }
        yield _grid("clock", kinds, rows)


def _counts(verdicts: Sequence[Verdict]) -> str:
    rows = {run: [verdict for verdict in verdicts if verdict.case.run == run] for run in RUNS}
    return "\n".join(
        f"{run}: {len(found)} cases, {_wrong(found)} of them wrong" for run, found in rows.items() if found
    )


def _grid(title: str, columns: Sequence[str], rows: Mapping[str, Sequence[str]]) -> str:
    width = max(map(len, [title, *rows]))
    lines = [" ".join([title.ljust(width), *columns])]
    for name, cells in rows.items():
        fitted = [cell.rjust(len(column)) for cell, column in zip(cells, columns, strict=True)]
        lines.append(" ".join([name.ljust(width), *fitted]))
    return "\n".join(lines)


def _cell(verdict: Verdict | None) -> str:
    if verdict is None:
        return "-"
    return "FAILED" if verdict.wrong else str(verdict.tries)


def _count(verdicts: Sequence[Verdict]) -> str:
    wrong = _wrong(verdicts)
    return f"{wrong} FAILED" if wrong else str(len(verdicts) or "-")


def _wrong(verdicts: Sequence[Verdict]) -> int:
    return sum(bool(verdict.wrong) for verdict in verdicts)


def _short(token: str) -> str:
    """Return module and class, e.g. `network:Subnet`."""
    return ":".join(token.split(":")[-2:])
