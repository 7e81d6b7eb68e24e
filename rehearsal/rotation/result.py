"""What a change has cost, link by link, and after which step of the engine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rehearsal.cluster.model import ClusterView, Symptom


@dataclass(frozen=True)
class Moment:
    """A step of the engine that has just ended, or what came before and after all of them."""

    number: int
    """Counted over all runs, among those that changed something; 0: before the first."""
    what: str
    """E.g. `update site-to-enterprise-endpoint`."""

    def __str__(self) -> str:
        return f"{self.number} {self.what}"


@dataclass(frozen=True)
class Refusal:
    """Something that a link's sender was refused; it has tried once after each step."""

    after: Moment
    seconds: float
    """Since the first message."""
    what: str


@dataclass(frozen=True)
class LinkResult:
    """One link."""

    name: str
    """<cluster>/<endpoint>."""
    sent: int
    arrived: int
    """Different messages."""
    duplicates: int
    refusals: Sequence[Refusal]

    @property
    def lost(self) -> int:
        return self.sent - self.arrived

    @property
    def refused(self) -> int:
        return len(self.refusals)


@dataclass(frozen=True)
class SymptomSeen:
    """Something wrong with a cluster that was not wrong before."""

    after: Moment
    symptom: Symptom


@dataclass(frozen=True)
class Result:
    """A whole change."""

    reload: str
    """The model's name."""
    links: Sequence[LinkResult]
    symptoms: Sequence[SymptomSeen]
    steps: Sequence[Moment]
    """Those that changed something."""
    failures: Sequence[str]
    """Errors of the last run of the engine; those of earlier ones were ordered."""
    views: Sequence[ClusterView]
    """The clusters afterwards."""
    seconds: int = 0
    """Of all runs of the engine on Azure, by the estimates of ARM's types (`duration`)."""

    @property
    def lost(self) -> int:
        return sum(link.lost for link in self.links)

    @property
    def refused(self) -> int:
        return sum(link.refused for link in self.links)

    @property
    def ok(self) -> bool:
        """Return whether the change succeeded, no message was lost and no sender refused."""
        return not self.failures and all(link.sent and not link.lost and not link.refusals for link in self.links)

    def table(self) -> str:
        """Return the whole as text."""
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        yield f"reload {self.reload}, {len(self.steps)} steps"
        width = max([len(link.name) for link in self.links], default=4)
        yield f"{'link':{width}}  sent  arrived  lost  duplicates  refused  first refusal"
        for link in self.links:
            counts = f"{link.sent:4}  {link.arrived:7}  {link.lost:4}  {link.duplicates:10}  {link.refused:7}"
            yield f"{link.name:{width}}  {counts}  {_describe(link.refusals)}"
        for seen in self.symptoms:
            yield f"after {seen.after}: {seen.symptom}"
        for failure in self.failures:
            yield f"failed: {failure}"


def _describe(refusals: Sequence[Refusal]) -> str:
    if not refusals:
        return "-"
    first, last = refusals[0], refusals[-1]
    return f"after {first.after} until after {last.after}: {first.what}"
