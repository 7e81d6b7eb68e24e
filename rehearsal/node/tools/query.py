"""What `--query` and `--output` make of an answer of az: the part of JMESPath that is a dotted path, and tsv.

jmespath.org/specification.html, "Sub expressions"; microsoft/knack, knack/output.py, format_tsv.
"""

from __future__ import annotations

import json
import re
from typing import Any

_PATH = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*")


def select(answer: Any, query: str) -> Any:
    """Return the part of the answer that the query names; None where there is none.

    Raises:
        ValueError: the query is more than a dotted path, which this model does not know.
    """
    if not query:
        return answer
    if not _PATH.fullmatch(query):
        raise ValueError(f"--query {query}: the model knows only dotted paths, such as properties.id; extend query.py")
    for step in query.split("."):
        answer = answer.get(step) if isinstance(answer, dict) else None
    return answer


def write(answer: Any, output: str) -> str:
    """Return the answer as az prints it."""
    if output == "none" or answer is None:
        return ""
    if output in ("json", "jsonc"):
        return json.dumps(answer, indent=2) + "\n"
    if output == "tsv":
        return "".join(f"{_write_row(row)}\n" for row in (answer if isinstance(answer, list) else [answer]))
    raise ValueError(f"--output {output}: the model prints json, tsv and none; extend query.py")


def _write_row(row: Any) -> str:
    if isinstance(row, dict):
        return "\t".join(_write_value(value) for _, value in sorted(row.items()))
    return _write_value(str(row).lower() if isinstance(row, bool) else row)


def _write_value(value: Any) -> str:
    if isinstance(value, list):
        return str(len(value))
    return "" if isinstance(value, dict) else str(value)
