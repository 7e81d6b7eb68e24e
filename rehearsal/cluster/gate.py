"""Run the gate, nodes/await-secrets.sh, on the model: what it still misses, in its own words.

Tests compare these words with the script's.
"""

from __future__ import annotations

import hashlib
import re
import ssl
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

from arm import ids
from arm.types.kubernetes import CONNECTED_CLUSTER
from graph import pem
from graph.inputs import decode_parameter, text_at, texts_at
from rehearsal.azure.entries import Entry
from rehearsal.azure.refusals import access
from rehearsal.azure.state import AzureState
from rehearsal.cluster.build import build_view
from rehearsal.cluster.inventory import Inventory, IsEffective
from rehearsal.cluster.key_pairs import MQTT_CLIENT, TLS
from rehearsal.cluster.model import ClusterView
from rehearsal.cluster.node_state import find_node_id
from rules.facts import aio

_SECONDS = re.compile(r"[1-9][0-9]{0,4}")
_BEGIN, _END = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
_OTHER_MAKER = "a Secret of this name exists that secret sync did not make: delete it"
_REMEDY = {
    "InvalidClusterSecretLabelError": _OTHER_MAKER,
    "InvalidClusterSecretAnnotationError": _OTHER_MAKER,
    "PartialSync": "a vault secret of the mapping is missing: check the names in the vault",
    "ProviderError": "check the vault secret, the vault role and the federated credential (issuer, subject)",
}
_SECRET_REMEDY = "check the SecretSync of this name, its SecretProviderClass, and the secret-store extension"
_CONFIG_MAP_REMEDY = "check the trust-manager Bundle of this name and the labels of the namespace"


def read_wait_seconds(parameters: Mapping[str, str]) -> int:
    """Return how long the gate waits; 0 if the parameter is not usable."""
    given = parameters.get("WAIT_SECONDS", "")
    return int(given) if _SECONDS.fullmatch(given) else 0


def judge(state: AzureState, command_id: str, parameters: Mapping[str, str]) -> str:
    """Return the gate's error in the modelled Azure as it is; roles that spread while it waits count."""
    is_effective = partial(access.is_effective, state, within=read_wait_seconds(parameters))
    return run_gate(state.entries.values(), is_effective, command_id, parameters)


def run_gate(
    entries: Iterable[Entry], is_effective: IsEffective, command_id: str, parameters: Mapping[str, str]
) -> str:
    """Return the error of a gate that runs as this Run Command, after its wait; empty if it succeeds."""
    expected, namespace = decode_parameter(parameters.get("EXPECTED", "")), parameters.get("NAMESPACE", "")
    if fault := _find_parameter_fault(expected, namespace, parameters):
        return fault
    inventory = Inventory(entries, is_effective, datetime.now(UTC))
    node = ids.key(ids.parent_of(command_id))
    clusters = [one for one in inventory.of_type(CONNECTED_CLUSTER) if ids.key(find_node_id(inventory, one)) == node]
    if clusters and namespace == aio.NAMESPACE.value:
        missing = find_missing(build_view(inventory, clusters[0]), expected)
    else:
        missing = [_describe(one, "not there", None) for one in expected]
    if not missing:
        return ""
    seconds = read_wait_seconds(parameters)
    return (
        f"namespace {namespace}: all expected objects in place: not so after {seconds} s; last seen:"
        f" {'; '.join(missing)[:3000]}. Next: what follows each arrow; the gate runs again with the next deployment."
    )


def _find_parameter_fault(expected: Sequence[Any], namespace: str, parameters: Mapping[str, str]) -> str:
    """Return what the script refuses before it waits."""
    if not namespace:
        return "parameter NAMESPACE is not set."
    if not read_wait_seconds(parameters):
        given = parameters.get("WAIT_SECONDS", "")
        return f"WAIT_SECONDS is '{given}'. Expected: a whole number from 1 to 99999, such as 900. Next: correct it."
    if not expected or not all(map(_is_usable, expected)):
        return "EXPECTED is not usable. Expected: base64 of a JSON list as the head of await-secrets.sh says."
    return ""


def _is_usable(one: Any) -> bool:
    keys, certificate_key = texts_at(one, "keys"), text_at(one, "certificate.key")
    fits = not certificate_key or (certificate_key in keys and len(text_at(one, "certificate.sha256")) == 64)
    return text_at(one, "kind") in ("Secret", "ConfigMap") and bool(text_at(one, "name") and keys) and fits


def find_missing(view: ClusterView, expected: Sequence[Any]) -> list[str]:
    """Return what of EXPECTED is not as the gate waits for it, each with the next step."""
    found = [(one, _find_problem(view, one)) for one in expected]
    return [_describe(one, problem, view) for one, problem in found if problem]


def _describe(one: Any, problem: str, view: ClusterView | None) -> str:
    what = f"{text_at(one, 'kind')} {text_at(one, 'name')}: {problem}"
    if text_at(one, "kind") != "Secret":
        return " ".join(f"{what} -> {_CONFIG_MAP_REMEDY}".split())
    condition = view.conditions.get(text_at(one, "name")) if view else None
    remedy = _SECRET_REMEDY
    if condition:
        what += f" [SecretSync {condition.type}: {condition.reason}: {condition.message[:200]}]"
        remedy = _REMEDY.get(condition.reason, _SECRET_REMEDY)
    return " ".join(f"{what} -> {remedy}".split())


def _find_problem(view: ClusterView, one: Any) -> str:
    """Return what is wrong with one object; empty if nothing is."""
    name, keys = text_at(one, "name"), texts_at(one, "keys")
    is_secret = text_at(one, "kind") == "Secret"
    found = view.secrets.get(name) if is_secret else view.config_maps.get(name)
    if found is None:
        return "not there"
    surplus = sorted({*found.data} - {*keys})
    if surplus and not is_secret:
        return f"has keys that nobody expects: {', '.join(surplus)}; expected exactly: {', '.join(keys)}"
    absent = [key for key in keys if not found.data.get(key, "").strip()]
    if absent:
        return f"keys missing or empty: {', '.join(absent)}"
    return _find_certificate_fault(one, found.data) or (_find_key_fault(keys, found.data) if is_secret else "")


def _find_certificate_fault(one: Any, data: Mapping[str, str]) -> str:
    key, expected = text_at(one, "certificate.key"), text_at(one, "certificate.sha256").lower()
    if not key:
        return ""
    value = data[key]
    if text_at(one, "kind") == "ConfigMap" and value.count("-----BEGIN ") != 1:
        return f"{key} holds more than one certificate, and AIO would trust each; expected one"
    start, end = value.find(_BEGIN), value.find(_END)
    try:
        der = ssl.PEM_cert_to_DER_cert(value[start : end + len(_END)])
    except ValueError:
        return f"{key} holds no certificate in PEM"
    given = hashlib.sha256(der).hexdigest()
    return "" if given == expected else f"{key} holds the certificate {given}; expected {expected}"


def _find_key_fault(keys: Sequence[str], data: Mapping[str, str]) -> str:
    for pair in (TLS, MQTT_CLIENT):
        if pair.private_key in keys and pair.certificate in data:
            found = pem.certificates(data[pair.certificate])
            if not found or pem.key_of(found[0]) != pem.key_of_private(data[pair.private_key]):
                return f"{pair.private_key} is not the private key of the first certificate in {pair.certificate}"
    return ""
