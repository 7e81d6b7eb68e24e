"""What the settings say of SSH: keys, and the way to a machine."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated

from pydantic import AfterValidator, Field

_KEY_TYPES = ("ssh-ed25519", "ssh-rsa")
_SHORTEST_KEY = {"ssh-ed25519": 48, "ssh-rsa": 270}
"""Bytes of the blob; an RSA key of 2048 bits has 279, one of 1024 bits 151."""


def _ssh_public_key(text: str) -> str:
    kind, _, rest = text.strip().partition(" ")
    try:
        blob = base64.b64decode(rest.split(" ")[0], validate=True)
    except binascii.Error:
        blob = b""
    # The blob starts with the length and the name of the key's type, once more (RFC 4253 §6.6).
    well_formed = kind in _KEY_TYPES and blob.startswith(len(kind).to_bytes(4, "big") + kind.encode())
    if not well_formed or len(blob) < _SHORTEST_KEY[kind] or not text.strip().isprintable():
        raise ValueError("no public key")
    return text.strip()


SshPublicKey = Annotated[str, AfterValidator(_ssh_public_key)]


def _host_key(text: str) -> str:
    """Take a key of ed25519 alone: with an RSA key the provider would ask for signatures by SHA-1, which sshd refuses.

    pulumi/pulumi-command, provider/pkg/provider/remote/connection.go, HostKeyAlgorithms.
    """
    if not text.startswith("ssh-ed25519 "):
        raise ValueError("no host key")
    return _ssh_public_key(text)


HostKey = Annotated[str, AfterValidator(_host_key)]
SshHost = Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$")]
SshUser = Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_-]{0,31}$")]
