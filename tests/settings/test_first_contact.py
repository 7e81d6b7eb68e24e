"""What the settings say of SSH to a plant's machine: what lacks is said all at once."""

from __future__ import annotations

from typing import Any

import pytest

from settings import SettingsError, load
from settings.stand_ins import STAND_INS
from tests.conftest import TWO_CLUSTERS, resolve
from tests.rules.test_first_contact import KEY, MACHINE

WAY = {"host": "192.168.10.20", "host_key": KEY}


def _with(**machine: Any) -> dict[str, Any]:
    site = {"code": "a", "hosting": "arc-machine", "node": {"address": "192.168.10.20"}}
    return {**TWO_CLUSTERS, "clusters": {"site": {**site, "machine": {"resource_id": MACHINE, **machine}}}}


def _find_wrong(settings: dict[str, Any]) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        load({**settings, **STAND_INS})
    return [problem.where.removeprefix("clusters.site.machine.") for problem in caught.value.problems]


def test_a_machine_with_a_way_becomes_arc_enabled() -> None:
    settings = resolve(_with(ssh=WAY))
    assert settings.bare_machines == {MACHINE}
    assert resolve(_with()).bare_machines == frozenset()


@pytest.mark.parametrize(
    ("machine", "wrong"),
    [
        ({"ssh": {"host": "192.168.10.20"}}, ["ssh.host_key"]),
        ({"ssh": {"host_key": KEY}}, ["ssh.host"]),
        ({"ssh": {"user": "plant"}}, ["ssh.host", "ssh.host_key"]),
        ({"ssh": {**WAY, "host_key": "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQC7"}}, ["ssh.host_key"]),
        ({"ssh": {**WAY, "host": "not a host", "port": 0, "user": "Nobody!"}}, ["ssh.host", "ssh.port", "ssh.user"]),
        ({"ssh_over_arc": {"port": 2222}}, ["ssh_over_arc.user"]),
        ({"ssh_over_arc": {"port": 2222}, "ssh": {"port": 23}}, ["ssh.host", "ssh.host_key", "ssh_over_arc.user"]),
    ],
)
def test_what_lacks_or_is_wrong_is_said_at_once(machine: dict[str, Any], wrong: list[str]) -> None:
    assert sorted(_find_wrong(_with(**machine))) == wrong


def test_a_vm_has_no_way_to_a_machine() -> None:
    settings = {**TWO_CLUSTERS, "clusters": {"site": {"machine": {"ssh": WAY}}, "enterprise": {}}}
    assert sorted(_find_wrong(settings)) == ["ssh.host", "ssh.host_key"]
