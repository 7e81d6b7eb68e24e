"""Everything that is asked of Azure, asked at once: what the checks judge is there before the first one looks."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TypeVar

from arm import ids
from arm.types.compute import RUN_COMMAND, VIRTUAL_MACHINE
from automation.verify.azure import Azure, Body, UnreachableError, Unseen, UnseenError, ask_at_once, see
from automation.verify.expected import Drawn, Expectation, Subject
from automation.verify.inside import Inside, look_inside
from automation.verify.messages import Exchange, send_messages

_AT_ONCE = 8
"""Azure takes 250 reads at once from one principal, then 25 a second
(learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling)."""
_CLUSTERS_AT_ONCE = 32
"""Each of them waits for its own node."""
_SUBSCRIPTIONS_API = "2022-12-01"
_EXPANDED = {VIRTUAL_MACHINE: "instanceView", RUN_COMMAND: "instanceView"}
"""What a GET says only where it is asked for; MACHINE_RUN_COMMAND has it in every one."""

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


@dataclass(frozen=True)
class Evidence:
    """What Azure has answered."""

    subscription: Body | Unseen | None
    groups: Mapping[str, Sequence[Body] | Unseen]
    """Resource group -> what is in it."""
    bodies: Mapping[str, Body | Unseen | None]
    """Id of a subject, as it is expected -> the resource; None: it is not there."""
    lists: Mapping[str, Sequence[Body] | Unseen | None]
    """Path of a collection, as it is expected -> its resources; None: what they would be in is not there."""
    names: Mapping[str, str | Unseen]
    """Name with a drawn part, as it is expected -> the one in Azure; the same one where there is none like it."""
    clusters: Mapping[str, Inside | Unseen | None] = field(default_factory=dict)
    """Cluster -> what it says of itself; None: it was not asked, or its machine is not there."""
    exchanges: Mapping[str, Exchange | Unseen] = field(default_factory=dict)
    """Link -> how its messages have fared; empty: none were sent."""

    def bind(self, text: str) -> str:
        """Return a text with the names in it that Azure has.

        Raises:
            UnseenError: nobody could see which, or there is none.
        """
        if (found := self._drawn_in(text)) and self.names[found] == found:
            raise UnseenError(f"there is no resource with a name like {found}")
        return self.resolve(text)

    def resolve(self, text: str) -> str:
        """Return an id with the name in it that Azure has.

        Raises:
            UnseenError: nobody could see which.
        """
        if not (found := self._drawn_in(text)):
            return text
        seen = self.names[found]
        if isinstance(seen, Unseen):
            raise UnseenError(seen.reason)
        return text.replace(found, seen)

    def _drawn_in(self, text: str) -> str:
        """Return the drawn name in a text, of which none of ours has two; empty if there is none."""
        found = self._any_name.search(text) if self.names else None
        return found[0] if found else ""

    @cached_property
    def _any_name(self) -> re.Pattern[str]:
        """Return what finds them at once: a large stack has one for each cluster."""
        return re.compile("|".join(map(re.escape, self.names)))


def gather(
    azure: Azure,
    expectation: Expectation,
    clusters: Iterable[str],
    *,
    inside: bool = True,
    messages_over: Sequence[str] = (),
) -> Evidence:
    """Ask for all that is expected of these clusters; no refusal ends it.

    Args:
        inside: ask the clusters themselves too.
        messages_over: links to send messages over.
    """
    wanted = set(clusters)
    settings = expectation.view.settings
    by_id = {one.id: one for one in expectation.subjects if one.cluster in wanted}
    by_path = {one.path: one for one in expectation.collections if one.cluster in wanted}
    groups = [settings.clusters[name].names.resource_group for name in sorted(wanted)]
    with ask_at_once(azure, _AT_ONCE) as pool:
        asking = _Asking(pool)
        path = f"/subscriptions/{settings.tenant.subscription_id}"
        subscription = asking.ask([path], lambda path: azure.get(path, _SUBSCRIPTIONS_API))[path]
        listed = asking.ask(groups, azure.list_group)
        names = {one.name: _find_name(one, listed[one.group]) for one in expectation.drawn if one.group in listed}
        known = Evidence(subscription, listed, {}, {}, names)
        lists = asking.ask(by_path, lambda path: azure.list_below(known.resolve(path), by_path[path].api_version))
        in_lists = {ids.key(str(one.get("id"))): one for found in lists.values() for one in _members(found)}

        def get(arm_id: str) -> Body | None:
            path = known.resolve(arm_id)
            if ids.key(path) in in_lists:
                return in_lists[ids.key(path)]
            return azure.get(path, by_id[arm_id].api_version, _EXPANDED.get(by_id[arm_id].row, ""))

        known = Evidence(subscription, listed, asking.ask(by_id, get), lists, names)
    told: Mapping[str, Inside | Unseen | None] = {}
    if inside:
        told = ask_nodes(
            azure, expectation, known, wanted, lambda node: look_inside(azure, expectation, known.bodies, node)
        )
    return replace(known, clusters=told, exchanges=send_messages(azure, expectation, known.bodies, messages_over))


def ask_nodes(
    azure: Azure,
    expectation: Expectation,
    known: Evidence,
    wanted: Iterable[str],
    question: Callable[[Subject], _Value],
) -> Mapping[str, _Value | Unseen | None]:
    """Return what nodes answer, by cluster; None where there is no node. One slow one holds up no other."""

    def ask(cluster: str) -> _Value | None:
        node = expectation.asked.get(cluster)
        return None if node is None or known.bodies[node.id] is None else question(node)

    with ask_at_once(azure, _CLUSTERS_AT_ONCE) as pool:
        return _Asking(pool).ask(sorted(wanted), ask)


class _Asking:
    """Asks several things at once, and nothing more once nobody answers at all."""

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self._pool = pool
        self._unreachable: Unseen | None = None

    def ask(self, keys: Iterable[_Key], one: Callable[[_Key], _Value]) -> dict[_Key, _Value | Unseen]:
        """Return the answers by key."""
        keys = list(keys)
        return dict(zip(keys, self._pool.map(lambda key: self._ask(key, one), keys), strict=True))

    def _ask(self, key: _Key, one: Callable[[_Key], _Value]) -> _Value | Unseen:
        if self._unreachable:
            return self._unreachable
        return see(lambda key: self._notice(key, one), key)

    def _notice(self, key: _Key, one: Callable[[_Key], _Value]) -> _Value:
        """Note where nobody answers at all."""
        try:
            return one(key)
        except UnreachableError as error:
            self._unreachable = Unseen(str(error))
            raise


def _members(found: Sequence[Body] | Unseen | None) -> Sequence[Body]:
    """Return what a provider's list has: each as a read of it alone has it, which is a third of all reads."""
    return () if found is None or isinstance(found, Unseen) else found


def _find_name(drawn: Drawn, listed: Sequence[Body] | Unseen) -> str | Unseen:
    if isinstance(listed, Unseen):
        return listed
    form = re.compile(rf"{re.escape(drawn.before)}[a-z0-9]{{{drawn.length}}}{re.escape(drawn.after)}")
    names = [str(one.get("name")) for one in listed if str(one.get("type")).lower() == drawn.row.arm_type.lower()]
    return next((name for name in sorted(names) if form.fullmatch(name)), drawn.name)
