"""Which API versions are accepted, and what is said of the others.

Published are those in Microsoft's schemas at the time of `arm/schema/versions.json`; one that came later, up to today,
nobody here can refuse. A body is the same in all of them: that of the version in which the resource was deployed. It
can be sent only in a version that has a table.
Texts: Azure/azure-cli#28496, #28038 and Azure/azure-sdk-for-net#22571.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from arm.schema.versions import published
from arm.shapes import Shape
from arm.types import BY_ARM_TYPE, ResourceType
from arm.types.resource_type import RESOURCE_GROUPS
from rehearsal.arm_rest.exchange import Request, not_modelled
from rehearsal.azure.errors import ArmError

GROUP_ROW = BY_ARM_TYPE[RESOURCE_GROUPS]
_FORM = re.compile(r"\d{4}-\d\d-\d\d(-preview)?")
_ARM = ("2016-06-01", "2019-11-01", "2020-01-01", "2022-12-01")
"""Of subscriptions and tenants, beside those of resource groups."""


def check_arm(request: Request) -> None:
    """Check the version of what Azure Resource Manager answers itself: groups, subscriptions, providers.

    Raises:
        ArmError: there is none, or it is not one of them.
    """
    _check_given(request)
    known = sorted({*published(GROUP_ROW), *_ARM})
    if not _is_published(request.api_version, known):
        supported = ",".join(reversed(known))
        message = f"The api-version '{request.api_version}' is invalid. The supported versions are '{supported}'."
        raise ArmError(400, "InvalidApiVersionParameter", message)


def check_type(request: Request, row: ResourceType, location: str) -> None:
    """Check the version of what a resource provider answers.

    Raises:
        ArmError: as `check_arm`.
    """
    if row is GROUP_ROW:
        check_arm(request)
        return
    _check_given(request)
    known = published(row)
    if not _is_published(request.api_version, known):
        short = row.arm_type.split("/", 1)[1]
        message = (
            f"No registered resource provider found for location '{location}' and API version"
            f" '{request.api_version}' for type '{short}'. The supported api-versions are '{', '.join(known)}'. The"
            f" supported locations are '{location}'."
        )
        raise ArmError(400, "NoRegisteredProviderFound", message)


def shape_to_write(request: Request, row: ResourceType) -> Shape:
    """Return what a body is read by.

    Raises:
        ArmError: a version that Azure has and the model has no table of.
    """
    if request.api_version not in row.versions:
        known = ", ".join(row.versions)
        raise not_modelled(f"bodies of {row.arm_type} in {request.api_version}, only in {known}")
    return Shape(row, request.api_version)


def _is_published(version: str, known: Sequence[str]) -> bool:
    return version in known or (bool(_FORM.fullmatch(version)) and known[-1] < version <= f"{date.today()}-preview")


def _check_given(request: Request) -> None:
    if not request.api_version:
        message = "The api-version query parameter (?api-version=) is required for all requests."
        raise ArmError(400, "MissingApiVersionParameter", message)
