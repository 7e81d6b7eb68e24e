"""Names of what carries a key: a renewed one stands beside its predecessor, and no two authorities look alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from rules.lookup import Hits, View

_NAMED = ("common_name", "secret_name", "certificate_secret", "key_secret")
_OF_A_LISTENER = (*_NAMED, "root_name", "intermediate_name", "server_ca_config_map")


def names_carry_generations(view: View) -> Hits:
    """Require the generation at the end of each name: nothing in use is overwritten, and a new subject is what revokes.

    Source: learn.microsoft.com/azure/iot-operations/manage-mqtt-broker/howto-configure-authentication.
    """
    for owner, generation, name, value in _names(view):
        if not value.endswith(f"-g{generation}"):
            yield owner, f"{name}: {value!r} does not end with -g{generation}, so a renewal overwrites it. Add it"
    for field, value in vars(view.settings.authorities).items():
        if not value.endswith(f"-g{view.settings.pki.generation}"):
            yield "pki", f"{field}: {value!r} does not end with -g{view.settings.pki.generation}. Add it"
    yield from _rise_with_authorities(view)
    listeners = [cluster.listener for cluster in view.clusters.values() if cluster.listener]
    of_brokers = [name for one in listeners for name in (one.root_name, one.intermediate_name)]
    authorities = Counter([*vars(view.settings.authorities).values(), *of_brokers])
    for name, times in authorities.items():
        if times > 1:
            yield "pki", f"{times} authorities have the common name {name!r}; expected one each (RFC 5280, §4.1.2.4)"


def _names(view: View) -> Iterator[tuple[str, int, str, str]]:
    pki = view.settings.pki.generation
    for name, link in view.settings.links.items():
        for field in (*_NAMED, "intermediate_secret"):
            yield name, link.generation, field, getattr(link, field)
        broker = view.settings.listener_of(link).generation
        yield name, broker, "server_ca_config_map", link.server_ca_config_map
    for name, cluster in view.clusters.items():
        if listener := cluster.listener:
            for field in _OF_A_LISTENER:
                yield name, listener.generation, field, getattr(listener, field)
            yield name, pki, "client_ca_config_map", listener.client_ca_config_map


def _rise_with_authorities(view: View) -> Hits:
    """Require that a leaf's generation rises with its own setting and with `pki.generation`: new roots, new names."""
    values, pki = view.settings.values, view.settings.pki.generation
    for where, given in _numbers(view):
        if where in values and given != int(str(values[where])) + pki - 1:
            yield where, f"becomes generation {given}; expected {values[where]} + {pki} (pki.generation) - 1"


def _numbers(view: View) -> Iterator[tuple[str, int]]:
    for name, cluster in view.clusters.items():
        if cluster.listener:
            yield f"clusters.{name}.listener.generation", cluster.listener.generation
    for index, link in enumerate(view.settings.links.values()):
        yield f"links[{index}].generation", link.generation
