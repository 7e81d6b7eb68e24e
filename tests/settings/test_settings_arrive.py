"""Every setting of a section that differs by profile changes what is deployed."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, get_args

import pytest
from pydantic.fields import FieldInfo

from graph.graph import Graph
from settings.profiles import PROFILES
from settings.schema import PER_CLUSTER, PROFILE_SECTIONS
from tests.conftest import PROGRAM, TWO_CLUSTERS, evaluate
from tests.golden.normalise import as_text

_LEAVES = [(name, key) for name, section in PROFILE_SECTIONS.items() for key in section.model_fields]
_OTHER = {"vm_size": "Standard_D16s_v6", "address": "10.1.1.77"}
"""Another legal value, where the annotation does not say one."""


def _another(section_name: str, key: str, value: Any) -> Any:
    field: FieldInfo = PROFILE_SECTIONS[section_name].model_fields[key]
    if key in _OTHER:
        return _OTHER[key]
    choices = [choice for kind in (field.annotation, *get_args(field.annotation)) for choice in get_args(kind)]
    literals = [choice for choice in choices if isinstance(choice, str) and choice != value]
    if literals:
        return literals[0]
    if value is None:
        return next(given[key] for given in (PROFILES[name][section_name] for name in PROFILES) if given.get(key))
    return not value if isinstance(value, bool) else value + 1


def test_the_same_settings_deploy_the_same(recorded: Callable[..., Graph]) -> None:
    assert as_text(recorded(TWO_CLUSTERS)) == as_text(evaluate(TWO_CLUSTERS))


@pytest.mark.parametrize(("name", "key"), _LEAVES)
def test_it_arrives(name: str, key: str, recorded: Callable[..., Graph]) -> None:
    section = PROFILE_SECTIONS[name]
    default = PROFILES["dev"][name].get(key, section.model_fields[key].default)
    change = {name: {key: _another(name, key, default)}}
    settings = {**TWO_CLUSTERS, **({"clusters": {"site": change, "enterprise": {}}} if name in PER_CLUSTER else change)}
    before, after = as_text(recorded(TWO_CLUSTERS)), as_text(evaluate(settings))
    assert before != after, f"{name}.{key} of settings/schema.py changes nothing: it is to be read in {_readers(name)}"


def _readers(section: str) -> str:
    """Return the files of the components that read other fields of the section."""
    files = sorted((PROGRAM / "components").rglob("*.py"))
    kind = PROFILE_SECTIONS[section]
    own = "|".join({*kind.model_fields, *(name for name in vars(kind) if not name.startswith("_"))})
    reading = [file for file in files if re.search(rf"{section}\.({own})\b", file.read_text(encoding="utf-8"))]
    return " or ".join(file.relative_to(PROGRAM).as_posix() for file in reading)
