"""Keep messages flowing over every link of a stack while its clusters change."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from math import ceil

from rehearsal.cluster.links import find_links, is_at
from rehearsal.cluster.model import ClusterView, Symptom
from rehearsal.mqtt.client import read_client
from rehearsal.mqtt.flow import Sender
from rehearsal.mqtt.stand_in import StandIn, stand_in
from rehearsal.mqtt.translate import PortPlan
from rehearsal.rotation.link import Link, Reader, read_broker, read_site
from rehearsal.rotation.reload import STEP_SECONDS, Process, Reload, Running
from rehearsal.rotation.result import LinkResult, Moment, Refusal, SymptomSeen

RATE = 20
"""Messages a second that each dataflow sends, unless something else is asked for."""
SLICE_SECONDS = 0.25
"""Of traffic after each step. Nobody waits for it: a slice is over when its messages are acknowledged or refused."""
_Address = tuple[str, int]
"""Cluster, and port as deployed."""
_NOWHERE: _Address = ("", 0)


def _are_same(these: Sequence[object], those: Sequence[object]) -> bool:
    return len(these) == len(those) and all(one is other for one, other in zip(these, those, strict=True))


@dataclass
class Traffic:
    """The processes of all clusters, and a sender for each dataflow of each link that there is at the beginning.

    `restart` is what an administrator does with `kubectl rollout restart`. A cluster that is cut off has no way to the
    others: what happens there is not taken up, and its links wait.

    Where neither end of a link has changed since all of its messages were acknowledged, more of them come to the same.
    So they are sent together, before something changes: the cost of a step is that of the links which it concerns.
    """

    model: Reload
    rate: float = RATE
    _views: dict[str, ClusterView] = field(default_factory=dict)
    _running: dict[tuple[str, Process], Running] = field(default_factory=dict)
    _taken_up: dict[tuple[str, Process], ClusterView] = field(default_factory=dict)
    """What ports and senders were made of last."""
    _ports: dict[_Address, StandIn] = field(default_factory=dict)
    _found: dict[str, _Address] = field(default_factory=dict)
    """host:port of a link -> what has answered there: no change of certificates changes a DNS record."""
    _links: dict[str, Link] = field(default_factory=dict)
    _by_cluster: defaultdict[str, list[Link]] = field(default_factory=lambda: defaultdict(list))
    _brokers: dict[str, Reader[tuple[Mapping[int, PortPlan], str]]] = field(default_factory=dict)
    _arrived: defaultdict[str, Counter[tuple[str, int]]] = field(default_factory=lambda: defaultdict(Counter))
    """Link -> how often each number of each dataflow."""
    _offline: set[str] = field(default_factory=set)
    symptoms: list[SymptomSeen] = field(default_factory=list)
    _known: set[Symptom] = field(default_factory=set)
    _is_there: set[str] = field(default_factory=set)
    """Clusters that have not been deleted."""
    _began: float = field(default_factory=time.monotonic)
    _now: float = 0.0
    """Seconds, by the clock of the clusters."""
    _waited: float = 0.0
    """How long a script of this step has, so that this is part of now already."""
    _after: Moment = field(default_factory=lambda: Moment(0, ""))
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _stack: ExitStack = field(default_factory=ExitStack)

    def see(self, views: Sequence[ClusterView], after: Moment) -> None:
        """Let the processes take up what they have by the end of this step, and send for a slice of time."""
        with self._lock:
            self._pass(STEP_SECONDS)
            self._waited = 0.0
            gone = self._views.keys() - {view.name for view in views}
            for view in [*views, *map(ClusterView, sorted(gone))]:
                self._deploy(view)
            self._is_there = {view.name for view in views}
            self._note_symptoms(views, after)
            self._load_and_send(after)
            self._after = after

    def as_running(self, deployed: ClusterView, elapsed: float) -> ClusterView:
        """Return what a broker runs with when a script of this step has waited so long; others go on meanwhile."""
        with self._lock:
            self._wait(deployed, elapsed)
            return self._running[deployed.name, "broker"].loaded

    def is_behind(self, deployed: ClusterView, elapsed: float) -> bool:
        """Return whether a cluster's dataflows run with what was deployed before, when a script has waited so long."""
        with self._lock:
            self._wait(deployed, elapsed)
            return self._running[deployed.name, "dataflow"].is_behind(deployed)

    def _wait(self, deployed: ClusterView, elapsed: float) -> None:
        self._pass(max(elapsed - self._waited, 0))
        self._waited = max(self._waited, elapsed)
        self._deploy(deployed)

    def _deploy(self, view: ClusterView) -> None:
        if view.name not in self._offline:
            self._views[view.name] = view
            for process in ("broker", "dataflow"):
                self._running.setdefault((view.name, process), Running(process, self.model, view)).see(view, self._now)

    def _pass(self, seconds: float) -> None:
        """Let time pass; whenever a process takes something up, a slice of messages shows what comes of it."""
        end = self._now + seconds
        while late := [(one.due, key) for key, one in self._running.items() if one.due <= end]:
            self._now, (cluster, process) = min(late)
            self._running[cluster, process].restart(self._views[cluster])
            self._load_and_send(Moment(self._after.number, f"{self._after.what}, when {process}s took up what is new"))
        self._now = end

    def cut_off(self, cluster: str) -> None:
        """Let nobody outside reach a cluster; what it runs goes on."""
        self._send_rest([cluster])
        self._offline.add(cluster)

    def bring_back(self, cluster: str) -> None:
        """Let a cluster that was cut off be reached again."""
        self._offline.remove(cluster)

    def restart(self, cluster: str, process: Process) -> None:
        """Let the pods of one process start anew, with all that is deployed; seen at the next step."""
        self._send_rest([cluster])
        self._running[cluster, process].restart(self._views[cluster])
        for (name, _), port in self._ports.items():
            if name == cluster and process == "broker":
                port.restart()

    def _note_symptoms(self, views: Sequence[ClusterView], after: Moment) -> None:
        now = {symptom for view in views if view.name not in self._offline for symptom in view.problems}
        self.symptoms += [SymptomSeen(after, one) for one in sorted(now - self._known, key=str)]
        self._known = now

    def _load_and_send(self, after: Moment) -> None:
        loaded = {key: running.loaded for key, running in self._running.items()}
        changed = {key[0] for key, view in loaded.items() if view is not self._taken_up.get(key)}
        self._send_rest(changed | {link.cluster for link in self._links.values()} - self._is_there)
        self._taken_up = loaded
        for (cluster, process), running in self._running.items():
            if process == "broker":
                self._load_broker(cluster, running.loaded)
        for link in self._links.values() or self._find_links():
            self._load_link(link)
        self._send(after)

    def _load_broker(self, cluster: str, view: ClusterView) -> None:
        own = {port: one for (name, port), one in self._ports.items() if name == cluster}
        plans, why = self._brokers.setdefault(cluster, Reader(read_broker))(view)
        if not why:
            why = "one listener waits for its Secret" if view.listeners else "the node is gone"
            why = "the listener is gone" if view.frontends_up else why
        for port, plan in plans.items() if view.frontends_up else ():
            if port not in own:
                self._ports[cluster, port] = self._stack.enter_context(stand_in())
            self._ports[cluster, port].load(plan)
        for port, one in own.items():
            if not view.frontends_up or port not in plans:
                one.stop(why)

    def _find_links(self) -> list[Link]:
        """Return the links that there are, from the first view on."""
        for deployed in find_links([*self._views.values()]):
            plan = read_client(deployed.site, deployed.endpoint)
            senders = {flow.name: Sender(flow.name) for flow in plan.flows}
            read = Reader(partial(read_site, deployed.endpoint))
            link = Link(deployed.site.name, deployed.endpoint, senders, deployed.address, read)
            self._links[link.name] = link
            self._by_cluster[link.cluster].append(link)
        return [*self._links.values()]

    def _load_link(self, link: Link) -> None:
        view = self._running[link.cluster, "dataflow"].loaded
        # A cluster without any listener is one whose node does not answer: its links are still meant to work.
        is_removed = link.endpoint not in view.endpoints and bool(view.listeners)
        link.is_deployed = link.cluster in self._is_there and not is_removed
        plan, why = link.read(view)
        if plan:
            link.address = f"{plan.host}:{plan.port}"
        for name, sender in link.senders.items():
            runs = plan is not None and any(flow.name == name for flow in plan.flows)
            sender.load(plan if runs else None, why or f"dataflow {name} is not deployed")

    def _send(self, after: Moment) -> None:
        ports = {address: self._find_port(address) for address in {link.address for link in self._links.values()}}
        for link in self._links.values():
            for sender in link.senders.values() if link.is_deployed else ():
                sender.take(ceil(self.rate * SLICE_SECONDS))
            port = ports[link.address]
            if not _are_same(self._list_ends(link, port), link.sent_between):
                self._send_over(link, port, after)

    def _send_rest(self, clusters: Collection[str]) -> None:
        """Send what waits on links from or to these clusters, before anything there changes."""
        for link in self._links.values():
            if link.sent_between and self._find_ends(link) & {*clusters}:
                self._send_over(link, self._find_known_port(link.address), self._after)

    def _list_ends(self, link: Link, port: StandIn | None) -> list[object]:
        """Return what stays the same as long as nothing happens to the two ends of a link."""
        plans = (sender.plan for sender in link.senders.values())
        return [*plans, port and port.broker, link.is_deployed, self._is_cut(link)]

    def _is_cut(self, link: Link) -> bool:
        return bool(self._find_ends(link) & self._offline)

    def _find_ends(self, link: Link) -> set[str]:
        """Return the cluster that sends, and the one that has answered at the link's address; empty for none yet."""
        return {link.cluster, self._found.get(link.address, _NOWHERE)[0]}

    def _send_over(self, link: Link, port: StandIn | None, after: Moment) -> None:
        """Send what waits on a link, and note how the first of its dataflows was refused that was."""
        refusals = list[str]()
        for sender in link.senders.values() if link.is_deployed else ():
            if self._is_cut(link):
                sender.disconnect()
            else:
                refusals.append(sender.pass_on(port, link.address))
        refused = next(filter(None, refusals), "")
        if refused:
            link.refusals.append(Refusal(after, time.monotonic() - self._began, refused))
        link.sent_between = [] if refused else self._list_ends(link, port)
        if port:
            self._count_arrived(port)

    def _count_arrived(self, port: StandIn) -> None:
        for message in port.take_messages():
            payload = json.loads(message.payload)
            for link in self._by_cluster[str(payload["cluster"])]:
                if payload["dataflow"] in link.senders:
                    self._arrived[link.name][str(payload["dataflow"]), int(payload["number"])] += 1

    def _find_port(self, address: str) -> StandIn | None:
        views = (running.loaded for (_, process), running in self._running.items() if process == "broker")
        found = next((view.name for view in views if is_at(view, address)), "")
        if found:
            self._found[address] = found, int(address.rpartition(":")[2])
        return self._find_known_port(address)

    def _find_known_port(self, address: str) -> StandIn | None:
        return self._ports.get(self._found.get(address, _NOWHERE))

    def results(self) -> Iterator[LinkResult]:
        """Yield what has become of each link's messages so far."""
        self._send_rest(self._views)
        for port in self._ports.values():
            self._count_arrived(port)
        for link in self._links.values():
            counts = self._arrived[link.name]
            sent = sum(sender.sent for sender in link.senders.values())
            yield LinkResult(link.name, sent, len(counts), counts.total() - len(counts), [*link.refusals])

    def _close(self) -> None:
        for link in self._links.values():
            for sender in link.senders.values():
                sender.disconnect()
        self._stack.close()


@contextmanager
def traffic(model: Reload, rate: float = RATE) -> Iterator[Traffic]:
    """Give traffic that is about to begin; every server is gone afterwards."""
    running = Traffic(model, rate)
    try:
        yield running
    finally:
        running._close()
