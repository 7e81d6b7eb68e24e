"""API versions are part of Pulumi types: a release with others would create what exists and delete it afterwards."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from graph.graph import Graph
from graph.urns import is_resource, name_of
from settings.releases import RELEASES, Release

_API_VERSION = re.compile(r"(?<=[:$]azure-native)(_[a-z]+)_v[0-9a-z]+(?=:)")
"""In the type tokens of parameterized packages: `azure-native_iotoperations_v20260701:iotoperations:Instance`."""


class ApiVersionError(Exception):
    """The release has other API versions than what is deployed; the text says of what, and which releases do not."""

    def __init__(self, stack: str, release: str, names: Sequence[str], fitting: Sequence[str]) -> None:
        listed = "\n".join(f"  {name}" for name in names)
        super().__init__(
            f"Nothing is changed: release {release} has another API version for these resources of stack {stack}, which"
            " Pulumi would create under names that exist, and delete afterwards, with all that their brokers"
            f" hold:\n{listed}\nNext: keep a release of the API versions that are deployed (`release` in"
            f" Pulumi.{stack}.yaml): {' or '.join(fitting) or 'none of the known ones'}. Another one is for a new"
            " stack, or for this one after a destroy"
        )


def refuse_other_versions(stack: str, release: str, deployment: Mapping[str, Any], wanted: Graph) -> None:
    """Refuse a program that has a resource of the state in another API version only.

    Raises:
        ApiVersionError: it has one.
    """
    live = [one["urn"] for one in deployment.get("resources") or [] if not one.get("delete")]
    deployed = [urn for urn in live if is_resource(urn) and _API_VERSION.search(urn)]
    asked = {_without_version(urn) for urn in wanted.resources}
    if moved := [urn for urn in deployed if urn not in wanted.resources and _without_version(urn) in asked]:
        raise ApiVersionError(stack, release, sorted(map(name_of, moved)), _find_releases(deployed))


def _without_version(urn: str) -> str:
    return _API_VERSION.sub(r"\1", urn)


def _find_releases(deployed: Iterable[str]) -> list[str]:
    """Return the releases that have all API versions of these resources."""
    versions = {found[0] for urn in deployed if (found := _API_VERSION.search(urn))}
    return [name for name, release in RELEASES.items() if versions <= _versions_of(release)]


def _versions_of(release: Release) -> set[str]:
    modules = {"iotoperations": release.iot_operations_api, "deviceregistry": release.device_registry_api}
    return {f"_{module}_v{version.replace('-', '')}" for module, version in modules.items()}
