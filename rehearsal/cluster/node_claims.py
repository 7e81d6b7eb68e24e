"""What a script that ended well was asked for, against what its node then is: a swallowed failure is seen here."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from arm import ids
from graph.inputs import decode_parameter, map_at, parameters, text_at, texts_at
from rehearsal.azure.entries import Entry
from rehearsal.cluster.node_facts import NodeFacts

_PRUNED = ("ClusterRoleBinding", "ClusterRole", "NetworkPolicy")


def find_false_claims(command: Entry, facts: NodeFacts) -> Iterator[str]:
    """Yield what is not so although the script of this Run Command succeeded."""
    fact = _read_fact_line(text_at(command.facts, "run.stdout"))
    if fact is None:
        yield "succeeded without the fact line, which each node script prints last on stdout"
    for name, check in _CHECKS.items():
        if command.name == name or (name.endswith("-") and command.name.startswith(name)):
            yield from check(parameters(command.inputs), facts, fact or {})


def _read_fact_line(stdout: str) -> Mapping[str, Any] | None:
    """Return what the script says that it did; None if it says nothing, or more than one line."""
    try:
        fact = json.loads(stdout) if stdout.count("\n") == 1 else None
    except ValueError:
        return None
    return fact if isinstance(fact, dict) else None


def _check_k3s(given: Mapping[str, str], facts: NodeFacts, _: Mapping[str, Any]) -> Iterator[str]:
    packages, extensions = map_at(facts.facts, "packages"), map_at(facts.facts, "az.extensions")
    found = {
        "K3S_VERSION": ("K3s", text_at(facts.facts, "k3s.version") if facts.runs_server else ""),
        "AZURE_CLI_VERSION": ("azure-cli", text_at(packages, "azure-cli.version").partition("-")[0]),
        "CONNECTEDK8S_VERSION": ("connectedk8s", text_at(extensions, "connectedk8s")),
    }
    for parameter, (what, version) in found.items():
        if version != given.get(parameter, ""):
            yield f"{what} on the node is {version or 'absent'}; expected {given.get(parameter)} ({parameter})"


def _check_agent(given: Mapping[str, str], facts: NodeFacts, _: Mapping[str, Any]) -> Iterator[str]:
    k3s = map_at(facts.facts, "k3s")
    is_agent = text_at(k3s, "role") == "agent" and k3s.get("running") is True and text_at(k3s, "joined")
    version = text_at(k3s, "version") if is_agent else ""
    if version != given.get("K3S_VERSION", ""):
        yield f"a K3s that has joined is {version or 'absent'}; expected {given.get('K3S_VERSION')} (K3S_VERSION)"
    if (server := text_at(k3s, "config.server")) != given.get("SERVER_URL", ""):
        yield f"K3s has joined {server or 'nothing'}; expected {given.get('SERVER_URL')} (SERVER_URL)"


def _check_connection(given: Mapping[str, str], facts: NodeFacts, _: Mapping[str, Any]) -> Iterator[str]:
    found = "/".join(text_at(facts.arc, part) for part in ("subscription", "group", "name"))
    expected = "/".join(given.get(name, "") for name in ("SUBSCRIPTION_ID", "RESOURCE_GROUP", "CLUSTER_NAME"))
    if found.lower() != expected.lower():
        yield f"K3s is connected as {found.strip('/') or 'nothing'}; expected {expected}"
    location = text_at(facts.arc, "location")
    if not ids.same_place(location, given.get("LOCATION", "")):
        made = f"the connected cluster was made in {location or 'no location'}"
        yield f"{made}; expected {given.get('LOCATION')} (LOCATION)"
    yield from _check_login(given, map_at(facts.facts, "az.login"))
    if text_at(facts.arc, "custom_locations_oid") != given.get("CUSTOM_LOCATIONS_OBJECT_ID", ""):
        oid = text_at(facts.arc, "custom_locations_oid") or "nothing"
        yield f"custom locations are for {oid}; expected {given.get('CUSTOM_LOCATIONS_OBJECT_ID')}"


def _check_login(given: Mapping[str, str], login: Mapping[str, Any]) -> Iterator[str]:
    """Without a name the metadata service picks the only identity, and refuses as soon as a policy attaches another.

    learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token, "Error handling".
    """
    wanted = given.get("IDENTITY_CLIENT_ID", "")
    if not wanted and login.get("own"):
        return  # the machine's own identity, which is the only one that an Arc-enabled machine has
    if not login.get("named"):
        yield f"az logged in with whatever identity the VM has; expected {wanted} by its id (IDENTITY_CLIENT_ID)"
    elif text_at(login, "client_id").lower() != wanted.lower():
        yield f"az is logged in as {text_at(login, 'client_id')}; expected {wanted} (IDENTITY_CLIENT_ID)"


def _check_objects(given: Mapping[str, str], facts: NodeFacts, fact: Mapping[str, Any]) -> Iterator[str]:
    there = {_identify(one): one for one in facts.objects}
    expected = {_identify(one): one for one in decode_parameter(given.get("OBJECTS", ""))}
    for key, one in expected.items():
        if key not in there:
            yield f"{_name(key)} is not on the cluster"
        elif not _holds(there[key], one):
            yield f"{_name(key)} is on the cluster with other contents than OBJECTS has"
    for name in texts_at(facts.facts, "deleted_own"):
        yield f"{name} is gone, which nobody asked for: it is the cluster's own"
    if fact.get("applied") != len(expected):
        yield f"says that it applied {fact.get('applied')} objects; expected {len(expected)}"
    label, name = "edge-stamps/object-set", given.get("OBJECT_SET", "")
    for key, one in there.items():
        if key[1] in _PRUNED and key not in expected and map_at(one, "metadata.labels").get(label) == name:
            yield f"{key[1]} {key[2]} is still on the cluster, and no longer in OBJECTS"


def _identify(one: Any) -> tuple[str, str, str, str]:
    names = text_at(one, "metadata.name"), text_at(one, "metadata.namespace")
    return text_at(one, "apiVersion"), text_at(one, "kind"), *names


def _name(key: tuple[str, str, str, str]) -> str:
    _, kind, name, namespace = key
    return f"{kind} {name} in {namespace}" if namespace else f"{kind} {name}"


def _holds(found: Any, expected: Any) -> bool:
    """Return whether all that was asked for is there; the cluster may add to it."""
    if isinstance(expected, dict):
        return isinstance(found, dict) and all(_holds(found.get(key), value) for key, value in expected.items())
    return bool(found == expected)


def _check_gate(given: Mapping[str, str], _: NodeFacts, fact: Mapping[str, Any]) -> Iterator[str]:
    seen = {*texts_at(fact, "seen")}
    found = decode_parameter(given.get("EXPECTED", ""))
    expected = {f"{text_at(one, 'kind')}/{text_at(one, 'name')}" for one in found}
    for name in sorted(expected - seen):
        yield f"let pass without having seen {name}"
    if seen - expected:
        yield "says in its fact line something else than the names that EXPECTED lists"


def _check_probe(given: Mapping[str, str], _: NodeFacts, fact: Mapping[str, Any]) -> Iterator[str]:
    expected = {text_at(one, "name") for one in decode_parameter(given.get("LINKS", ""))}
    for name in sorted(expected - {*texts_at(fact, "connected")}):
        yield f"ended without having connected over {name}"


def _check_settled(_: Mapping[str, str], __: NodeFacts, fact: Mapping[str, Any]) -> Iterator[str]:
    if not texts_at(fact, "settled"):
        yield "ended without having seen a dataflow with the new keys"


_CHECKS: Mapping[str, Callable[[Mapping[str, str], NodeFacts, Mapping[str, Any]], Iterator[str]]] = {
    "setup-k3s": _check_k3s,
    "join-k3s": _check_agent,
    "connect-arc": _check_connection,
    "apply-objects": _check_objects,
    "await-secrets": _check_gate,
    "probe-links": _check_probe,
    "prove-": _check_probe,
    "settle-": _check_settled,
}
"""By name of the Run Command, or by its begin."""
