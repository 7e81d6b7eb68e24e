"""Names of what carries a key: a renewed one stands beside its predecessor, and no two authorities look alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from rules.lookup import Hits, View
from settings.model import Link, Listener

_NAMED = ("common_name", "secret_name", "certificate_secret", "key_secret")


def names_carry_generations(view: View) -> Hits:
    """Require the generation at the end of each name: nothing in use is overwritten, and a new subject is what revokes.

    Source: learn.microsoft.com/azure/iot-operations/manage-mqtt-broker/howto-configure-authentication.
    """
    for owner, generation, name, value in _names(view):
        if not value.endswith(f"-g{generation}"):
            yield owner, f"{name}: {value!r} does not end with -g{generation}, so a renewal overwrites it. Add it"
    authorities = Counter(vars(view.settings.authorities).values())
    for name, times in authorities.items():
        if times > 1:
            yield "pki", f"{times} authorities have the common name {name!r}; expected one each (RFC 5280, §4.1.2.4)"


def _names(view: View) -> Iterator[tuple[str, int, str, str]]:
    named: list[tuple[str, Listener | Link]] = [*view.settings.links.items()]
    named += [(name, cluster.listener) for name, cluster in view.clusters.items() if cluster.listener]
    for owner, one in named:
        for field in _NAMED:
            yield owner, one.generation, field, getattr(one, field)
