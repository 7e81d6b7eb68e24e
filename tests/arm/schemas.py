"""Validates ARM bodies with Microsoft's own request schemas, where that folder is at hand."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema

ROOT = Path(__file__).parents[2]


def schemas_dir() -> Path | None:
    """The folder of the schemas: $ARM_SCHEMAS, or shared/arm-schemas beside the repository; None if there is none."""
    folder = Path(os.environ.get("ARM_SCHEMAS") or ROOT.parent / "shared" / "arm-schemas")
    return folder if (folder / "index.json").is_file() else None


def schema_errors(arm_type: str, api_version: str, body: Mapping[str, Any], schemas_dir: Path) -> list[str]:
    """What Microsoft's schema has against the body. It describes a template's resource, so its parts are added here."""
    resource = {"properties": {}, **body, "type": arm_type, "apiVersion": api_version, "name": "in-the-path"}
    errors = _validator(arm_type, api_version, schemas_dir).iter_errors(resource)
    return [f"{_where(error)}: {error.message}" for error in sorted(map(_most_precise, errors), key=_where)]


@cache
def _validator(arm_type: str, api_version: str, schemas_dir: Path) -> jsonschema.Draft4Validator:
    index = json.loads((schemas_dir / "index.json").read_text(encoding="utf-8"))
    files = {(entry["type"], entry["apiVersion"]): entry["file"] for entry in index}
    schema = json.loads((schemas_dir / files[arm_type, api_version]).read_text(encoding="utf-8"))
    schema["properties"]["name"] = {}  # judged as a part of the path
    return jsonschema.Draft4Validator(schema)


def _most_precise(error: jsonschema.ValidationError) -> jsonschema.ValidationError:
    return jsonschema.exceptions.best_match([error]) or error


def _where(error: jsonschema.ValidationError) -> str:
    return ".".join(str(step) for step in error.absolute_path) or "body"
