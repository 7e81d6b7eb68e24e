"""A node that starts from an image of somebody's own: what nodes/prepare-image.sh has left on it."""

from __future__ import annotations

from typing import Any

from arm import ids
from arm.types.compute import IMAGE_ID
from rehearsal.azure.entries import Entry
from rehearsal.node.files import Files
from rehearsal.node.tools import downloads, k3s, pip
from rules.facts.node import AZURE_CLI_VERSION, CONNECTEDK8S_VERSION, K3S_INSTALL_COMMIT, K3S_VERSION

_KEYRING = "etc/apt/keyrings/edge-stamps-microsoft.asc"


def is_prepared(vm: Entry) -> bool:
    """Return whether the machine starts from one."""
    return bool(ids.at(vm.inputs, IMAGE_ID))


def list_facts() -> dict[str, Any]:
    """Return what the machine remembers: the packages of the image, as old as the stack's pins."""
    package = {"version": f"{AZURE_CLI_VERSION.value}-1~noble", "held": True, "signed_by": f"/{_KEYRING}"}
    return {
        "packages": {"azure-cli": {**package, "source_trusted": False}},
        "az": {"extensions": {"connectedk8s": CONNECTEDK8S_VERSION.value}},
    }


def list_files() -> Files:
    """Return the files of the image beside those of Ubuntu."""
    return {
        pip.PLACE: ["755", pip.make_python()],
        _KEYRING: ["644", downloads.KEY_TEXT],
        "usr/local/bin/k3s": ["755", k3s.make_binary(K3S_VERSION.value)],
        "var/lib/edge-stamps/k3s-install.sh": ["644", downloads.make_installer(K3S_INSTALL_COMMIT.value)],
        k3s.IMAGES: ["644", k3s.make_images(K3S_VERSION.value)],
    }
