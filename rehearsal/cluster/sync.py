"""Sync secrets as the Secret Store extension does: which Secret each SecretSync makes, and its condition.

learn.microsoft.com/azure/azure-arc/kubernetes/secret-store-extension-reference, -troubleshooting
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import yaml
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from arm.types.secretsynccontroller import SECRET_PROVIDER_CLASS, SECRET_SYNC
from graph.inputs import at, list_at, text_at
from rehearsal.azure.entries import Entry
from rehearsal.cluster import vault
from rehearsal.cluster.inventory import Inventory
from rehearsal.cluster.model import Condition, Secret, Symptom
from rehearsal.cluster.node_state import NodeState
from rehearsal.cluster.placement import Placement
from rehearsal.cluster.vault import Reader, RefusedError, ServiceAccount
from rules.facts import aio
from rules.facts.extensions import SECRET_STORE

_TLS = "kubernetes.io/tls"
_ACCOUNTS = (aio.SECRET_SYNC_SERVICE_ACCOUNT.value, aio.DATAFLOW_SERVICE_ACCOUNT.value)
"""Service accounts that AIO makes in its namespace and that this project uses."""
_BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----.+?-----END \1-----\n?", re.DOTALL)


@dataclass(frozen=True)
class SyncedSecrets:
    """What became of all SecretSyncs of a cluster."""

    secrets: Mapping[str, Secret]
    conditions: Mapping[str, Condition]
    problems: Sequence[Symptom]


@dataclass(frozen=True)
class _Outcome:
    condition: Condition
    secret: Secret | None = None
    faults: Sequence[RefusedError] = ()


def sync_secrets(
    inventory: Inventory, cluster: Entry, node: NodeState, here: Placement, unmanaged: Mapping[str, Secret]
) -> SyncedSecrets:
    """Run the controller once over every SecretSync of the cluster."""
    outcomes = {one.name: _sync(inventory, one, node, here, unmanaged) for one in here.of_type(SECRET_SYNC)}
    made = {name: outcome.secret for name, outcome in outcomes.items() if outcome.secret}
    problems = [
        Symptom(fault.rule, cluster.name, f"SecretSync {name}", f"{one.condition.reason}: {fault.text}", fault.remedy)
        for name, one in outcomes.items()
        for fault in one.faults
    ]
    return SyncedSecrets({**made, **unmanaged}, {name: one.condition for name, one in outcomes.items()}, problems)


def _sync(
    inventory: Inventory, sync: Entry, node: NodeState, here: Placement, unmanaged: Mapping[str, Secret]
) -> _Outcome:
    try:
        provider_class = _find_provider_class(sync, here)
        versions = _read_objects(provider_class)
        mapping = _read_mapping(sync, versions)
        _check_maker(sync, unmanaged)
        _check_service_account(sync, node)
        account = ServiceAccount(node.issuer, here.namespace, text_at(sync.inputs, "serviceAccountName"))
        reader = vault.sign_in(inventory, account, provider_class)
        values: dict[str, str] = {}
        refused: dict[str, RefusedError] = {}
        for key, name in mapping.items():
            try:
                values[key] = vault.read_secret(inventory, reader, name, versions[name])
            except RefusedError as refusal:
                refused[key] = refusal
        outcome = _make_secret(sync, here, mapping, values, refused)
        return replace(outcome, faults=[*outcome.faults, *_find_date_faults(inventory, reader, mapping)])
    except RefusedError as refusal:
        return _Outcome(Condition("Create", "False", refusal.reason, refusal.text), None, [refusal])


def _find_provider_class(sync: Entry, here: Placement) -> Entry:
    name = text_at(sync.inputs, "secretProviderClassName")
    for found in here.of_type(SECRET_PROVIDER_CLASS):
        if found.name == name:
            return found
    message = f'failed to get SecretProviderClass "{name}": not found in namespace {here.namespace}'
    raise RefusedError("CLUSTER-06", message, "name a class of the same custom location", "ControllerSpcError")


def _read_objects(provider_class: Entry) -> dict[str, str]:
    """Return the class's `objects`, YAML with a list of YAML texts: name -> version, if any."""
    where = f"objects of SecretProviderClass {provider_class.name}"
    remedy = "write objects as YAML: array, a list of texts, each YAML with objectName and objectType: secret"
    try:
        outer = yaml.safe_load(text_at(provider_class.inputs, "objects") or "{}")
        found = [yaml.safe_load(str(item)) for item in list_at(outer, "array")]
    except yaml.YAMLError as error:
        message = f"{where} are no YAML: {str(error).splitlines()[0]}"
        raise RefusedError("CLUSTER-06", message, remedy, "ControllerSpcError") from error
    for one in found:
        known = isinstance(one, dict) and {*one} <= {"objectName", "objectType", "objectVersion"}
        if not known or not text_at(one, "objectName") or text_at(one, "objectType") != "secret":
            raise RefusedError("CLUSTER-06", f"{where}: {one!r} is not modelled", remedy, "ControllerSpcError")
    return {text_at(one, "objectName"): text_at(one, "objectVersion") for one in found}


def _read_mapping(sync: Entry, versions: Mapping[str, str]) -> dict[str, str]:
    """Return key of the Secret -> vault secret."""
    mapping = {
        text_at(one, "targetKey"): text_at(one, "sourcePath") for one in list_at(sync.inputs, "objectSecretMapping")
    }
    for name in mapping.values():
        if name not in versions:
            message = f"file matching sourcePath {name} not found in the pod"
            listed = ", ".join(versions) or "none"
            remedy = f"list {name} among the class's objects, or map one that is listed: {listed}"
            raise RefusedError("CLUSTER-07", message, remedy, "UserInputValidationFailed")
    lacking = [key for key in ("tls.crt", "tls.key") if key not in mapping]
    if text_at(sync.inputs, "kubernetesSecretType") == _TLS and lacking:
        message = f'Secret "{sync.name}" is invalid: data[{lacking[0]}]: Required value'
        remedy = f"map {' and '.join(lacking)}, which a Secret of type {_TLS} has"
        raise RefusedError("CLUSTER-07", message, remedy, "UserInputValidationFailed")
    return mapping


def _check_maker(sync: Entry, unmanaged: Mapping[str, Secret]) -> None:
    if sync.name in unmanaged:
        message = f"Secret {sync.name} exists and secret sync did not make it"
        remedy = f"kubectl delete secret {sync.name}; secret sync makes it anew"
        raise RefusedError("CLUSTER-14", message, remedy, "InvalidClusterSecretLabelError")


def _check_service_account(sync: Entry, node: NodeState) -> None:
    name = text_at(sync.inputs, "serviceAccountName")
    applied = {text_at(one, "metadata.name") for one in node.objects if text_at(one, "kind") == "ServiceAccount"}
    if name not in (*_ACCOUNTS, *applied):
        message = f'failed to get service account token: serviceaccounts "{name}" not found'
        remedy = f"name {aio.SECRET_SYNC_SERVICE_ACCOUNT.value}, which AIO brings"
        raise RefusedError("CLUSTER-08", message, remedy, "ControllerSyncFailed")


def _find_date_faults(inventory: Inventory, reader: Reader, mapping: Mapping[str, str]) -> Iterator[RefusedError]:
    for name in mapping.values():
        if message := vault.find_date_fault(inventory, reader, name):
            yield RefusedError("CLUSTER-13", f"{message}, and is synced all the same", f"renew {name} in the vault")


def _make_secret(
    sync: Entry,
    here: Placement,
    mapping: Mapping[str, str],
    values: Mapping[str, str],
    refused: Mapping[str, RefusedError],
) -> _Outcome:
    """Make the Secret of what the vault answered, whole, in part, or not at all."""
    kind = text_at(sync.inputs, "kubernetesSecretType")
    summary = json.dumps({name: refused[key].text if key in refused else "success" for key, name in mapping.items()})
    if refused and (not values or not _may_be_partial(here)):
        first = next(iter(refused.values()))
        same = len({refusal.rule for refusal in refused.values()}) == 1
        raise first if same else RefusedError(first.rule, summary, first.remedy)
    secret = Secret(sync.name, kind, _extract_tls_parts(values) if kind == _TLS else values)
    if not refused:
        return _Outcome(Condition("Create", "True", "CreateSucceeded", "Secret created successfully."), secret)
    condition = Condition("Create", "False", "PartialSync", summary)
    # Kubernetes takes no Secret of this type without both keys.
    return _Outcome(condition, None if kind == _TLS else secret, [*refused.values()])


def _may_be_partial(here: Placement) -> bool:
    """Return the extension's setting, true by default: an item is synced whatever becomes of the others."""
    settings: Any = at(here.extensions[SECRET_STORE.type].inputs, "configurationSettings") or {}
    return str(settings.get("enablePartialSecretSync", "true")).lower() != "false"


def _extract_tls_parts(values: Mapping[str, str]) -> dict[str, str]:
    """Return `tls.crt` reduced to certificates, and `tls.key` to a private key.

    kubernetes-sigs/secrets-store-sync-controller, pkg/util/secretutil/secret.go, GetCertPart. The controller writes
    the private key in another form of PEM; here it stays as it is, because it is the same key.
    """
    parts = {}
    for key, value in values.items():
        blocks = [(block[1], block[0]) for block in _BLOCK.finditer(value)]
        certificates = [text for kind, text in blocks if kind == "CERTIFICATE"]
        private_keys = [text for kind, text in blocks if kind != "CERTIFICATE"][-1:]
        parts[key] = "".join({"tls.crt": certificates, "tls.key": private_keys}.get(key, []))
        if key not in ("tls.crt", "tls.key"):
            message = f"key '{key}' is not supported. Only 'tls.key' and 'tls.crt' are supported"
        elif not parts[key]:
            message = f"failed to get cert data for {key}: no such part in the vault's value"
        elif key == "tls.key" and not _is_known(parts[key]):
            message = f"failed to get cert data for {key}: only rsa and ecdsa keys are supported"
        else:
            continue
        remedy = "publish the certificates and an RSA or ECDSA key, both PEM, and map each to its own key"
        raise RefusedError("CLUSTER-07", message, remedy, "UserInputValidationFailed")
    return parts


def _is_known(private_key: str) -> bool:
    try:
        key = load_pem_private_key(private_key.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return True  # the controller writes an empty key, which the pair check finds
    return isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey)
