"""The sections of the schema and where they stand, as in `clusters.<name>.node` and `links[].topics[]`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from settings.schema import StackSection

_STEPS = {dict: ".<name>", list: "[]"}


def fields_of(section: type[BaseModel]) -> dict[str, FieldInfo]:
    """Return the keys of a section as a stack file writes them."""
    return {field.alias or name: field for name, field in section.model_fields.items()}


def sections(section: type[BaseModel] = StackSection, place: str = "") -> Iterator[tuple[str, type[BaseModel]]]:
    """Yield every section with its place, the outer one first; the place of the outermost is empty."""
    yield place, section
    for key, field in fields_of(section).items():
        steps, kind = section_in(field.annotation)
        if kind:
            yield from sections(kind, f"{place}.{key}{steps}".removeprefix("."))


def section_in(kind: Any) -> tuple[str, type[BaseModel] | None]:
    """Return the section that a field holds, and the steps to it: none, into a map, or into a list."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return "", kind
    for inner in get_args(kind):
        steps, section = section_in(inner)
        if section:
            return _STEPS.get(get_origin(kind), "") + steps, section
    return "", None


@cache
def list_fields() -> Mapping[str, FieldInfo]:
    """Return every field that holds no section, by its place, as in `clusters.<name>.node.zone`."""
    return {
        f"{place}.{key}".removeprefix("."): field
        for place, section in sections()
        for key, field in fields_of(section).items()
        if not section_in(field.annotation)[1]
    }


@cache
def place_of(path: str) -> str:
    """Return the place of the field that a path of the settings in effect leads to; `tags.owner` belongs to `tags`."""
    return next(place for place in list_fields() if re.fullmatch(_pattern(place), path))


def _pattern(place: str) -> str:
    return re.escape(place).replace("<name>", r"[^.]+").replace(r"\[\]", r"\[\d+\]") + r"(\..+)?"
