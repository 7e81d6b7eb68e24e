"""How long something may take, as Go writes it: `1h30m`."""

from __future__ import annotations

import re

_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}
_PART = re.compile(r"(\d+\.?\d*|\.\d+)(h|ms|m|s|us|µs|ns)")
EXAMPLE = "1h30m"


def parse_duration(text: str) -> float | None:
    """Return the seconds; None for what is no duration (https://pkg.go.dev/time#ParseDuration)."""
    plain = re.sub(r"^[-+]", "", text)
    parts = _PART.findall(plain)
    if plain != "0" and (not parts or "".join(number + unit for number, unit in parts) != plain):
        return None
    seconds = sum(float(number) * _UNITS[unit] for number, unit in parts)
    return -seconds if text.startswith("-") else seconds
