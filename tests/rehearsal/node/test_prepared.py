"""A modelled node that starts from an image of somebody's own: set-up fetches nothing that the image has."""

from __future__ import annotations

from typing import Any

import pytest

from nodes import load_script
from rehearsal.cluster import traces
from rehearsal.node.runner import ScriptRunner
from rules.facts.node import K3S_VERSION, TOOLS
from tests.arm.examples import SUBSCRIPTION
from tests.rehearsal.azure.samples import Azure, arm_id, inputs_of, shape

_IMAGE = (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/i/providers/Microsoft.Compute/galleries/g/images/n/versions/1.0.0"
)
_CLOCK = "https://management.azure.com/"


def set_up(version: str, *, image: bool) -> dict[str, Any]:
    """Return the facts of the Run Command that sets a node up."""
    azure = Azure(run_script=ScriptRunner(), images=[(_IMAGE, str(inputs_of("vm")["location"]))])
    azure.deploy("group", "nsg", "public-ip", "nat", "vnet", "subnet", "nic", "identity")
    changes: dict[str, Any] = {"storageProfile__imageReference": {"id": _IMAGE}} if image else {}
    azure.put("vm", **changes)
    given = {"K3S_VERSION": version, **{name: fact.value for name, fact in TOOLS.items()}}
    changes = {
        "runCommandName": "setup-k3s",
        "source": {"script": load_script("setup-k3s")},
        "parameters": [{"name": name, "value": value} for name, value in given.items()],
        "treatFailureAsDeploymentFailure": True,
        "asyncExecution": False,
        "timeoutInSeconds": 10_900,
    }
    command = arm_id("connect", **changes)
    azure.world.put(shape("connect"), command, inputs_of("connect", **changes))
    run: dict[str, Any] = azure.world.get(command).facts["run"]
    return run


@pytest.mark.parametrize(
    ("version", "image", "fetched"),
    [
        (K3S_VERSION.value, True, 1),
        ("v1.34.2+k3s1", True, 3),  # an older one than the image has: no cluster was ever of that version
        (K3S_VERSION.value, False, 5),
    ],
)
def test_set_up_fetches_what_the_image_lacks(version: str, image: bool, fetched: int) -> None:
    run = set_up(version, image=image)
    assert run["exit_code"] == 0, run["stderr"]
    assert _CLOCK in run["traces"][traces.URLS]
    assert len(run["traces"][traces.URLS]) == fetched
