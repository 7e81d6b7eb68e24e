"""An image that nodes are to start from: one thing is wrong at a time."""

from __future__ import annotations

from typing import Any

import pytest

from tests.automation.doctor.conftest import Machine

_GROUP = "/subscriptions/99999999-2222-4333-8444-555555555555/resourceGroups/rg-images"
_GALLERY = f"{_GROUP}/providers/Microsoft.Compute/galleries/edge"
_DEFINITION = f"{_GALLERY}/images/k3s-node"
_ID = f"{_DEFINITION}/versions/1.2.3"
_FIT = {"osType": "Linux", "osState": "Generalized", "hyperVGeneration": "V2", "architecture": "x64"}
_TRUSTED = [{"name": "SecurityType", "value": "TrustedLaunchSupported"}]
_REGIONS = ({"name": "West Europe"}, {"name": "East US 2"})


def asked(arm_id: str) -> str:
    return f"az rest --method get --url {arm_id}?api-version=2024-03-03 --output json"


def asks(machine: Machine, version: dict[str, Any] | None = None, **definition: Any) -> None:
    """Let Azure say of image and definition what learn.microsoft.com/rest/api/compute has, and these instead."""
    there = {"provisioningState": "Succeeded", "publishingProfile": {"targetRegions": _REGIONS}, **(version or {})}
    machine.says(asked(_ID), {"properties": there})
    machine.says(asked(_DEFINITION), {"properties": {**_FIT, "features": _TRUSTED, **definition}})


@pytest.fixture
def prepared(machine: Machine) -> Machine:
    """All is well, and the site starts from an image of another subscription."""
    machine.settings = {**machine.settings, "clusters": {"site": {"node": {"image": _ID}}, "enterprise": {}}}
    asks(machine)
    return machine


def test_an_image_that_fits_is_told(prepared: Machine) -> None:
    found = prepared.checks()
    assert {one.id for one in found.values() if one.outcome != "ok"} == set()
    assert found["node-images"].found == "site: k3s-node 1.2.3"


def test_without_images_there_is_nothing_to_ask(machine: Machine) -> None:
    assert machine.checks()["node-images"].found == "none in the settings"


@pytest.mark.parametrize(
    ("version", "definition", "found", "mend"),
    [
        ({"provisioningState": "Failed"}, {}, "is Failed; expected Succeeded", "make it anew"),
        (
            {"publishingProfile": {"targetRegions": [{"name": "West Europe"}]}},
            {},
            "is in westeurope; expected in eastus2",
            f"az sig image-version update --ids {_ID} --target-regions westeurope eastus2",
        ),
        ({}, {"osType": "Windows"}, "has osType Windows; expected Linux", "another definition"),
        ({}, {"osState": "Specialized"}, "has osState Specialized; expected Generalized", "another definition"),
        ({}, {"hyperVGeneration": "V1"}, "has hyperVGeneration V1; expected V2", "another definition"),
        ({}, {"architecture": "Arm64"}, "has architecture Arm64; expected x64", "another definition"),
        ({}, {"features": []}, "has SecurityType none; expected TrustedLaunch", "another definition"),
    ],
)
def test_an_image_that_does_not_fit_fails(
    prepared: Machine, version: dict[str, Any], definition: dict[str, Any], found: str, mend: str
) -> None:
    asks(prepared, version, **definition)
    check = prepared.only("node-images", "failed")
    assert check.found.startswith(f"site: image k3s-node 1.2.3 {found}")
    assert mend in check.mend


def test_an_image_that_is_not_there_fails(prepared: Machine) -> None:
    prepared.fails(asked(_ID), "ERROR: (ResourceNotFound) The Resource was not found.")
    check = prepared.only("node-images", "failed")
    assert check.found == "site: there is no image k3s-node 1.2.3 in gallery edge"
    assert "az sig image-version list --subscription 99999999-2222-4333-8444-555555555555" in check.mend


def test_an_image_that_nobody_lets_this_login_read_fails(prepared: Machine) -> None:
    prepared.fails(asked(_ID), "ERROR: (AuthorizationFailed) The client does not have authorization")
    check = prepared.only("node-images", "failed")
    assert check.found == "site: this login may not read image k3s-node 1.2.3"
    assert check.mend.endswith(f"--assignee engineer@example.com --scope {_GALLERY} --role Reader")
