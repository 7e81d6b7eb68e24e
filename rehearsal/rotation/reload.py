"""Decide when a running broker or dataflow takes up what has changed in its cluster.

Microsoft documents one case: rules of a BrokerAuthorization count at once, without a restart, and disconnect every
client (learn.microsoft.com/azure/iot-operations/manage-mqtt-broker/howto-configure-authorization, "Update
authorization"). Nothing is said of the rest, so that a change has to lose nothing under each of these models:

| what changes                                     | at once | late  | only on restart |
| ------------------------------------------------ | ------- | ----- | --------------- |
| rules of a BrokerAuthorization                   | now     | later | now             |
| subjects and attributes of a BrokerAuthentication | now     | later | at a restart    |
| a Secret's or ConfigMap's content                | now     | later | at a restart    |
| a BrokerListener; the trust it is to have        | now     | later | now: pods roll  |
| a DataflowEndpoint or dataflow                   | now     | later | now: pods roll  |

*Later* is what a kubelet takes to bring a changed Secret into a running pod: up to a minute and the delay of its cache
(kubernetes.io/docs/tasks/configure-pod-container/configure-pod-configmap, "Mounted ConfigMaps are updated
automatically"). Time is virtual: a step of the engine takes `STEP_SECONDS`, a script what it has waited.

*Pods roll* where a name changes by which they mount something: Kubernetes replaces pods when, and only when, their
template changes (kubernetes.io/docs/concepts/workloads/controllers/deployment). A listener names its Secret and its
policies, a BrokerAuthentication its ConfigMap, an endpoint both. Pods that roll start with all that is there. Subjects
are no part of a template that anybody has seen, so the strictest reading is taken: they wait for a restart.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from math import inf
from typing import Any, Literal

from graph.inputs import text_at, x509_settings
from rehearsal.cluster.model import ClusterView

Process = Literal["broker", "dataflow"]

_Pick = Callable[[ClusterView], Any]


STEP_SECONDS = 10.0
"""What a step of the engine takes at least."""
_LATE = 90.0


@dataclass(frozen=True)
class Reload:
    """How many seconds each process takes; None: until it is restarted."""

    name: str
    broker: float | None
    dataflow: float | None

    def lag(self, process: Process) -> float | None:
        return self.broker if process == "broker" else self.dataflow


MODELS: Mapping[str, Reload] = {
    model.name: model
    for model in (
        Reload("at once", 0, 0),
        Reload("late", _LATE, _LATE),
        # Both alike keep the order of what is switched; apart they show what counts on an order.
        Reload("late broker", _LATE, 0),
        Reload("late dataflow", 0, _LATE),
        Reload("only on restart", None, None),
    )
}


@dataclass
class Running:
    """One process of one cluster, and what it has loaded."""

    process: Process
    model: Reload
    loaded: ClusterView
    _since: float | None = field(default=None)
    """When something else was deployed; None: nothing else is."""

    @property
    def due(self) -> float:
        """Return when it takes up what it has not yet."""
        lag = self.model.lag(self.process)
        return inf if lag is None or self._since is None else self._since + lag

    def see(self, deployed: ClusterView, now: float) -> None:
        """Take up what this process has taken up by now."""
        lag = self.model.lag(self.process)
        if lag is None:
            self._see_without_reload(deployed)
        elif _contents(self.process, self.loaded) != _contents(self.process, deployed):
            self._since = now if self._since is None else self._since
            if self.due <= now:
                self.restart(deployed)
        else:
            self._since = None

    def _see_without_reload(self, deployed: ClusterView) -> None:
        if _template(self.process, self.loaded) != _template(self.process, deployed):
            self.restart(deployed)
        elif self.process == "broker" and self.loaded.authorizations != deployed.authorizations:
            self.loaded = replace(self.loaded, authorizations=deployed.authorizations)

    def is_behind(self, deployed: ClusterView) -> bool:
        """Return whether its pods were made from something else than what is deployed."""
        return bool(_template(self.process, self.loaded) != _template(self.process, deployed))

    def restart(self, deployed: ClusterView) -> None:
        """Start with all that is deployed."""
        self.loaded, self._since = deployed, None


def _contents(process: Process, view: ClusterView) -> Any:
    """Return all that the process reads."""
    objects = (view.secrets, view.config_maps)
    if process == "dataflow":
        return (*objects, view.endpoints, view.dataflows)
    return (*objects, view.listeners, view.authentications, view.authorizations, view.brokers, view.frontends_up)


def _template(process: Process, view: ClusterView) -> Any:
    """Return what the process's pods are made from."""
    if process == "dataflow":
        return view.endpoints, view.dataflows
    trust = {
        name: [text_at(one, "trustedClientCaCert") for one in x509_settings({"properties": body})]
        for name, body in view.authentications.items()
    }
    return view.listeners, view.brokers, trust
