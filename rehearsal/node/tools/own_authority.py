"""AIO's own authority on a cluster, and what its broker presents inside: cert-manager makes both of the model's AIO."""

from __future__ import annotations

from functools import cache

from cryptography import x509

from rehearsal.mqtt.authority import SERVER, Authority, build_leaf, common_name, key_to_pem, new_key, to_pem
from rehearsal.node.tools.handshake import End
from rules.facts import aio

_SERVICE = aio.BROKER_SERVICE.value
_NAMES = (_SERVICE, f"{_SERVICE}.{aio.NAMESPACE.value}", f"{_SERVICE}.{aio.NAMESPACE.value}.svc.cluster.local")


@cache
def _make(cluster: str) -> Authority:
    return Authority.root(f"AIO on {cluster}")


def read_root(cluster: str) -> str:
    """Return the root in PEM, which AIO puts into its trust ConfigMap."""
    return to_pem([_make(cluster).certificate])


@cache
def present(cluster: str) -> End:
    """Return what a listener presents that has its certificate from cert-manager; it asks nobody for one."""
    key = new_key()
    hosts = [x509.DNSName(name) for name in _NAMES]
    chain = _make(cluster).sign(build_leaf(common_name(_SERVICE), key, uses=[SERVER], hosts=hosts))
    return End(to_pem(chain), key_to_pem(key), "")
