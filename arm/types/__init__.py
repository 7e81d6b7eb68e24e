"""Every ARM resource type that the program may use: one row each, in the module of its service.

Sources in the rows: [schema] a description in Microsoft's request schema, [spec] x-ms-mutability in
Azure/azure-rest-api-specs, [provider] `forceNewMap` in pulumi-azure-native's provider/pkg/gen/replacement.go,
[terraform] `ForceNew` in terraform-provider-azurerm, [arm] the error with which ARM answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pkgutil import iter_modules

from arm.types.resource_type import ResourceType

__all__ = ["BY_ARM_TYPE", "ResourceType", "module_of"]


def _rows() -> dict[str, ResourceType]:
    modules = [import_module(f"{__name__}.{found.name}") for found in iter_modules(__path__)]
    rows = [row for module in modules for row in vars(module).values() if isinstance(row, ResourceType)]
    by_type = {row.arm_type: row for row in rows}
    repeated = len({id(row) for row in rows}) - len(by_type)
    if repeated:
        raise ValueError(f"{repeated} rows of arm/types/ are about a type that has a row already")
    return by_type


BY_ARM_TYPE: Mapping[str, ResourceType] = _rows()
"""The registry; everything else that is known of types is a view over it."""


def module_of(service: str) -> str:
    """Return the file that has, or should have, the rows of an SDK module."""
    return f"arm/types/{service}.py"
