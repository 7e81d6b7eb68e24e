"""The stack's outputs: the contract of docs/outputs.md, with what the graph really holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from cryptography import x509

from arm import ids
from arm.types.keyvault import SECRET
from arm.types.network import VIRTUAL_NETWORK_PEERING
from arm.values import leaves, reveal
from graph import pem
from graph.inputs import at, shorten, text_at
from rules import described
from rules.certificates import server_trust
from rules.dataflows import client_ids
from rules.lookup import Hits, View

_KEYS = (
    "arc_proxy_commands", "broker_endpoints", "clusters", "vnet_peerings", "links", "certificates", "secret_sync",
    "release", "generations",
)  # fmt: skip
_ENDPOINT = frozenset({"host", "address", "port", "url", "listener", "ca_fingerprint"})
_CLUSTER = frozenset({"hosting", "resource_group", "arc_connected_cluster", "aio_instance", "key_vault"})
_LINK = frozenset({"from", "to", "via", "topics", "endpoint", "client_ids"})
_RELEASE = frozenset({"name", "aio", "cert_manager", "secret_store", "iot_operations_api", "device_registry_api"})
_AUTHORITIES = ("client-root", "client-intermediate")
_GENERATION = frozenset({"live", "revoked", "counted"})
_REQUEST = frozenset({"request", "subject", "is_ca", "use", "names", "file", "signed"})
_CERTIFICATE = frozenset({"subject", "issuer", "not_after", "sha256"})


def contract(view: View) -> Hits:
    """All keys of the contract are there, for every cluster and link, and say what the resources say."""
    outputs: dict[str, Any] = reveal(view.graph.outputs)
    for problem in [*_missing(view, outputs), *_wrong(view, outputs)]:
        yield f"{view.graph.project}-{view.graph.stack}", problem


def _missing(view: View, outputs: Mapping[str, Any]) -> list[str]:
    brokers = [name for name, cluster in view.clusters.items() if cluster.listener]
    entries: dict[str, dict[str, frozenset[str]]] = {
        "arc_proxy_commands": dict.fromkeys(view.clusters, frozenset()),
        "clusters": {name: _CLUSTER | view.host(name).outputs for name in view.clusters},
        "broker_endpoints": dict.fromkeys(brokers, _ENDPOINT),
        "links": dict.fromkeys(view.settings.links, _LINK),
        "secret_sync": dict.fromkeys(view.clusters, frozenset()),
        "certificates": dict.fromkeys(
            [
                *_AUTHORITIES,
                *(f"broker/{name}{of}" for name in brokers for of in ("", "/root", "/intermediate")),
                *(f"link/{name}" for name in view.settings.links),
            ],
            _CERTIFICATE,
        ),
        "generations": {
            "authorities": _GENERATION,
            "brokers": frozenset(brokers),
            "links": frozenset(view.settings.links),
        },
        "ssh_commands": dict.fromkeys(_list_ssh_commands(view), frozenset()),
        "certificate_requests": dict.fromkeys((one.name for one in view.settings.external.requests), _REQUEST),
    }
    keys = [*_KEYS, *(["certificate_requests"] if view.settings.pki.has_external_ca else [])]
    keys += ["ssh_commands"] if _list_ssh_commands(view) else []
    problems = [f"stack output {key} is missing; it is part of the contract" for key in keys if key not in outputs]
    problems += [
        f"stack output {key} is no part of the contract, and whoever reads the stack reads it. Take it out, or add it"
        " to docs/outputs.schema.json and rules/outputs.py"
        for key in outputs
        if key not in keys
    ]
    told = outputs.get("release")
    if isinstance(told, Mapping) and (others := _RELEASE ^ told.keys()):
        problems.append(f"stack output release: {', '.join(sorted(others))} is missing, or no part of the contract")
    for key, expected in entries.items():
        given = outputs.get(key)
        if not isinstance(given, Mapping):
            continue
        for name, inner in expected.items():
            entry = given.get(name)
            lacking = inner - set(entry if isinstance(entry, Mapping) else ()) if name in given else {"its entry"}
            if lacking:
                problems.append(f"stack output {key}.{name} lacks {', '.join(sorted(lacking))}")
        problems += [
            f"stack output {key}.{name} is about nothing in the settings" for name in given if name not in expected
        ]
    return problems


def _list_ssh_commands(view: View) -> dict[str, str]:
    """Return what opens a shell on each machine that Azure leads to."""
    subscription = view.settings.tenant.subscription_id
    machines = {name: one.machine for name, one in view.clusters.items() if one.machine and one.machine.ssh_over_arc}
    return {
        name: f"az ssh arc --subscription {subscription} --resource-group {one.resource_group} --name {one.name}"
        f" --local-user {one.ssh_over_arc.user if one.ssh_over_arc else ''}"
        for name, one in machines.items()
    }


def _generations(view: View) -> dict[str, Any]:
    """Return what is live where no rotation is under way: what the settings want, alone."""
    settings = view.settings

    def of(generation: int, revoked: int, own: int = 1) -> dict[str, Any]:
        counted = [{"number": generation, "own": own, "pki": settings.pki.generation}]
        return {"live": [generation], "revoked": revoked, "counted": counted}

    return {
        "authorities": of(settings.pki.generation, settings.pki.revoked_generation),
        "brokers": {
            name: of(one.listener.generation, one.listener.revoked_generation, one.listener.own_generation)
            for name, one in settings.clusters.items()
            if one.listener
        },
        "links": {
            name: of(link.generation, link.revoked_generation, link.own_generation)
            for name, link in settings.links.items()
        },
    }


def _wrong(view: View, outputs: Mapping[str, Any]) -> list[str]:
    problems = []
    for where, value, _ in leaves({key: outputs.get(key) for key in ("clusters", "vnet_peerings")}):
        is_id = isinstance(value, str) and value.startswith("/subscriptions/")
        known = value in view.by_path or value in view.connected_clusters or (is_id and view.exists(value))
        if is_id and not known:
            problems.append(f"stack output {where}: nothing in this stack has the id {shorten(value)}")
    for name, cluster in view.clusters.items():
        command = (
            f"az connectedk8s proxy -n {cluster.names.connected_cluster} -g {cluster.arc_resource_group}"
            f" --subscription {view.settings.tenant.subscription_id} --port {cluster.arc_proxy_port}"
        )
        problems += _different("arc_proxy_commands", at(outputs, "arc_proxy_commands") or {}, {name: command})
        told: dict[str, Any] = {"hosting": cluster.hosting}
        if nodes := _describe_nodes(view, name):
            told["nodes"] = nodes
        problems += _different(f"clusters.{name}", at(outputs, f"clusters.{name}") or {}, told)
    problems += _different("ssh_commands", at(outputs, "ssh_commands") or {}, _list_ssh_commands(view))
    ports = Counter(cluster.arc_proxy_port for cluster in view.clusters.values())
    problems += [
        f"stack output arc_proxy_commands: {port} is the port of {n} clusters" for port, n in ports.items() if n > 1
    ]
    problems += described.differences(view, outputs)
    problems += _different("generations", at(outputs, "generations") or {}, _generations(view))
    found_ends = [[view.by_path.get(end) for end in view.ends(one)] for one in view.all(VIRTUAL_NETWORK_PEERING)]
    peered = {frozenset(view.cluster(end) for end in ends if end) for ends in found_ends}
    for parts in view.links:
        if parts.listener is None or parts.endpoint is None:  # ASK-01
            continue
        found = at(outputs, f"broker_endpoints.{parts.link.broker}") or {}
        host, port = view.settings.listener_of(parts.link).host, parts.port.get("port")
        bundle = server_trust(view, parts)
        roots = pem.certificates(bundle.pem) if bundle else []
        expected = {
            "host": host,
            "address": _address(view, outputs, parts.link.broker),
            "port": port,
            "url": f"mqtts://{host}:{port}",
            "listener": view.path(parts.listener).rpartition("/")[2],
            **({"ca_fingerprint": pem.sha256(roots[0])} if roots else {}),
        }
        problems += _different(f"broker_endpoints.{parts.link.broker}", found, expected)
        ids = client_ids(view, parts, parts.endpoint)
        topics = [
            {"from": topic.source, "to": topic.destination, "shared": topic.shared} for topic in parts.link.topics
        ]
        given = {**(at(outputs, f"links.{parts.link.name}") or {})}
        given["client_ids"] = sorted(given.get("client_ids") or [])
        expected = {"from": parts.link.client, "to": parts.link.broker, "topics": topics, "client_ids": ids}
        expected["via"] = "peering" if {parts.link.client, parts.link.broker} in peered else "routed"
        expected["endpoint"] = view.path(parts.endpoint).rpartition("/")[2]
        problems += _different(f"links.{parts.link.name}", given, expected)
    return list(dict.fromkeys(problems))


def _describe_nodes(view: View, cluster: str) -> list[dict[str, str]]:
    """Return what is told of each node: of the first, its id stands elsewhere."""
    return [
        {"name": ids.name_of(node), "address": str(address), **({"id": node} if index else {})}
        for index, (node, address) in enumerate(
            zip(_list_nodes(view, cluster), view.clusters[cluster].addresses, strict=False)
        )
    ]


def _list_nodes(view: View, cluster: str) -> list[str]:
    """Return the ids of the machines that a cluster runs on, whoever has made them, in the order of the settings."""
    if there := view.existing_machines.get(cluster):
        return [one["id"] for one in there]
    order = [None, *view.clusters[cluster].nodes]
    return [view.path(one) for one in sorted(view.nodes(cluster), key=lambda one: order.index(view.further(one)))]


def _address(view: View, outputs: Mapping[str, Any], broker: str) -> Any:
    """Return where the broker is: what its node has been given, or what the settings say of one that is not ours."""
    is_ours = view.clusters[broker].network is not None
    return at(outputs, f"clusters.{broker}.node.private_ip_address") if is_ours else str(view.clusters[broker].address)


def _different(where: str, given: Mapping[str, Any], expected: Mapping[str, Any]) -> list[str]:
    return [
        f"stack output {where}.{key} is {given[key]!r}; deployed is {value!r}"
        for key, value in expected.items()
        if key in given and given[key] != value
    ]


def certificates(view: View) -> Hits:
    """Require that the output `certificates` describes exactly the certificates that the stack makes."""
    made = {
        pem.sha256(found): (resource.name, found)
        for resource in view.resources
        if resource.type.startswith("tls:")
        for found in pem.certificates(text_at(view.outputs(resource), "certPem"))
    }
    known = {**_given(view), **made}
    listed = {}
    stack = f"{view.graph.project}-{view.graph.stack}"
    for name, entry in (at(reveal(view.graph.outputs), "certificates") or {}).items():
        digest = text_at(entry, "sha256")
        listed[digest] = name
        if digest not in known:
            yield stack, f"stack output certificates.{name}.sha256: no certificate of this stack has {digest or 'none'}"
            continue
        found = known[digest][1]
        expected = {
            "subject": pem.subject(found.subject),
            "issuer": pem.subject(found.issuer),
            "not_after": found.not_valid_after_utc.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        for problem in _different(f"certificates.{name}", entry, expected):
            yield stack, problem
    for digest, (name, _) in made.items():
        if digest not in listed:
            yield name, "is missing in the stack output certificates, so nobody sees when it ends. Add it"


def _given(view: View) -> dict[str, tuple[str, x509.Certificate]]:
    """Return what an external CA has signed: no resource makes it, and vaults and Bundles hold it."""
    if not view.settings.pki.has_external_ca:
        return {}
    texts = [(one.name, text_at(view.inputs(one), "properties.value")) for one in view.all(SECRET)]
    texts += [(one.command.name, one.pem) for one in view.bundles.values()]
    return {pem.sha256(found): (name, found) for name, text in texts for found in pem.certificates(text)}
