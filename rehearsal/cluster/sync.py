"""Sync secrets as the Secret Store extension does: which Secret each SecretSync makes, and its condition.

learn.microsoft.com/azure/azure-arc/kubernetes/secret-store-extension-reference, -troubleshooting
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from arm.types.secretsynccontroller import SECRET_PROVIDER_CLASS, SECRET_SYNC
from graph.inputs import at, items, text
from rehearsal.azure.state import Entry
from rehearsal.cluster import vault
from rehearsal.cluster.inventory import Inventory
from rehearsal.cluster.model import Condition, Problem, Secret
from rehearsal.cluster.node_state import NodeState
from rehearsal.cluster.placement import Placement
from rehearsal.cluster.tls_secrets import extract_tls_parts
from rehearsal.cluster.vault import Reader, Refusal, ServiceAccount
from settings import well_known

_TLS = "kubernetes.io/tls"
_SECRET_STORE = "microsoft.azure.secretstore"
_ACCOUNTS = (well_known.SECRET_SYNC_SERVICE_ACCOUNT, well_known.DATAFLOW_SERVICE_ACCOUNT)
"""Service accounts that AIO makes in its namespace and that this project uses."""


@dataclass(frozen=True)
class Outcome:
    """What became of one SecretSync."""

    condition: Condition
    secret: Secret | None = None
    faults: tuple[Refusal, ...] = ()


@dataclass(frozen=True)
class SyncedSecrets:
    """What became of all SecretSyncs of a cluster."""

    secrets: Mapping[str, Secret] = field(default_factory=dict)
    conditions: Mapping[str, Condition] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class _Object:
    """A vault secret that a provider class lists."""

    name: str
    version: str = ""


class _FailedError(Exception):
    """The controller gives up on a SecretSync."""

    def __init__(self, reason: str, refusal: Refusal) -> None:
        super().__init__(reason, refusal)
        self.reason, self.refusal = reason, refusal


def sync_secrets(
    inventory: Inventory, cluster: Entry, node: NodeState, here: Placement, unmanaged: Mapping[str, Secret]
) -> SyncedSecrets:
    """Run the controller once over every SecretSync of the cluster."""
    outcomes = {one.name: _sync(inventory, one, node, here, unmanaged) for one in here.of_type(SECRET_SYNC)}
    made = {name: outcome.secret for name, outcome in outcomes.items() if outcome.secret}
    problems = [
        Problem(fault.rule, cluster.name, f"SecretSync {name}", f"{outcome.condition.reason}: {fault.text}",
                fault.remedy)
        for name, outcome in outcomes.items()
        for fault in outcome.faults
    ]  # fmt: skip
    conditions = {name: outcome.condition for name, outcome in outcomes.items()}
    return SyncedSecrets({**made, **unmanaged}, conditions, tuple(problems))


def _sync(
    inventory: Inventory, sync: Entry, node: NodeState, here: Placement, unmanaged: Mapping[str, Secret]
) -> Outcome:
    try:
        provider_class = _find_provider_class(sync, here)
        objects = _read_objects(provider_class)
        mapping = _read_mapping(sync, objects)
        _refuse_other_maker(sync, unmanaged)
        _check_service_account(sync, node)
        account = ServiceAccount(node.issuer, here.namespace, text(sync.inputs, "serviceAccountName"))
        reader = vault.sign_in(inventory, account, provider_class)
        if isinstance(reader, Refusal):
            raise _FailedError("ProviderError", reader)
        answers = {key: vault.read_secret(inventory, reader, one.name, one.version) for key, one in mapping.items()}
        return _make_secret(sync, here, mapping, answers, tuple(_find_date_faults(inventory, reader, mapping)))
    except _FailedError as failed:
        return Outcome(Condition("Create", "False", failed.reason, failed.refusal.text), None, (failed.refusal,))


def _find_provider_class(sync: Entry, here: Placement) -> Entry:
    name = text(sync.inputs, "secretProviderClassName")
    for found in here.of_type(SECRET_PROVIDER_CLASS):
        if found.name == name:
            return found
    message = f'failed to get SecretProviderClass "{name}": not found in namespace {here.namespace}'
    raise _FailedError("ControllerSpcError", Refusal("CLUSTER-06", message, "name a class of the same custom location"))


def _read_objects(provider_class: Entry) -> dict[str, _Object]:
    """Return the class's `objects` by name: YAML with a list of YAML texts."""
    remedy = "write objects as YAML: array, a list of texts, each YAML with objectName and objectType: secret"
    try:
        outer = yaml.safe_load(text(provider_class.inputs, "objects") or "{}")
        found = [yaml.safe_load(str(item)) for item in items(outer, "array")]
    except yaml.YAMLError as error:
        message = f"objects of SecretProviderClass {provider_class.name} are no YAML: {_first_line(error)}"
        raise _FailedError("ControllerSpcError", Refusal("CLUSTER-06", message, remedy)) from error
    objects = {}
    for one in found:
        surplus = sorted({*one} - {"objectName", "objectType", "objectVersion"}) if isinstance(one, dict) else ["?"]
        if surplus or not text(one, "objectName") or text(one, "objectType") != "secret":
            message = f"objects of SecretProviderClass {provider_class.name}: {one!r} is not modelled"
            raise _FailedError("ControllerSpcError", Refusal("CLUSTER-06", message, remedy))
        objects[text(one, "objectName")] = _Object(text(one, "objectName"), text(one, "objectVersion"))
    return objects


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]


def _read_mapping(sync: Entry, objects: Mapping[str, _Object]) -> dict[str, _Object]:
    """Return key of the Secret -> object of the class."""
    paths = {text(one, "targetKey"): text(one, "sourcePath") for one in items(sync.inputs, "objectSecretMapping")}
    for path in paths.values():
        if path not in objects:
            listed = ", ".join(objects) or "none"
            message = f"file matching sourcePath {path} not found in the pod"
            remedy = f"list {path} among the class's objects, or map one that is listed: {listed}"
            raise _FailedError("UserInputValidationFailed", Refusal("CLUSTER-07", message, remedy))
    lacking = [key for key in ("tls.crt", "tls.key") if key not in paths]
    if text(sync.inputs, "kubernetesSecretType") == _TLS and lacking:
        message = f'Secret "{sync.name}" is invalid: data[{lacking[0]}]: Required value'
        remedy = f"map {' and '.join(lacking)}, which a Secret of type {_TLS} has"
        raise _FailedError("UserInputValidationFailed", Refusal("CLUSTER-07", message, remedy))
    return {key: objects[path] for key, path in paths.items()}


def _refuse_other_maker(sync: Entry, unmanaged: Mapping[str, Secret]) -> None:
    if sync.name in unmanaged:
        message = f"Secret {sync.name} exists and secret sync did not make it"
        remedy = f"kubectl delete secret {sync.name}; secret sync makes it anew"
        raise _FailedError("InvalidClusterSecretLabelError", Refusal("CLUSTER-14", message, remedy))


def _check_service_account(sync: Entry, node: NodeState) -> None:
    name = text(sync.inputs, "serviceAccountName")
    applied = {text(one, "metadata.name") for one in node.objects if text(one, "kind") == "ServiceAccount"}
    if name not in (*_ACCOUNTS, *applied):
        message = f'failed to get service account token: serviceaccounts "{name}" not found'
        remedy = f"name {well_known.SECRET_SYNC_SERVICE_ACCOUNT}, which AIO brings"
        raise _FailedError("ControllerSyncFailed", Refusal("CLUSTER-08", message, remedy))


def _find_date_faults(inventory: Inventory, reader: Reader, mapping: Mapping[str, _Object]) -> Iterator[Refusal]:
    for one in mapping.values():
        if message := vault.find_date_fault(inventory, reader, one.name):
            yield Refusal("CLUSTER-13", f"{message}, and is synced all the same", f"renew {one.name} in the vault")


def _make_secret(
    sync: Entry,
    here: Placement,
    mapping: Mapping[str, _Object],
    answers: Mapping[str, str | Refusal],
    faults: tuple[Refusal, ...],
) -> Outcome:
    """Make the Secret of what the vault answered, whole, in part, or not at all."""
    refused = {key: answer for key, answer in answers.items() if isinstance(answer, Refusal)}
    data = {key: answer for key, answer in answers.items() if isinstance(answer, str)}
    if len(refused) == len(answers) or (refused and not _may_be_partial(here)):
        first = next(iter(refused.values()))
        raise _FailedError("ProviderError", _summarize(mapping, refused) if len(_rules(refused)) > 1 else first)
    kind = text(sync.inputs, "kubernetesSecretType")
    if kind == _TLS:
        data = _extract_tls_parts(data)
    secret: Secret | None = Secret(sync.name, kind, data)
    if not refused:
        message = "Secret created successfully."
        return Outcome(Condition("Create", "True", "CreateSucceeded", message), secret, faults)
    if kind == _TLS:  # Kubernetes takes no Secret of this type without both keys
        secret = None
    condition = Condition("Create", "False", "PartialSync", _summarize(mapping, refused).text)
    return Outcome(condition, secret, (*refused.values(), *faults))


def _rules(refused: Mapping[str, Refusal]) -> set[str]:
    return {refusal.rule for refusal in refused.values()}


def _summarize(mapping: Mapping[str, _Object], refused: Mapping[str, Refusal]) -> Refusal:
    """Return the controller's message: success or failure of each item, as JSON."""
    words = {mapping[key].name: refused[key].text if key in refused else "success" for key in mapping}
    first = next(iter(refused.values()))
    return Refusal(first.rule, json.dumps(words), first.remedy)


def _may_be_partial(here: Placement) -> bool:
    """Return the extension's setting, true by default: an item is synced whatever becomes of the others."""
    settings: Any = at(here.extensions[_SECRET_STORE].inputs, "configurationSettings") or {}
    return str(settings.get("enablePartialSecretSync", "true")).lower() != "false"


def _extract_tls_parts(data: Mapping[str, str]) -> dict[str, str]:
    try:
        return extract_tls_parts(data)
    except ValueError as error:
        remedy = "publish the certificates and an RSA or ECDSA key, both PEM, and map each to its own key"
        raise _FailedError("UserInputValidationFailed", Refusal("CLUSTER-07", str(error), remedy)) from error
