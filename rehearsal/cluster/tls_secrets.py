"""Extract what secret sync takes out of a vault value for a Secret of type kubernetes.io/tls.

kubernetes-sigs/secrets-store-sync-controller, pkg/util/secretutil/secret.go, GetCertPart. The controller writes the
private key in another form of PEM; here it stays as it is, because it is the same key.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

_BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----.+?-----END \1-----\n?", re.DOTALL)


def extract_tls_parts(data: Mapping[str, str]) -> dict[str, str]:
    """Return `tls.crt` reduced to certificates, and `tls.key` to a private key.

    Raises:
        ValueError: a value has none, or the key is of a kind that the controller does not know.
    """
    return {key: _extract_part(key, value) for key, value in data.items()}


def _extract_part(key: str, value: str) -> str:
    blocks = [(block[1], block[0]) for block in _BLOCK.finditer(value)]
    if key == "tls.crt":
        found = [text for kind, text in blocks if kind == "CERTIFICATE"]
    elif key == "tls.key":
        found = [text for kind, text in blocks if kind != "CERTIFICATE"][-1:]
        if found and not _is_known(found[0]):
            raise ValueError(f"failed to get cert data for {key}: only rsa and ecdsa keys are supported")
    else:
        raise ValueError(f"key '{key}' is not supported. Only 'tls.key' and 'tls.crt' are supported")
    if not found:
        raise ValueError(f"failed to get cert data for {key}: no such part in the vault's value")
    return "".join(found)


def _is_known(private_key: str) -> bool:
    try:
        key = load_pem_private_key(private_key.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return True  # the controller writes an empty key, which the pair check finds
    return isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey)
