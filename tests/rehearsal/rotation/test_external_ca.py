"""Keys are renewed that an external CA signs: nothing is touched until it has, and nothing is lost afterwards."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from automation.deployment.signing import find_waiting, make_stand_in, read_requests
from graph.urns import STACK_TYPE, name_of
from rehearsal.rotation.run import PROGRAM, Deployed, deploy
from settings import stagger
from settings.loaded_stack import LoadedStack
from settings.stack_file import SETTINGS_KEY, load
from settings.stand_ins import with_stand_ins
from tests.rehearsal.rotation.conftest import changed, renew_authorities, renew_link, renew_listener

Settings = dict[str, Any]
LINK, BROKER = "site-to-enterprise", "enterprise"


def outside(settings: Mapping[str, Any], signs: str, folder: Path) -> Settings:
    """Return the settings with an external CA."""
    pki = {**settings.get("pki", {}), "external_ca": signs, "signed_folder": str(folder)}
    return {**settings, "pki": pki}


def sign(deployed: Deployed, settings: Settings, folder: Path) -> None:
    """Have everything signed that waits."""
    config, _ = with_stand_ins({SETTINGS_KEY: settings})
    stack = LoadedStack(PROGRAM, "dev", config, load(PROGRAM, "dev", config[SETTINGS_KEY]))
    assert make_stand_in(stack, folder)(deployed.deployment())


def deploy_signed(signs: str, folder: Path) -> tuple[Deployed, Settings]:
    settings = outside(changed(lambda _: None), signs, folder)
    deployed = deploy(settings)
    sign(deployed, settings, folder)
    assert deployed.up(settings) == []
    return deployed, settings


@pytest.mark.parametrize("signs", ["intermediates", "leaves"])
def test_at_first_there_are_keys_and_requests_and_the_links_come_once_those_are_signed(
    signs: str, tmp_path: Path
) -> None:
    settings = outside(changed(lambda _: None), signs, tmp_path)
    deployed = deploy(settings)
    waiting, keys = find_waiting(deployed.deployment()), public_keys(deployed)
    assert len(waiting) == 2
    assert not outputs(deployed)["links"] and not outputs(deployed)["broker_endpoints"]

    sign(deployed, settings, tmp_path)
    assert deployed.up(settings) == []
    assert not [problem for view in deployed.views() for problem in view.problems]
    assert list(outputs(deployed)["links"]) == [LINK]
    assert keys.items() <= public_keys(deployed).items(), "what was signed is still the key"
    assert not find_waiting(deployed.deployment())


@pytest.mark.parametrize(
    ("signs", "renew", "waits"),
    [
        ("leaves", renew_link, {f"{LINK}-client-leaf-g2"}),
        ("leaves", renew_listener, {f"{BROKER}-server-leaf-g2"}),
        ("leaves", renew_authorities, {f"{LINK}-client-leaf-g2", f"{BROKER}-server-leaf-g2"}),
        ("intermediates", renew_link, set()),
        ("intermediates", renew_listener, {f"{BROKER}-server-intermediate-g2"}),
        ("intermediates", renew_authorities, {"client-intermediate-g2", f"{BROKER}-server-intermediate-g2"}),
    ],
)
def test_a_renewal_waits_for_the_signature_and_then_loses_nothing(
    signs: str, renew: Callable[[Settings], None], waits: set[str], tmp_path: Path
) -> None:
    deployed, _ = deploy_signed(signs, tmp_path)
    after = outside(changed(renew), signs, tmp_path)

    first = deployed.change_here(after)
    assert first.ok, first.table()
    assert set(find_waiting(deployed.deployment())) == waits
    if waits:
        assert not [step for step in first.steps if "endpoint" in step.what or "listener" in step.what], first.steps
        sign(deployed, after, tmp_path)
        second = deployed.change_here(after)
        assert second.ok, second.table()
    assert {tuple(one["live"]) for one in generations(deployed)} <= {(1,), (2,)}
    assert not find_waiting(deployed.deployment())


def test_what_is_signed_keeps_its_key_while_its_broker_waits(tmp_path: Path) -> None:
    settings = outside(changed(lambda _: None), "leaves", tmp_path)
    deployed = deploy(settings)
    keys = public_keys(deployed)
    sign(deployed, settings, tmp_path)
    chain = (tmp_path / f"{BROKER}-server-leaf-g1.pem").read_text()
    (tmp_path / f"{BROKER}-server-leaf-g1.pem").unlink()
    assert deployed.up(settings) == []
    assert not outputs(deployed)["links"] and public_keys(deployed) == keys

    (tmp_path / f"{BROKER}-server-leaf-g1.pem").write_text(chain)
    assert deployed.up(settings) == []
    assert list(outputs(deployed)["links"]) == [LINK] and public_keys(deployed) == keys


def test_what_is_signed_and_has_to_wait_for_others_follows_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stagger, "MOST_AT_ONCE", 1)
    other = {"code": "o", "address_space": "10.9.0.0/16"}
    two = {
        **changed(lambda _: None),
        "clusters": {"site": {}, BROKER: {}, "other": other},
        "links": [{"from": "site", "to": BROKER}, {"from": "site", "to": "other"}],
    }
    before = outside(two, "leaves", tmp_path)
    deployed = deploy(before)
    sign(deployed, before, tmp_path)
    assert deployed.up(before) == []
    after = outside({**two, "pki": {"generation": 2}}, "leaves", tmp_path)
    assert deployed.up(after) == []
    sign(deployed, after, tmp_path)

    result = deployed.change_here(after)
    assert result.ok, result.table()
    assert {tuple(one["live"]) for one in generations(deployed)} == {(2,)}


def test_no_key_of_a_ca_is_in_the_state_where_leaves_are_signed_outside(tmp_path: Path) -> None:
    deployed, _ = deploy_signed("leaves", tmp_path)
    kinds = [one["type"] for one in deployed.deployment()["resources"]]
    assert not [kind for kind in kinds if kind in ("tls:index/selfSignedCert:SelfSignedCert", _SIGNED)]
    assert len(public_keys(deployed)) == len(read_requests(deployed.deployment())) == 2


def test_no_key_of_a_root_is_in_the_state_where_intermediates_are_signed_outside(tmp_path: Path) -> None:
    deployed, _ = deploy_signed("intermediates", tmp_path)
    assert not [name for name in public_keys(deployed) if "root" in name]


_SIGNED = "tls:index/locallySignedCert:LocallySignedCert"


def public_keys(deployed: Deployed) -> dict[str, str]:
    resources = deployed.deployment()["resources"]
    return {
        name_of(one["urn"]): one["outputs"]["publicKeyPem"]
        for one in resources
        if one["type"] == "tls:index/privateKey:PrivateKey"
    }


def outputs(deployed: Deployed) -> Mapping[str, Any]:
    (stack,) = (one for one in deployed.deployment()["resources"] if one["type"] == STACK_TYPE)
    found: Mapping[str, Any] = stack["outputs"]
    return found


def generations(deployed: Deployed) -> list[Mapping[str, Any]]:
    found = outputs(deployed)["generations"]
    return [found["authorities"], *found["brokers"].values(), *found["links"].values()]
