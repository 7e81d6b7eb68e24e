"""Microsoft's clients, pointed at a served Azure, and what they must find there."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from azure.core.credentials import AccessToken
from azure.mgmt.resource.resources import ResourceManagementClient

from arm.outputs import remove
from arm.shapes import Shape
from rehearsal.arm_rest import Served
from rehearsal.azure.entries import Entry


class Token:
    """A credential that has its token already."""

    def __init__(self, text: str) -> None:
        self._text = text

    def get_token(self, *_: str, **__: Any) -> AccessToken:
        return AccessToken(self._text, int(time.time()) + 3600)


@dataclass(frozen=True)
class Client:
    """What every client is made with; nothing but the address differs from Azure."""

    served: Served
    certificate: Path
    subscription: str

    def make(self, kind: Any, **options: Any) -> Any:
        """A client of this class, that tries no second time."""
        return kind(
            Token(self.served.token),
            self.subscription,
            base_url=self.served.address,
            connection_verify=str(self.certificate),
            credential_scopes=["https://management.azure.com/.default"],
            **{"retry_total": 0, **options},
        )

    @property
    def generic(self) -> ResourceManagementClient:
        client: ResourceManagementClient = self.make(ResourceManagementClient, polling_interval=0.01)
        return client


def deployed_body(entry: Entry) -> dict[str, Any]:
    """What was sent to Azure, as far as Azure gives it back."""
    shape: Shape = entry.shape
    inputs = dict(entry.inputs)
    for path in shape.type.write_only:
        parents, _, _ = path.rpartition(".")
        if not parents or parents in inputs:
            inputs = {**inputs, **({parents: dict(inputs[parents])} if parents else {})}
            remove(inputs, path.split("."))
    return shape.body(inputs)


def differences(expected: Any, found: Any, where: str = "") -> Iterator[str]:
    """What the one has and the other has not, or otherwise; the other may have more, and leave out what is empty."""
    if isinstance(expected, Mapping) and isinstance(found, Mapping):
        for name, value in expected.items():
            if name in found or value not in ({}, []):
                yield from differences(value, found.get(name), f"{where}.{name}")
    elif isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        for index, (one, other) in enumerate(zip(expected, found, strict=True)):
            yield from differences(one, other, f"{where}[{index}]")
    elif expected != found:
        yield f"{where}: {found!r}, expected {expected!r}"
