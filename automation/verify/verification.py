"""Ask Azure, run every check everywhere, and say how each has ended."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from arm import ids
from arm.types import ResourceType
from arm.types.compute import VIRTUAL_MACHINE
from arm.types.hybridcompute import MACHINE
from automation.check import Diagnosis, Outcome
from automation.verify.azure import MALFORMED, Azure, UnseenError, not_understood
from automation.verify.check import Check, Severity, VerifyResult
from automation.verify.checks import CHECKS, EXISTENCE
from automation.verify.evidence import Evidence, gather
from automation.verify.expected import Expectation
from automation.verify.look import Look, Place

Command = Callable[[str], str]
"""Returns the command line of another command on the same stack."""
_WRONG: Mapping[Severity, Outcome] = {"error": "failed", "warning": "warning"}


@dataclass(frozen=True)
class Selection:
    """Which places are looked at."""

    clusters: Sequence[str]
    links: Sequence[str]

    @property
    def places(self) -> Iterator[Place]:
        """Yield them, what all share first."""
        yield Place("shared")
        yield from (Place("cluster", name) for name in self.clusters)
        yield from (Place("link", name) for name in self.links)

    def list_asked(self, expectation: Expectation) -> set[str]:
        """Return the clusters to ask: of a link the one that sends over it."""
        links = expectation.view.settings.links
        return {*self.clusters, *(links[name].client for name in self.links)}


@dataclass(frozen=True)
class Verified:
    """How every check has ended, and what that was judged by."""

    results: Sequence[VerifyResult]
    evidence: Evidence


def verify(
    azure: Azure,
    expectation: Expectation,
    selection: Selection,
    command: Command,
    now: datetime | None = None,
    *,
    inside: bool = True,
    messages: bool = False,
) -> Verified:
    """Return the result of every check at every place where it has something to look at.

    Args:
        azure: what is asked.
        expectation: what is to be there.
        selection: where to look.
        command: for remedies.
        now: the time, for what ends.
        inside: whether clusters are asked too, by scripts on their nodes.
        messages: whether messages are sent over the links.
    """
    over = selection.links if messages else ()
    evidence = gather(azure, expectation, selection.list_asked(expectation), inside=inside, messages_over=over)
    return Verified(judge(expectation, evidence, selection, command, now or datetime.now(UTC)), evidence)


def judge(
    expectation: Expectation, evidence: Evidence, selection: Selection, command: Command, now: datetime
) -> Sequence[VerifyResult]:
    """Return the results for what Azure has answered; nothing is asked any more."""
    found = []
    for place in selection.places:
        for check in CHECKS:
            if place.scope in check.scopes:
                look = Look(expectation, evidence, place, now)
                if diagnosis := _diagnose(check, look):
                    found.append(_result(check, look, diagnosis, command))
    return found


def _diagnose(check: Check, look: Look) -> Diagnosis | None:
    """Return what was found; None where there was nothing to look at."""
    problems: list[str] = []
    try:
        problems.extend(map(str, check.run(look)))  # what it yields before it ends is kept
    except UnseenError as error:
        look.note(check.title, error)
    except MALFORMED as error:  # the other checks go on
        look.note(check.title, not_understood(error))
    unseen = [f"not seen: {one}" for one in dict.fromkeys(look.unseen)]
    if problems:
        return Diagnosis(_WRONG[check.severity], "\n".join([*problems, *unseen]), check.remedy)
    if unseen:
        return Diagnosis("unknown", "\n".join(unseen))
    if look.absent:
        return Diagnosis("not-run", f"after {EXISTENCE}: {', '.join(dict.fromkeys(look.absent))} not there")
    if look.left_out:
        return Diagnosis("not-run", look.left_out)
    return (
        Diagnosis("ok", ": ".join([f"{look.looked} as expected", *filter(None, [", ".join(look.told)])]))
        if look.looked
        else None
    )


def _result(check: Check, look: Look, diagnosis: Diagnosis, command: Command) -> VerifyResult:
    mend = diagnosis.mend.format_map(_words(look, command)) if diagnosis.mend else ""
    return VerifyResult(
        check.id, check.title, diagnosis.outcome, diagnosis.found, check.expected, mend, look.place.scope,
        look.place.name, check.concern, check.severity,
    )  # fmt: skip


COMMANDS = ("refresh", "up", "outputs")
"""Words of remedies that are command lines."""
PLACES = ("subscription", "tenant", "cluster", "group", "arc_group", "connected_cluster")
"""Words of remedies that are names."""
WAYS: Mapping[ResourceType | None, Mapping[str, str]] = {
    VIRTUAL_MACHINE: {
        "start_node": "az vm start --resource-group {group} --name {node}",
        "run_on_node": (
            "az vm run-command invoke --resource-group {group} --name {node} --command-id RunShellScript --scripts"
        ),
    },
    MACHINE: {
        "start_node": "# at {node}, which has to run and to reach Azure:\nsudo azcmagent show",
        "run_on_node": "# at {node}:\nsudo sh -c",
    },
    None: {
        "start_node": "# whoever runs the cluster starts its nodes",
        "run_on_node": "# where kubectl reaches the cluster, without the word k3s:\nsh -c",
    },
}
"""Words of remedies that lead to a node, by its type; `{node}` is its name, `{group}` its resource group. None: of a
cluster that was there before."""


def _words(look: Look, command: Command) -> Mapping[str, str]:
    """Return what stands in remedies in braces."""
    tenant = look.expectation.view.settings.tenant
    words = {word: command(word) for word in COMMANDS}
    words |= {"subscription": tenant.subscription_id, "tenant": tenant.tenant_id}
    if look.place.scope == "shared":
        return words
    names, node = look.cluster.names, look.expectation.nodes.get(look.cluster.name)
    place = {"node": ids.name_of(node.id), "group": ids.name_of(ids.group_of(node.id))} if node else {}
    words |= {word: way.format_map(place) for word, way in WAYS[node.row if node else None].items()}
    words |= {"cluster": look.cluster.name, "group": names.resource_group}
    return words | {"arc_group": look.cluster.arc_resource_group, "connected_cluster": names.connected_cluster}
