"""A stack's outputs, for people."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from automation.commands import next_steps
from automation.console import say

_HEADINGS = {
    "arc_proxy_commands": "Arc proxy commands",
    "broker_endpoints": "Broker endpoints",
    "links": "Links",
}


def print_outputs(outputs: Mapping[str, Any]) -> None:
    """How to reach clusters and brokers, and what is linked."""
    for name, heading in _HEADINGS.items():
        if name in outputs:
            say(f"\n{heading}:")
            for key, value in sorted((outputs[name] or {}).items()):
                for text in _lines(name, value) if _is_known(value) else ["not known, as the last up has not finished"]:
                    say(f"  {key}: {text}")
    others = sorted(name for name in outputs if name not in _HEADINGS)
    if others:
        say(f"\nFurther outputs, with --json: {', '.join(others)}")


def _is_known(value: Any) -> bool:
    if isinstance(value, Mapping):
        return all(map(_is_known, value.values()))
    return all(map(_is_known, value)) if isinstance(value, list) else value is not None


def _lines(output: str, value: Any) -> Sequence[str]:
    if output == "broker_endpoints":
        found = f"{value['url']} (listener {value['listener']}, CA {value['ca_fingerprint'][:16]}...)"
        host, address = value["host"], value["address"]
        return [found] if host == address else [found, next_steps.make_record(host, address)]
    if output == "links":
        return [f"{topic['from']} on {value['from']} -> {topic['to']} on {value['to']}" for topic in value["topics"]]
    return [value if isinstance(value, str) else json.dumps(value)]
