"""What others tell one to look at after a deployment, and what looks at it here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Item:
    """One thing to look at."""

    text: str
    checks: tuple[str, ...] = ()
    """Ids of checks."""
    script: str = ""
    """The script of `up` that looks at it from inside the cluster, once."""
    lacks: str = ""
    """What of it nobody looks at, and why."""


_NO_METRICS = "the stack has no observability yet"

CHECKLISTS: Mapping[str, Sequence[Item]] = {
    "Dual-peered cluster blueprint, Testing Connectivity": (
        Item("1 connect to both clusters", ("VERIFY-20", "VERIFY-21"), lacks="the proxy itself: it is yours to open"),
        Item("2 certificates are synchronized",
             ("VERIFY-35", "VERIFY-36", "VERIFY-39", "VERIFY-40", "VERIFY-65", "VERIFY-67"), "await-secrets"),
        Item("3 the broker listener", ("VERIFY-48", "VERIFY-49", "VERIFY-50", "VERIFY-51", "VERIFY-64")),
        Item("3 the bridge to it (AIO has dataflows instead)", ("VERIFY-52", "VERIFY-53", "VERIFY-54")),
        Item("4 the port is reached from a pod",
             ("VERIFY-08", "VERIFY-09", "VERIFY-11", "VERIFY-69", "VERIFY-70"), "probe-links",
             "from a pod: it is reached from the node"),
        Item("5 logs of broker and clients", ("VERIFY-44", "VERIFY-61", "VERIFY-62"),
             lacks="the logs: a support bundle has those of pods that are not well"),
    ),
    "Low-level design, Quick Verification Matrix": (
        Item("the server is connected, SSH over Arc succeeds", ("VERIFY-02", "VERIFY-14"),
             lacks="SSH itself: the output `ssh_commands` has the command"),
        Item("nodes are Ready, pods of Arc are Running", ("VERIFY-20", "VERIFY-21", "VERIFY-55", "VERIFY-61"),
             "connect-arc"),
        Item("`az iot ops check --svc broker` succeeds",
             ("VERIFY-26", "VERIFY-44", "VERIFY-60", "VERIFY-61", "VERIFY-63", "VERIFY-64")),
        Item("ClusterIP 18883 is reached from pods", ("VERIFY-48", "VERIFY-63", "VERIFY-64", "VERIFY-70"),
             lacks="from a pod: it is reached from the node"),
        Item("NodePort 31883 is reached from the LAN", lacks="no listener of that type can be set yet"),
        Item("LoadBalancer 8883 is reached by TLS, and its CA trusted",
             ("VERIFY-11", "VERIFY-49", "VERIFY-64", "VERIFY-69"), "probe-links"),
        Item("metrics are in Azure Monitor and Grafana", lacks=_NO_METRICS),
    ),
    "Production guide, Production Readiness Checklist": (
        Item("the instance is Succeeded", ("VERIFY-03", "VERIFY-43")),
        Item("broker pods are Running without restarts", ("VERIFY-44", "VERIFY-62", "VERIFY-63")),
        Item("listeners are accessible", ("VERIFY-48", "VERIFY-49", "VERIFY-64", "VERIFY-69"), "probe-links",
             "1883: AIO's default has TLS"),
        Item("OPC UA connector pods are Running", ("VERIFY-02", "VERIFY-26", "VERIFY-61")),
        Item("the data processor is Running (AIO has dataflows instead)",
             ("VERIFY-44", "VERIFY-47", "VERIFY-54", "VERIFY-61")),
        Item("the schema registry is connected to its storage", ("VERIFY-31", "VERIFY-41", "VERIFY-42")),
        Item("Key Vault is integrated", ("VERIFY-34", "VERIFY-38", "VERIFY-39", "VERIFY-40", "VERIFY-65"),
             "await-secrets"),
        Item("managed identities are assigned", ("VERIFY-16", "VERIFY-31", "VERIFY-45")),
        Item("cert-manager issues certificates", ("VERIFY-26", "VERIFY-61", "VERIFY-66"), "apply-objects",
             "AIO's own certificates"),
        Item("the OpenTelemetry collector receives metrics", lacks=_NO_METRICS),
        Item("Azure Monitor's agent scrapes", lacks=_NO_METRICS),
        Item("metrics are in the workspace", lacks=_NO_METRICS),
        Item("Grafana shows data", lacks=_NO_METRICS),
        Item("the portal shows the site as Connected", ("VERIFY-20", "VERIFY-44")),
        Item("unauthorized connections are rejected",
             ("VERIFY-05", "VERIFY-49", "VERIFY-50", "VERIFY-51", "VERIFY-71"),
             lacks="more than one attempt: a rehearsal makes some twenty a link, on Mosquitto"),
        Item("certificates are valid and renewed", ("VERIFY-36", "VERIFY-37", "VERIFY-67", "VERIFY-68", "VERIFY-69"),
             lacks="who runs `up` in time: `.github/workflows/certificates.yml`, once it is set up"),
        Item("secrets are synchronized",
             ("VERIFY-35", "VERIFY-38", "VERIFY-39", "VERIFY-40", "VERIFY-65", "VERIFY-67"), "await-secrets"),
        Item("workload identity works", ("VERIFY-22", "VERIFY-28", "VERIFY-29", "VERIFY-30", "VERIFY-31", "VERIFY-65"),
             "await-secrets", "logs of pods"),
        Item("no node is under pressure", ("VERIFY-56",)),
        Item("broker pods are within their limits", ("VERIFY-15", "VERIFY-46"), lacks="what they use"),
        Item("latency is acceptable", ("VERIFY-70",), lacks="what is acceptable: it tells the seconds of one message"),
    ),
}  # fmt: skip
"""Document and place -> its items, in its order."""
