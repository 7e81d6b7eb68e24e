"""Drills of the script that tries the links: probe-links."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from rehearsal.node.calls import Reply, ToolCall
from rehearsal.node.drills.scene import (
    Drill,
    Scene,
    answering,
    as_it_is,
    hanging,
    listing,
    must_change_nothing,
    must_fail,
    must_give_up,
    must_succeed,
)
from rehearsal.node.machine import Machine

_REFUSED = Reply(1, stderr="8000006F:system library:BIO_connect:Connection refused:\nconnect:errno=111\n")
_CLOSED = Reply(1, stdout="CONNECTED(00000003)\n---\n")
_NOTHING = Reply()


def _expect_another(links: list[Any]) -> None:
    for link in links:
        link["server_sha256"] = f"{int(link['server_sha256'], 16) ^ 1:064x}"  # by its last digit


def _be_nobody(links: list[Any]) -> None:
    for link in links:
        link["client_id"] = "nobody"


def _add_dead_link(links: list[Any]) -> None:
    links.append({**links[0], "name": "to-nobody", "host": "192.0.2.1"})


def _be_somebody_else(scene: Scene) -> Scene:
    """Let the broker's certificate be for another address than the one that the script asks for."""
    own = scene.tools["openssl"]

    def openssl(call: ToolCall, machine: Machine) -> Reply:
        words = list(call.arguments)
        for option, other in {"-verify_ip": "192.0.2.1", "-verify_hostname": "nobody.invalid"}.items():
            if option in words:
                words[words.index(option) + 1] = other
        return own(replace(call, arguments=tuple(words)), machine)

    return replace(scene, tools={**scene.tools, "openssl": openssl})


PROBE_LINKS = (
    Drill("it has run before", as_it_is, must_change_nothing(())),
    Drill("the broker answers later", answering("openssl", "s_client", _REFUSED, times=1), must_succeed),
    Drill("nobody listens", answering("openssl", "s_client", _REFUSED), must_fail),
    Drill("no packet comes back", hanging("openssl"), must_give_up),
    Drill("the broker refuses CONNECT", listing("LINKS", _be_nobody), must_fail),
    Drill("the broker closes the connection", answering("openssl", "s_client", _CLOSED), must_fail),
    Drill("the broker's certificate is for another address", _be_somebody_else, must_fail),
    Drill("the broker has another certificate than the one published", listing("LINKS", _expect_another), must_fail),
    Drill("a second link is dead", listing("LINKS", _add_dead_link), must_fail),
    Drill("there is no Secret", answering("kubectl", "get secret", _NOTHING), must_fail),
    Drill("there is no ConfigMap", answering("kubectl", "get configmap", _NOTHING), must_fail),
)
"""Of probe-links."""
