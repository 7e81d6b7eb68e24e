"""What scripts that ask a cluster share. nodes/__init__.py puts this text in the place of their line `# asking.py`."""

from __future__ import annotations

import base64
import calendar
import json
import subprocess
import sys
import time
import zlib
from collections.abc import Iterable
from typing import Any

LARGEST = 3600
"""Characters of a line, of the last 4 KiB of what a script prints, which is what Azure keeps."""


def get(*words: str) -> list[dict[str, Any]]:
    """Return objects; none of a kind that nobody has installed."""
    text = ask("get", *words, "--ignore-not-found", unless="the server doesn't have a resource type")
    found = json.loads(text) if text.strip() else {"items": []}
    items: list[dict[str, Any]] = found.get("items", [found])
    return items


def ask(*words: str, unless: str = "") -> str:
    """Return what kubectl answers in JSON; nothing where its refusal is the one that is expected."""
    command = ["kubectl", "--request-timeout=20s", *words, "--output", "json"]
    what = f"kubectl {words[0]} {words[1]}"
    try:
        result = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=30)  # noqa: S603 - its words are ours
    except subprocess.TimeoutExpired:
        sys.exit(f"{what}: no answer within 30 s")
    if result.returncode == 0:
        return result.stdout
    if unless and unless in result.stderr:
        return ""
    sys.exit(f"{what}: {result.stderr.strip()[-300:]}")


def conditions(item: dict[str, Any]) -> dict[str, list[str]]:
    """Return type -> status, reason, message, and since when."""
    return {
        each["type"]: [
            each.get("status"),
            each.get("reason", ""),
            each.get("message", "")[:200],
            each.get("lastTransitionTime", ""),
        ]
        for each in item.get("status", {}).get("conditions", [])
    }


def containers(item: dict[str, Any]) -> list[dict[str, Any]]:
    """Return how the containers of a pod are."""
    status = item.get("status", {})
    return [*status.get("initContainerStatuses", []), *status.get("containerStatuses", [])]


def pod(item: dict[str, Any]) -> dict[str, Any]:
    """Return what is told of a pod."""
    status, each_one = item.get("status", {}), containers(item)
    waiting = [each["state"]["waiting"].get("reason", "") for each in each_one if each.get("state", {}).get("waiting")]
    ended = [each.get("lastState", {}).get("terminated") or {} for each in each_one]
    times = [read_time(each["finishedAt"]) for each in ended if each.get("finishedAt")]
    return {
        "phase": status.get("phase", ""),
        "ready": conditions(item).get("Ready", [""])[0] == "True",
        "reason": status.get("reason") or " ".join(sorted(set(waiting))),
        "restarts": sum(each.get("restartCount", 0) for each in each_one),
        "restarted": max(times, default=0),
        "replaced": is_replaced(item),
    }


def is_replaced(item: dict[str, Any]) -> bool:
    """Return whether a pod is on its way out, or its controller has made another: failed ones stay for long."""
    where = item["metadata"]
    has_controller = any(each.get("controller") for each in where.get("ownerReferences", []))
    return bool(where.get("deletionTimestamp")) or (item.get("status", {}).get("phase") == "Failed" and has_controller)


def read_time(text: str, form: str = "%Y-%m-%dT%H:%M:%SZ") -> int:
    """Return seconds since 1970."""
    return calendar.timegm(time.strptime(text, form))


def place(item: dict[str, Any]) -> str:
    """Return what orders the objects."""
    return "/".join((item["kind"], item["namespace"], item["name"]))


def pack(items: list[dict[str, Any]], after: str = "") -> str:
    """Return the fact line."""
    packed = base64.b64encode(zlib.compress(json.dumps(items).encode(), 9)).decode()
    return json.dumps({"after": after, "items": packed})


def page(items: Iterable[dict[str, Any]]) -> str:
    """Return the fact line with as many of the items as fit, at least one; no more of them are made."""
    taken: list[dict[str, Any]] = []
    for item in items:
        if taken and len(pack([*taken, item], place(taken[-1]))) > LARGEST:
            return pack(taken, place(taken[-1]))
        taken.append(item)
    return pack(taken)
