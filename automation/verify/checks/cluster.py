"""Checks of what a cluster says of itself. `az iot ops check` looks at its broker too; nothing of it at certificates.

Azure/azure-iot-ops-cli-extension, azext_edge/edge/providers/check/mq.py
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from arm import ids
from arm.types.iotoperations import BROKER, BROKER_LISTENER
from arm.types.secretsynccontroller import SECRET_SYNC
from automation.certificates.published import read_renewal_windows, window_of_roots
from automation.verify.azure import UnseenError
from automation.verify.check import Problem
from automation.verify.checks.vaults import describe_end, find_windows
from automation.verify.inside import GATE, Item, find_script, read_parameter
from automation.verify.look import Look, show
from graph.inputs import decode_parameter, list_at, map_at, parameters, text_at
from rules.facts.aio import NAMESPACE

_PRESSURES = ("DiskPressure", "MemoryPressure", "PIDPressure", "NetworkUnavailable")
"""kubernetes.io/docs/reference/node/node-status, Conditions."""
CLOCK_SECONDS = 60
"""How far a node's clock may be away; certificates begin now, and Entra's tokens have five minutes."""
RESTARTED_SECONDS = 60 * 60
"""A pod that has restarted since is told."""
_AIO = NAMESPACE.value
_CERTIFICATE, _END = 0, 1


def check_nodes(look: Look) -> Iterator[Problem]:
    """Check that every node is there, and Ready."""
    nodes, wanted = [*look.items("Node")], 1 + len(look.cluster.nodes)
    if look.inside and look.cluster.node and len(nodes) < wanted:
        names = ", ".join(node["name"] for node in nodes)
        yield Problem("nodes", f"{len(nodes)}: {names}", f"{wanted}, as in the settings")
    for node in nodes:
        status, reason, message, _ = node["conditions"].get("Ready", ["Unknown", "", "", ""])
        if status != "True":
            yield Problem(f"node {node['name']}", f"Ready is {status} {reason} {message}".strip(), "True")


def check_pressure(look: Look) -> Iterator[Problem]:
    """Check that no node is short of something."""
    for node in look.items("Node"):
        for name in _PRESSURES:
            status, reason, message, _ = node["conditions"].get(name, ["False", "", "", ""])
            if status != "False":
                yield Problem(f"node {node['name']}", f"{name} is {status} {reason} {message}".strip(), "False")


def check_version(look: Look) -> Iterator[Problem]:
    """Check that Kubernetes is not older than what the settings install: an installed one is never taken back."""
    setup = find_script(look.expectation, look.cluster.name, "setup-k3s")
    if setup is None:
        return
    wanted = parameters(map_at(setup.body, "properties"))["K3S_VERSION"]
    for node in look.items("Node"):
        if _read_numbers(node["version"]) < _read_numbers(wanted):
            yield Problem(f"node {node['name']}", f"its version is {node['version'] or 'not told'}", wanted)


def _read_numbers(version: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", version)]


def check_clock(look: Look) -> Iterator[Problem]:
    """Check that the node's clock is Azure's; questions to a cluster that was there before run on no node of it."""
    if look.cluster.existing is None and (inside := look.inside):
        look.looked += 1
        before, seconds, after = inside.clock
        if not before - CLOCK_SECONDS <= seconds <= after + CLOCK_SECONDS:
            away = seconds - (after if seconds > after else before)
            yield Problem("the node", f"its clock is {away:+.0f} s away", f"at most {CLOCK_SECONDS} s from Azure's")


def check_storage(look: Look) -> Iterator[Problem]:
    """Check that a volume without a class of its own gets one."""
    if look.inside is None:
        return
    classes = [*look.items("StorageClass")]
    look.looked += 1
    default = [one["name"] for one in classes if one["default"]]
    if len(default) != 1:
        known = ", ".join(one["name"] for one in classes) or "none"
        yield Problem("storage classes", f"default: {', '.join(default) or 'none'} of {known}", "one")


def check_claims(look: Look) -> Iterator[Problem]:
    """Check that every claim has its volume; a broker without persistence has none."""
    look.looked += look.inside is not None
    for claim in look.items("PersistentVolumeClaim"):
        if claim["phase"] != "Bound":
            yield Problem(_name(claim), f"it is {claim['phase'] or 'without a phase'}", "Bound")


def check_pods(look: Look) -> Iterator[Problem]:
    """Check that every pod runs and is ready, or has done its work; AIO's namespace has some."""
    pods = [*look.items("Pod")]
    if look.inside and not any(pod["namespace"] == _AIO for pod in pods):
        yield Problem(f"namespace {_AIO}", "it has no pod", "those of IoT Operations")
    for pod in pods:
        is_done = pod["phase"] == "Succeeded" or pod["replaced"]
        if not is_done and not pod["ready"] and not _is_broker(pod):
            why = f" {pod['reason']}" if pod["reason"] else ""
            yield Problem(_name(pod), f"it is {pod['phase']}{why}, and not ready", "Running, ready")


def check_restarts(look: Look) -> Iterator[Problem]:
    """Check that no pod has restarted of late."""
    if look.inside is None:
        return
    now = look.inside.clock[1]
    for pod in look.items("Pod"):
        if pod["restarted"] and now - pod["restarted"] < RESTARTED_SECONDS:
            minutes = (now - pod["restarted"]) / 60
            yield Problem(_name(pod), f"restarted {minutes:.0f} minutes ago, for the {pod['restarts']}th time", "calm")


def check_broker(look: Look) -> Iterator[Problem]:
    """Check that each frontend and backend of the broker runs; AIO names them by replica and partition."""
    if look.inside is None:
        return
    pods = {pod["name"]: pod for pod in look.items("Pod", _AIO)}
    for broker in look.subjects(BROKER):
        for name in _name_broker_pods(map_at(broker.body, "properties.cardinality")):
            pod = pods.get(name)
            if pod is None:
                yield Problem(f"Pod {name}", "it is not there", "Running, ready")
            elif not pod["ready"]:
                yield Problem(f"Pod {name}", f"it is {pod['phase']} {pod['reason']}".strip(), "Running, ready")


def _name_broker_pods(cardinality: Mapping[str, Any]) -> Iterator[str]:
    """Yield the names of its pods.

    learn.microsoft.com/azure/iot-operations/manage-mqtt-broker/howto-configure-availability-scale; those of several
    replicas and partitions stand in microsoft/edge-ai, the broker's sizing.
    """
    yield from (f"aio-broker-frontend-{number}" for number in range(cardinality["frontend"]["replicas"]))
    chain = cardinality["backendChain"]
    for partition in range(1, chain["partitions"] + 1):
        yield from (f"aio-broker-backend-{partition}-{number}" for number in range(chain["redundancyFactor"]))


def _is_broker(pod: Item) -> bool:
    is_named_so = str(pod["name"]).startswith(("aio-broker-frontend-", "aio-broker-backend-"))
    return is_named_so and pod["namespace"] == _AIO


def check_services(look: Look) -> Iterator[Problem]:
    """Check that each listener has its Service, with its ports, and an address where others are to reach it."""
    if look.inside is None:
        return
    services = {one["name"]: one for one in look.items("Service", _AIO)}
    for listener in look.subjects(BROKER_LISTENER):
        name = text_at(listener.body, "properties.serviceName") or listener.id.rsplit("/", 1)[1]
        service = services.get(name)
        if service is None:
            yield Problem(f"Service {name}", "it is not there", f"that of {listener.label}")
            continue
        missing = {one["port"] for one in list_at(listener.body, "properties.ports")} - {*service["ports"]}
        if missing:
            yield Problem(f"Service {name}", f"it lacks port {show(sorted(missing))}", f"those of {listener.label}")
        if text_at(listener.body, "properties.serviceType") == "LoadBalancer":
            yield from _check_address(name, service, str(look.cluster.address))


def _check_address(name: str, service: Item, address: str) -> Iterator[Problem]:
    if address not in service["addresses"]:
        seen = f"its type is {service['type']}, its address {', '.join(service['addresses']) or 'pending'}"
        yield Problem(f"Service {name}", seen, f"LoadBalancer, {address}")


def check_syncs(look: Look) -> Iterator[Problem]:
    """Check that secret sync has no complaint of any of its objects.

    A condition that it does not renew, or that says Unknown while it works, is none; neither is one from before the
    last success (kubernetes-sigs/secrets-store-sync-controller, pkg/controller).
    """
    if look.inside is None:
        return
    syncs = {one["name"]: one for one in look.items("SecretSync", _AIO)}
    for subject in look.subjects(SECRET_SYNC):
        name = subject.id.rsplit("/", 1)[1]
        found = syncs.get(name)
        if found is None:
            yield Problem(f"SecretSync {name}", "it is not there", "it is")
            continue
        for kind, (status, reason, message, since) in found["conditions"].items():
            if status == "False" and (not since or since > found["synced"]):
                yield Problem(f"SecretSync {name}", f"{kind} is {status}: {reason}: {message}", "True")


def check_bundles(look: Look) -> Iterator[Problem]:
    """Check that trust-manager is content with each of its Bundles."""
    for bundle in look.items("Bundle"):
        status, reason, message, _ = bundle["conditions"].get("Synced", ["Unknown", "no condition", "", ""])
        if status != "True":
            yield Problem(f"Bundle {bundle['name']}", f"Synced is {status}: {reason}: {message}", "True")


def check_secrets(look: Look) -> Iterator[Problem]:
    """Check that what listeners and endpoints name has its keys, and the certificate that was published last.

    Which keys, the settings say; which certificate, the gate's parameters as Azure has them.
    """
    gate = find_script(look.expectation, look.cluster.name, GATE)
    if look.inside is None or gate is None:
        return
    held = {(kind, one["name"]): one["keys"] for kind in ("Secret", "ConfigMap") for one in look.items(kind, _AIO)}
    told = {(one["kind"], one["name"]): one for one in read_parameter(look.evidence.bodies[gate.id], "EXPECTED")}
    for wanted in decode_parameter(parameters(map_at(gate.body, "properties"))["EXPECTED"]):
        place = wanted["kind"], wanted["name"]
        where, keys = " ".join(place), held.get(place)
        if keys is None:
            yield Problem(where, "it is not there", f"keys {', '.join(sorted(wanted['keys']))}")
            continue
        if missing := sorted({*wanted["keys"]} - keys.keys()):
            yield Problem(where, f"keys missing or empty: {', '.join(missing)}")
        if place not in told:
            look.note(where, UnseenError("the gate in Azure does not know it"))
        elif certificate := told[place].get("certificate"):
            yield from _check_certificate(where, keys, certificate, only=place[0] == "ConfigMap")


def _check_certificate(where: str, keys: Item, wanted: Mapping[str, str], *, only: bool) -> Iterator[Problem]:
    """Compare the first certificate of a key; in a ConfigMap, every one of which is trusted, it is the only one."""
    found = keys.get(wanted["key"], [])
    if found and found[0][_CERTIFICATE] != wanted["sha256"]:
        yield Problem(where, f"{wanted['key']} holds the certificate {found[0][_CERTIFICATE]}", wanted["sha256"])
    elif not found and wanted["key"] in keys:
        yield Problem(where, f"{wanted['key']} holds no certificate", wanted["sha256"])
    if only and sum(map(len, keys.values())) > 1:
        yield Problem(where, f"it holds {sum(map(len, keys.values()))} certificates", "one")


def check_days_left(look: Look) -> Iterator[Problem]:
    """Check that no certificate in use has ended, or should have been renewed by now."""
    if look.inside is None:
        return
    windows = dict(_windows(look))
    now = look.now.timestamp()
    for kind in ("Secret", "ConfigMap"):
        for item in look.items(kind, _AIO):
            for key, found in item["keys"].items():
                # What AIO makes for itself, it renews itself.
                window = windows.get((kind, item["name"], key), timedelta())
                left = min((timedelta(seconds=end - now) for _, end in found), default=None)
                if left is not None and left < window:
                    yield describe_end(_name(item), key, left, window)


def _windows(look: Look) -> Iterator[tuple[tuple[str, str, str], timedelta]]:
    """Yield kind, name and key of what the stack brings -> how long before its end it is to be renewed."""
    in_vault = find_windows(look)
    for subject in look.subjects(SECRET_SYNC):
        for one in list_at(subject.body, "properties.objectSecretMapping"):
            window = in_vault.get(text_at(one, "sourcePath"), timedelta())
            yield ("Secret", ids.name_of(subject.id), text_at(one, "targetKey")), window
    view = look.expectation.view
    window = window_of_roots(read_renewal_windows(view.graph).values())
    for (cluster, name), bundle in view.bundles.items():
        if cluster == look.cluster.name:
            yield ("ConfigMap", name, bundle.key), window


def check_link(look: Look) -> Iterator[Problem]:
    """Check that the link's broker answers its own CONNECT: name, way, certificates, policy."""
    inside = look.inside
    if inside is None:
        return
    if look.cluster.existing:
        look.left_out = (
            f"{look.cluster.name} was there before the stack: up tries the link from the machine that deploys"
        )
        return
    reason = inside.links.get(look.place.name) if isinstance(inside.links, Mapping) else None
    if reason is None:
        why = "the probe in Azure does not know it" if isinstance(inside.links, Mapping) else inside.links.reason
        look.note(f"link {look.place.name}", UnseenError(why))
        return
    look.looked += 1
    if reason:
        yield Problem(f"link {look.place.name}", reason)


def _name(item: Item) -> str:
    return f"{item['kind']} {item['namespace']}/{item['name']}"
