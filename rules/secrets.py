"""Private keys: marked secret wherever they are, and in no vault but the one whose cluster uses them."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Sequence
from typing import Any

from arm.types.keyvault import SECRET
from arm.types.secretsynccontroller import SECRET_SYNC
from arm.values import leaves, reveal, secret_paths
from graph import pem
from graph.graph import Resource
from graph.inputs import list_at, text_at
from graph.tls_values import PRIVATE_KEY
from graph.urns import STACK_TYPE
from rules.lookup import Hits, View

_LOCAL = ("create", "stdin", "environment")
"""Inputs of a command on the machine that deploys: the state has them in clear."""
_SHORTEST = 60
"""Characters that a private key takes at least, in whatever form."""


def private_keys_are_marked(view: View) -> Hits:
    """No private key outside a secret mark: state, logs and `pulumi preview --diff` would show it.

    Nor anything else that goes into a vault: the next thing that does may be a key.
    """
    for resource in view.resources:
        if resource.type == STACK_TYPE or view.is_script(resource):  # SEC-03 and SEC-04
            continue
        for where, value, secret in leaves({"inputs": resource.inputs, "outputs": resource.outputs}):
            if not secret and _has_private_key(value):
                yield resource.name, f"{where}: a private key that is not marked secret. Wrap it in Output.secret"
    for published in view.all(SECRET):
        where, value = "properties.value", text_at(view.inputs(published), "properties.value")
        if where not in secret_paths(published.inputs) and not _has_private_key(value):
            yield published.name, f"inputs.{where}: goes into a vault and is no secret. Wrap it in Output.secret"


def nothing_else_is_secret(view: View) -> Hits:
    """Require that what holds no key is no secret: previews and failures would hide it, and all that is made of it."""
    for resource in view.resources:
        if resource.is_arm and (more := list(resource.options.additional_secret_outputs)):
            yield resource.name, f"additional_secret_outputs: {more}; expected none: none of them is a key"
        for where in secret_paths(resource.inputs) if resource.is_arm and not view.is_script(resource) else ():
            if (resource.arm_type, where) != (SECRET.arm_type, "properties.value"):
                yield resource.name, f"{where}: is secret and holds no key. Give it as it is"


def _has_private_key(value: Any) -> bool:
    """In plain text or in base64."""
    if not isinstance(value, str) or len(value) < _SHORTEST:
        return False
    return bool(pem.PRIVATE_KEY.search(value) or pem.PRIVATE_KEY.search(_from_base64(value)))


def _from_base64(value: str) -> str:
    try:
        decoded = base64.b64decode(value, validate=True).decode()
    except (binascii.Error, ValueError):
        return ""
    return decoded.replace("\\n", "\n")


def commands_hold_no_secret(view: View) -> Hits:
    """Readers of a Run Command see its script and its parameters.

    Source: learn.microsoft.com/azure/virtual-machines/linux/run-command-managed.
    """
    for command in view.scripts():
        inputs = {key: view.inputs(command).get(key) for key in ("source", "parameters")}
        marked = set(secret_paths({key: command.inputs.get(key) for key in ("source", "parameters", *_LOCAL)}))
        keys = {where for where, value, _ in leaves(inputs) if _has_private_key(value)}
        names = [text_at(one, "name") for one in list_at(view.inputs(command), "parameters")]
        for where in sorted(marked | keys):
            index = where.removeprefix("parameters[").split("]")[0]
            name = f" ({names[int(index)]})" if index.isdigit() and int(index) < len(names) else ""
            message = (
                f"{where}{name}: a secret in a Run Command, which every reader of the node sees. Send it through Key"
                " Vault and secret sync"
            )
            yield command.name, message


def keys_are_where_used(view: View) -> Hits:
    """Each leaf key is in one vault and is synced from it by that vault's cluster; a CA key is in none."""
    cas = {
        pem.key_of(certificate): resource.name
        for resource in view.resources
        if resource.type.startswith("tls:")
        for certificate in pem.certificates(text_at(view.outputs(resource), "certPem"))
        if pem.is_ca(certificate)
    }
    synced = _synced(view)
    seen: dict[bytes, str] = {}
    for (vault, name), secret in sorted(view.vault_secrets.items()):
        key = pem.key_of_private(text_at(view.inputs(secret), "properties.value"))
        if key in cas:
            yield secret.name, f"{name!r} in vault {vault} is the private key of CA {cas[key]}. No vault may hold it"
        elif key and key in seen:
            yield secret.name, f"the key {name!r} is in vault {vault} and in {seen[key]}; expected in one vault, once"
        elif (vault, name) not in synced:
            message = (
                f"{name!r} is in vault {vault}, but cluster {view.cluster(secret) or '?'} syncs no such secret from"
                " there. Publish it where it is used, or remove it"
            )
            yield secret.name, message
        if key:
            seen[key] = f"{vault} as {name!r}"


def _synced(view: View) -> set[tuple[str, str]]:
    """(vault, secret) that a SecretSync takes through the provider class of its own cluster."""
    found = set()
    for sync in view.all(SECRET_SYNC):
        provider_class = view.provider_class(sync)
        vault_name = text_at(view.inputs(provider_class), "keyvaultName") if provider_class else ""
        vault = view.vault_by_name.get(vault_name)
        if vault and view.cluster(vault) == view.cluster(sync):
            found |= {(vault_name, source) for source in view.mapping(sync).values()}
    return found


def outputs_are_public(view: View) -> Hits:
    """Require that outputs, messages and prints hold no secret, private key or connection string: anyone may read them.

    Whatever shows a deployment shows them all, and a CI keeps them.
    """
    stack = f"{view.graph.project}-{view.graph.stack}"
    for where in secret_paths(view.graph.outputs):
        yield stack, f"stack output {where}: is secret, and outputs are what everyone reads. Leave it out"
    own = [form for key in view.graph.of_type(PRIVATE_KEY) for form in _forms(key)]
    for where, value, secret in leaves(reveal(view.graph.outputs)):
        if not secret and _tells_secret(value, own):
            yield stack, f"stack output {where}: holds a private key or a connection string. Leave it out"
    for said in view.graph.said:
        if _tells_secret(said.text, own):
            yield stack, f"{said.how}: the program says a private key or a connection string there. Leave it out"


def _tells_secret(value: Any, own: Sequence[str]) -> bool:
    if not isinstance(value, str) or len(value) < _SHORTEST:
        return False
    if _has_private_key(value) or "AccountKey=" in value:
        return True
    bare = re.sub(r"\s|\\n", "", value)
    lower = bare.lower()  # hex may be in capitals
    return any(form in bare or form in lower for form in own)


def _forms(key: Resource) -> Iterator[str]:
    """Yield a private key without white space as it would be told: DER in base64, as in PEM, or hex; PEM in either."""
    for name in ("privateKeyPem", "privateKeyPemPkcs8", "privateKeyOpenssh"):
        text = text_at(key.plain_outputs, name)
        body = "".join(line for line in text.splitlines() if not line.startswith("-"))
        if len(body) >= _SHORTEST:
            encoded = text.strip().encode()
            # The last characters of base64 depend on what follows.
            yield from (body, base64.b64decode(body).hex(), encoded.hex(), base64.b64encode(encoded).decode()[:-4])


def nothing_is_done_beside(view: View) -> Hits:
    """Require that the program registers resources, and does nothing else: a preview would do it too."""
    for place, what in view.graph.side_effects.items():
        yield place, f"the program {what}, in previews too. Let a resource do it, or leave it to a command"
