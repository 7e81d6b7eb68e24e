"""What ARM would receive from the committed stacks, against Microsoft's own request schemas."""

from __future__ import annotations

from pathlib import Path

import pytest

from arm.shapes import shape_of
from graph.evaluate_stack import evaluate_stack
from graph.graph import as_json
from settings.loaded_stack import load_stack
from tests.arm.schemas import schema_errors, schemas_dir
from tests.conftest import PROGRAM

# The schema's list of VM sizes ends in 2019; Azure takes any size that the region has.
_KNOWN_WRONG = ("properties.hardwareProfile.vmSize:",)


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_every_body_is_valid(stack: str) -> None:
    folder: Path | None = schemas_dir()
    if folder is None:
        pytest.skip("Microsoft's request schemas are not here: set ARM_SCHEMAS to their folder (with its index.json)")
    document = as_json(evaluate_stack(load_stack(PROGRAM, stack, stand_ins=True), preview=False).graph)
    calls = [
        (resource["name"], resource["type"], resource["arm"]) for resource in document["resources"] if "arm" in resource
    ]
    errors = {
        name: [error for error in found if not error.startswith(_KNOWN_WRONG)]
        for name, type_name, arm in calls
        if (found := schema_errors(shape_of(type_name).arm_type, arm["apiVersion"], arm["body"], folder))
    }

    assert len(calls) > 90
    assert {name: found for name, found in errors.items() if found} == {}
