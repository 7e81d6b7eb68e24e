"""Check the images that nodes start from: whether they are there, in the region, and what a trusted launch takes."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from arm import ids
from automation.check import Diagnosis, diagnose
from automation.doctor.arc_machines import ABSENT, REFUSED
from automation.doctor.context import Context
from automation.doctor.tools import NoAnswerError
from settings.model import Cluster
from settings.regions import normalised

_VERSION = "2024-03-03"
"""Of the API: Azure/azure-resource-manager-schemas, Microsoft.Compute/galleries."""
_LAUNCH = ("TrustedLaunch", "TrustedLaunchSupported", "TrustedLaunchAndConfidentialVmSupported")
"""Feature SecurityType of a definition whose images start so: learn.microsoft.com/azure/virtual-machines/
trusted-launch-portal, "Deploy a Trusted Launch VM from an Azure Compute Gallery image"."""
_EXPECTED: Mapping[str, tuple[str, ...]] = {
    "osType": ("Linux",),
    "osState": ("Generalized",),
    "hyperVGeneration": ("V2",),
    "architecture": ("x64", ""),
}
"""Property of the definition -> what it has to be; AIO runs on x86-64 alone."""


@dataclass(frozen=True)
class _Image:
    cluster: Cluster
    arm_id: str

    @property
    def definition(self) -> str:
        return ids.parent_of(self.arm_id)

    @property
    def name(self) -> str:
        return f"{ids.name_of(self.definition)} {ids.name_of(self.arm_id)}"


_Problem = tuple[str, str]
"""What is wrong, and what mends it."""


def check_images(context: Context) -> Diagnosis:
    """Check each image of the settings."""
    problems, mend, fine = list[str](), list[str](), list[str]()
    for cluster in context.settings.clusters.values():
        if not cluster.image:
            continue
        image = _Image(cluster, cluster.image)
        found = [*_find_problems(context, image)]
        problems += [f"{cluster.name}: {problem}" for problem, _ in found]
        mend += [way for _, way in found]
        fine += [] if found else [f"{cluster.name}: {image.name}"]
    return diagnose(problems, ", ".join(fine) or "none in the settings", "\n".join(dict.fromkeys(mend)))


def _find_problems(context: Context, image: _Image) -> Iterator[_Problem]:
    try:
        version, definition = (_read(context, one) for one in (image.arm_id, image.definition))
    except NoAnswerError as error:
        yield _tell_absence(context, image, error)
        return
    yield from _find_misplaced(image, version)
    yield from _find_unfit(image, definition)


def _read(context: Context, arm_id: str) -> Mapping[str, Any]:
    body = context.tools.az("rest", "--method", "get", "--url", f"{arm_id}?api-version={_VERSION}")
    found: Mapping[str, Any] = body.get("properties") or {}
    return found


def _tell_absence(context: Context, image: _Image, error: NoAnswerError) -> _Problem:
    if REFUSED.search(error.reason):
        user = shlex.quote(context.account()["user"]["name"])
        scope = shlex.quote(ids.parent_of(image.definition))
        assign = f"az role assignment create --assignee {user} --scope {scope} --role Reader"
        return f"this login may not read image {image.name}", f"# by an Owner of the gallery:\n{assign}"
    if ABSENT.search(error.reason):
        gallery = ids.parent_of(image.definition)
        return f"there is no image {image.name} in gallery {ids.name_of(gallery)}", (
            f"# make it (docs/node-image.md), or another node.image in {context.file} for {image.cluster.name}:\n"
            f"az sig image-version list --subscription {gallery.split('/')[2]} --resource-group"
            f" {shlex.quote(ids.name_of(ids.group_of(gallery)))} --gallery-name {shlex.quote(ids.name_of(gallery))}"
            f" --gallery-image-definition {shlex.quote(ids.name_of(image.definition))} --query '[].id'"
        )
    raise error


def _find_misplaced(image: _Image, version: Mapping[str, Any]) -> Iterator[_Problem]:
    """Yield that a VM in the cluster's region cannot start from it yet."""
    targets = (version.get("publishingProfile") or {}).get("targetRegions") or ()
    regions, wanted = [normalised(str(one.get("name"))) for one in targets], image.cluster.location
    if wanted not in regions:
        update = f"az sig image-version update --ids {shlex.quote(image.arm_id)} --target-regions"
        yield (
            f"image {image.name} is in {', '.join(regions) or 'no region'}; expected in {wanted}",
            f"{update} {' '.join([*regions, wanted])}",
        )
    if (state := str(version.get("provisioningState") or "unknown")) != "Succeeded":
        yield f"image {image.name} is {state}; expected Succeeded", f"# wait, or make it anew: {image.arm_id}"


def _find_unfit(image: _Image, definition: Mapping[str, Any]) -> Iterator[_Problem]:
    """Yield what a node cannot start from, or could start from only without a trusted launch."""
    anew = f"# another definition, whose properties stay as they are made (docs/node-image.md): {image.definition}"
    for name, expected in _EXPECTED.items():
        if (given := str(definition.get(name) or "")) not in expected:
            yield f"image {image.name} has {name} {given or 'none'}; expected {expected[0]}", anew
    features = {str(one.get("name")): str(one.get("value")) for one in definition.get("features") or ()}
    if (given := features.get("SecurityType", "none")) not in _LAUNCH:
        yield f"image {image.name} has SecurityType {given}; expected {' or '.join(_LAUNCH)}", anew
