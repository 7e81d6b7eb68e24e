"""What scripts that speak MQTT share. nodes/__init__.py puts this text in the place of their line `# mqtt.py`."""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
from typing import Any

SECONDS = "20"
"""In which a broker answers."""


def fetch(kind: str, name: str) -> dict[str, bytes]:
    """Return keys and values of a Secret or ConfigMap."""
    command = ["kubectl", "--request-timeout=20s", "--namespace", os.environ["NAMESPACE"], "get", kind, name]
    try:
        result = subprocess.run(  # noqa: S603 - its words are ours
            [*command, "--ignore-not-found", "--output", "json"], capture_output=True, timeout=30
        )
    except subprocess.TimeoutExpired:
        raise LookupError(f"kubectl get {kind} {name}: no answer within 30 s") from None
    if result.returncode != 0:
        raise LookupError(f"kubectl get {kind} {name}: {result.stderr.decode(errors='replace').strip()[-300:]}")
    found = json.loads(result.stdout) if result.stdout.strip() else {"items": []}
    for item in found.get("items", [found]):
        data = item.get("data") or {}
        return {key: base64.b64decode(value) if kind == "secret" else value.encode() for key, value in data.items()}
    raise LookupError(f"{kind} {name} is not there")


def in_memory(content: bytes) -> int:
    """Return a name under which openssl reads it; a key never gets to the disk."""
    descriptor = os.memfd_create("pem")
    os.write(descriptor, content)
    return descriptor


def over_link(link: dict[str, Any]) -> tuple[list[str], list[int]]:
    """Return how openssl reaches the broker at the other end of a link, with the link's certificate."""
    client, trusted = fetch("secret", link["secret"]), fetch("configmap", link["server_ca"])
    parts = {
        "-cert": client["client_cert.pem"],
        "-key": client["client_key.pem"],
        "-cert_chain": client["client_intermediate_certs.pem"],
        "-CAfile": b"\n".join(trusted.values()),
    }
    files = {option: in_memory(content) for option, content in parts.items()}
    kind = "-verify_ip" if re.fullmatch(r"[0-9.]+", link["host"]) else "-verify_hostname"
    named = [word for option, file in files.items() for word in (option, f"/proc/self/fd/{file}")]
    return ["-connect", f"{link['host']}:{link['port']}", kind, link["host"], *named], list(files.values())


def field(content: bytes | str) -> bytes:
    """Return bytes or a text with its length before it, as MQTT writes both (OASIS MQTT 5.0, 1.5)."""
    content = content.encode() if isinstance(content, str) else content
    return len(content).to_bytes(2, "big") + content


def packet(kind: int, body: bytes) -> bytes:
    """Return a control packet."""
    length, left = b"", len(body)
    while left > 127:
        length, left = length + bytes([left % 128 | 128]), left // 128
    return bytes([kind]) + length + bytes([left]) + body


def connect_packet(client_id: str, properties: bytes = b"", *, clean: bool = True) -> bytes:
    """Return CONNECT of MQTT 5."""
    head = field("MQTT") + bytes([5, 2 if clean else 0]) + b"\0\x3c"
    return packet(0x10, head + packet(0, properties)[1:] + field(client_id))
