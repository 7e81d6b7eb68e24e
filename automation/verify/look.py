"""What a check sees of one place: a cluster, a link, or what all share. It notes what could not be seen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from arm import ids
from arm.types import ResourceType
from automation.scrubbing import REMOVED, is_secret, redact_document
from automation.verify.azure import Body, Unseen, UnseenError
from automation.verify.check import Problem, Scope
from automation.verify.compare import differences
from automation.verify.evidence import Evidence
from automation.verify.expected import Collection, Expectation, Subject
from automation.verify.inside import Inside, Item
from graph.inputs import map_at
from rules.facts.releases import Release
from settings.model import Cluster

_LONGEST = 200


@dataclass(frozen=True)
class Place:
    """Where a check looks."""

    scope: Scope
    name: str = ""


@dataclass
class Look:
    """One check at one place."""

    expectation: Expectation
    evidence: Evidence
    place: Place
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    looked: int = 0
    absent: list[str] = field(default_factory=list)
    """Logical names of what is not there, which is another check's finding."""
    told: list[str] = field(default_factory=list)
    """What is said where all is as expected."""
    left_out: str = ""
    """Why there is nothing that could be looked at."""
    unseen: list[str] = field(default_factory=list)
    """What got no answer, and why."""

    @property
    def release(self) -> Release:
        """Return the facts of the stack's release; REL-01 refuses a deployment of one that they do not know."""
        found = self.expectation.view.release
        if found is None:
            raise UnseenError("the judge has no facts of this release: rules/facts/releases.py")
        return found

    @property
    def cluster(self) -> Cluster:
        """Return the cluster, or the one that a link sends from."""
        settings = self.expectation.view.settings
        name = settings.links[self.place.name].client if self.place.scope == "link" else self.place.name
        return settings.clusters[name]

    @property
    def group(self) -> str:
        """Return the id of the cluster's resource group."""
        subscription = self.expectation.view.settings.tenant.subscription_id
        return f"/subscriptions/{subscription}/resourceGroups/{self.cluster.names.resource_group}"

    def subjects(self, *types: ResourceType) -> Iterator[Subject]:
        """Yield what is to be there, of these types or of all."""
        for subject in self.expectation.of(self.place.scope, self.place.name):
            if not types or subject.row in types:
                yield subject

    def answer(self, subject: Subject) -> Body | None:
        """Return what Azure has answered; None if it is not there.

        Raises:
            UnseenError: nothing.
        """
        found = self.evidence.bodies[subject.id]
        if isinstance(found, Unseen):
            raise UnseenError(found.reason)
        return found

    def seen(self, *types: ResourceType) -> Iterator[tuple[Subject, Body]]:
        """Yield what is there, and note the rest."""
        for subject in self.subjects(*types):
            try:
                body = self.answer(subject)
            except UnseenError as error:
                self.note(subject.label, error)
                continue
            if body is None:
                self.absent.append(subject.label)
            else:
                self.looked += 1
                yield subject, body

    def listed(self, collection: Collection) -> Sequence[Body]:
        """Return a list of children; where there is none, an empty one, and note why."""
        found = self.evidence.lists[collection.path]
        if isinstance(found, Unseen):
            self.note(ids.name_of(collection.path), UnseenError(found.reason))
        elif found is None:
            self.absent.append(collection.parent)
        else:
            self.looked += 1
            return found
        return ()

    @property
    def inside(self) -> Inside | None:
        """Return what the cluster says of itself; None, and noted, where it says nothing."""
        found = self.evidence.clusters.get(self.cluster.name)
        if isinstance(found, Unseen):
            self.note(f"cluster {self.cluster.name}", UnseenError(found.reason))
            return None
        if found is None and self.evidence.clusters:
            missing = f"the node of {self.cluster.name}"
            if self.place.scope == "cluster":  # whose VERIFY-02 says so
                self.absent.append(missing)
            else:
                self.note(missing, UnseenError("it is not there"))
        return found

    def items(self, kind: str, namespace: str = "") -> Iterator[Item]:
        """Yield the objects of a kind, in a namespace or in all, and count them."""
        for item in self.inside.items if self.inside else ():
            if item["kind"] == kind and namespace in ("", item["namespace"]):
                self.looked += 1
                yield item

    def collections(self, *types: ResourceType) -> Iterator[Collection]:
        """Yield the closed lists of the cluster, of these types or of all."""
        for one in self.expectation.collections:
            if one.cluster == self.place.name and (not types or one.row in types):
                yield one

    def note(self, what: str, error: UnseenError) -> None:
        """Note that something got no answer."""
        self.unseen.append(f"{what}: {error}")

    def bind(self, value: Any) -> Any:
        """Return what was sent, with what Azure computes and what was drawn as Azure has it.

        Raises:
            UnseenError: that could not be seen.
        """
        if isinstance(value, Mapping):
            return {self.bind(key): self.bind(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.bind(item) for item in value]
        if not isinstance(value, str):
            return value
        if value in self.expectation.computed:
            return self._computed(value)
        return self.evidence.bind(value)

    def _computed(self, stand_in: str) -> str:
        owner, path = self.expectation.computed[stand_in]
        found = ids.at(self.answer(owner), path)
        if not isinstance(found, str) or not found:
            raise UnseenError(f"{path} of {owner.label} is not known")
        return found

    def compare(
        self, subject: Subject, body: Body, *paths: str, without: Sequence[str] = (), exact: bool = False
    ) -> Iterator[Problem]:
        """Yield what is otherwise than sent at these paths.

        Args:
            without: members that are left out. What was not sent at all is Azure's choice.
            exact: whether more than was sent counts.
        """
        for path in paths:
            sent = ids.at(subject.body, path)
            if sent is None:
                continue
            if without and isinstance(sent, Mapping):
                sent = {name: value for name, value in sent.items() if name not in without}
            try:
                expected = self.bind(sent)
            except UnseenError as error:
                self.note(f"{subject.label}.{path}", error)
                continue
            yield from self.same(subject, path, expected, ids.at(body, path), exact=exact)

    def compare_keys(self, subject: Subject, body: Body, path: str, *, exact: bool = False) -> Iterator[Problem]:
        """Yield what the map at the path has not; Azure computes the values. `exact`: also what nobody sent."""
        expected, seen = (dict.fromkeys(map_at(one, path), True) for one in (subject.body, body))
        yield from self.same(subject, path, expected, seen, exact=exact)

    def same(self, subject: Subject, path: str, expected: Any, seen: Any, *, exact: bool = False) -> Iterator[Problem]:
        """Yield what is otherwise than expected."""
        for one in differences(expected, seen, f".{path}", exact=exact):
            seen, wanted = (_show_at(one.path, value) for value in (one.seen, one.expected))
            yield Problem(subject.label, f"{one.path} is {seen}", wanted)


def _show_at(path: str, value: Any) -> str:
    """Show a value, but what the last keys of its path say is secret; also the last but one, for `password.value`."""
    if any(is_secret(key, value) for key in path.split(".")[-2:]):
        return REMOVED
    return show(value if isinstance(value, str) else redact_document(value))


def show(value: Any) -> str:
    """Return a value as people read it, cut where it is long."""
    text = "absent" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    text = " ".join(text.split())
    return f"{text[:_LONGEST]} ..." if len(text) > _LONGEST else text
