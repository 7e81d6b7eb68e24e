"""Writes `versions.json` from a clone of Microsoft's schemas: `python -m arm.schema.make_versions --repository DIR`.

DIR is Azure/azure-resource-manager-schemas, with one or more files `schemas/<API version>/<namespace>*.json` for each.
Needed for a new type, and now and then for newer versions.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from arm.schema.make_tables import SOURCE
from arm.schema.versions import FILE
from arm.types import BY_ARM_TYPE


def main() -> None:
    """Write the versions of all types that have a row."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repository", type=Path, required=True)
    found = versions(parser.parse_args().repository)
    lines = [f"{json.dumps(name)}: {json.dumps(known)}" for name, known in sorted(found.items())]
    text = f'{{"source": {json.dumps(SOURCE)},\n"versions": {{\n' + ",\n".join(lines) + "\n}}\n"
    FILE.write_text(text, encoding="utf-8")


def versions(repository: Path) -> dict[str, list[str]]:
    """Return ARM type -> its API versions, oldest first, of the types that have a row in arm/types/."""
    found: dict[str, set[str]] = defaultdict(set)
    namespaces = {arm_type.split("/")[0] for arm_type in BY_ARM_TYPE}
    for namespace in sorted(namespaces):
        for file in sorted((repository / "schemas").glob(f"*/{namespace}*.json")):
            for arm_type in _types(json.loads(file.read_text(encoding="utf-8"))):
                found[arm_type].add(file.parent.name)
    return {arm_type: sorted(found[arm_type]) for arm_type in BY_ARM_TYPE if arm_type in found}


def _types(schema: Mapping[str, Any]) -> Iterator[str]:
    """Yield the types that a file is about: it has a list each for what goes into groups, subscriptions and so on."""
    for key, definitions in schema.items():
        if key.lower().endswith("resourcedefinitions"):
            for definition in definitions.values():
                yield from definition.get("properties", {}).get("type", {}).get("enum", [])


if __name__ == "__main__":
    main()
