"""Gates: nothing refers to a Secret or ConfigMap before a Run Command has seen it.

A listener without its Secret leaves the broker's frontends unstarted
(learn.microsoft.com/azure/iot-operations/manage-mqtt-broker/howto-configure-brokerlistener).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from graph import pem
from graph.graph import Resource
from graph.inputs import decode_parameter, list_at, text_at
from rules.facts.extensions import SECRET_STORE
from rules.lookup import Hits, View
from rules.references import SECRET_KEYS, object_references

GATE = "await-secrets"
_ROLE_SPREAD_SECONDS = 600
"""How long a new role assignment takes to act (learn.microsoft.com/azure/role-based-access-control/troubleshooting)."""
_LONGEST = _ROLE_SPREAD_SECONDS + int(SECRET_STORE.settings["rotationPollIntervalInSeconds"])


@dataclass(frozen=True)
class Use:
    """A resource that AIO acts on at once, and what must be in the cluster by then."""

    resource: Resource
    kind: str
    name: str
    keys: frozenset[str]
    certificate_key: str
    pem: str
    """What is published under that key."""


def uses(view: View) -> Iterator[Use]:
    """Everything whose Secret or ConfigMap must be there first."""
    for one in object_references(view):
        cluster = view.cluster(one.resource)
        if one.secret_type:
            keys, key = view.secret_keys(cluster, one.name), SECRET_KEYS[one.secret_type][0]
            yield Use(one.resource, "Secret", one.name, frozenset(keys), key, keys.get(key, ""))
        elif bundle := view.bundles.get((cluster, one.name)):  # else REF-05 reports it
            yield Use(one.resource, "ConfigMap", one.name, frozenset({bundle.key}), bundle.key, bundle.pem)


def seen_before_use(view: View) -> Hits:
    """Require that whatever names a Secret or ConfigMap waits for a gate that sees it, with the right certificate."""
    for use in uses(view):
        what = f"{use.kind} {use.name!r}"
        gates = [one for one in view.commands(view.cluster(use.resource), GATE) if view.waits(use.resource, one)]
        expected = [
            one
            for gate in gates
            for one in decode_parameter(view.parameters(gate).get("EXPECTED", ""))
            if (text_at(one, "kind"), text_at(one, "name")) == (use.kind, use.name)
        ]
        if not gates:
            message = (
                f"depends_on: refers to {what} without waiting for an {GATE} command of its cluster, so it may be"
                " there first, and a Secret that is missing takes the broker down. Add the command to depends_on"
            )
            yield use.resource.name, message
        elif not expected:
            yield use.resource.name, f"refers to {what}, which {gates[0].name} does not look for. Add it to EXPECTED"
        else:
            yield from _compared(use, expected[0], gates[0], what)


def _compared(use: Use, expected: object, gate: Resource, what: str) -> Hits:
    missing = use.keys - set(list_at(expected, "keys"))
    if missing:
        yield gate.name, f"EXPECTED: {what} is waited for without its key {', '.join(sorted(missing))}. Add it to keys"
    found = pem.certificates(use.pem)
    published = pem.sha256(found[0]) if found else ""
    given = text_at(expected, "certificate.sha256")
    if published and (text_at(expected, "certificate.key"), given) != (use.certificate_key, published):
        message = (
            f"EXPECTED: {what} is waited for with fingerprint {given or 'none'} of key"
            f" {text_at(expected, 'certificate.key') or 'none'}; {use.certificate_key} is published with {published}"
        )
        yield gate.name, message


def gates_wait_for_makers(view: View) -> Hits:
    """Require that a gate waits for the SecretSyncs and the apply-objects command that make what it looks for."""
    for cluster in view.clusters:
        for gate in view.commands(cluster, GATE):
            parameters = view.parameters(gate)
            if parameters.get("NAMESPACE") != view.namespace(cluster):
                given, required = parameters.get("NAMESPACE"), view.namespace(cluster)
                yield gate.name, f"NAMESPACE is {given!r}; the cluster's Secrets are in {required!r}"
            waits = read_wait_seconds(view, gate)
            if waits < _LONGEST:
                message = (
                    f"WAIT_SECONDS: {waits}; expected at least {_LONGEST}: a role's spread, then secret sync's poll"
                )
                yield gate.name, message
            for expected in decode_parameter(parameters.get("EXPECTED", "")):
                name = text_at(expected, "name")
                maker = _maker(view, cluster, text_at(expected, "kind"), name)
                if maker is None:
                    yield gate.name, f"EXPECTED: nothing on cluster {cluster} makes {name!r}, so it would wait in vain"
                elif not view.waits(gate, maker):
                    yield gate.name, f"depends_on: looks for {name!r} without waiting for {maker.name}. Add it"


def read_wait_seconds(view: View, command: Resource) -> int:
    """Return how long a command's script waits for what it is told to wait for; 0 for what is no number."""
    text = view.parameters(command).get("WAIT_SECONDS", "")
    return int(text) if text.isdecimal() else 0


def _maker(view: View, cluster: str, kind: str, name: str) -> Resource | None:
    if kind == "Secret":
        return view.syncs.get((cluster, name))
    bundle = view.bundles.get((cluster, name))
    return bundle.command if bundle else None
