"""Reads the generated tables: for each ARM type and version, what its body may contain.

A node has some of the keywords of JSON Schema (type, properties, required, enum, pattern, minLength, …, `$ref` by name)
and four of its own: `open` (members are not listed), `discriminator` with `variants` (members that depend on a
member's value), and `settings` ({"method": {"X509": "x509Settings"}}: each value of a member has its own settings).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

Node = Mapping[str, Any]
FOLDER = Path(__file__).parent / "tables"


@dataclass(frozen=True)
class Table:
    """The body of one ARM type in one API version, and the rules for the resource's own name."""

    body: Node
    name: Node
    definitions: Mapping[str, Node]

    def resolve(self, node: Node) -> Node:
        """Follow references and return the node that they lead to."""
        while "$ref" in node:
            node = self.definitions[node["$ref"]]
        return node

    def members(self, node: Node, value: Mapping[str, Any]) -> Mapping[str, Node]:
        """Return the known members of an object, of the variant that its discriminator chooses or else of all."""
        known: dict[str, Node] = dict(node.get("properties", {}))
        for variant in self.variants(node, value):
            known.update(variant.get("properties", {}))
        return known

    def variants(self, node: Node, value: Mapping[str, Any]) -> list[Node]:
        """Return the variant that the discriminator's value chooses, or all of them."""
        variants: Mapping[str, Node] = node.get("variants", {})
        choice = value.get(node["discriminator"]) if variants else None
        chosen = [choice] if isinstance(choice, str) and choice in variants else list(variants)
        return [self.resolve(variants[name]) for name in chosen]


def file_name(arm_type: str, api_version: str) -> str:
    """Return the name of the table's file."""
    return f"{arm_type.replace('/', '.')}@{api_version}.json"


class MissingTableError(LookupError):
    """A type has a row, but no table."""


@cache
def load(arm_type: str, api_version: str) -> Table:
    """Return the table of one type, read once.

    Raises:
        MissingTableError: nobody has made it yet; the text says how.
    """
    file = FOLDER / file_name(arm_type, api_version)
    if not file.exists():
        raise MissingTableError(
            f"{arm_type} in {api_version} has a row in arm/types but no table: {file.name} is not in arm/schema/tables."
            " Next: python -m arm.schema.make_tables --schemas DIR, as docs/extending.md says"
        )
    content = json.loads(file.read_text(encoding="utf-8"))
    return Table(content["body"], content["name"], content["definitions"])
