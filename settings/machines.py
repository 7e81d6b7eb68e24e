"""The resolved settings of machines that are there before the stack."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Ssh:
    """The way to a machine that is not Arc-enabled yet."""

    host: str
    port: int
    user: str
    host_key: str


@dataclass(frozen=True)
class SshOverArc:
    """SSH to a machine by way of Azure."""

    user: str
    port: int


@dataclass(frozen=True)
class Machine:
    """The Arc-enabled machine that a cluster stands on, which is not the stack's."""

    resource_id: str
    resource_group: str
    name: str
    ssh: Ssh | None
    """None: it is Arc-enabled before the stack."""
    ssh_over_arc: SshOverArc | None
    """None: nobody gets there by way of Azure."""
