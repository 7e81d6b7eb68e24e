"""Attacks and faults that people who run such stacks name. Each is in a row, or docs/proven.md says why in none."""

from __future__ import annotations

CASES: dict[str, tuple[str, ...]] = {
    "identity": (
        "previous leaf after an emergency replacement",
        "trusted leaf with an unmapped subject",
        "site-1 acting as site-10",
        "takeover of a live session's client id",
        "CN with + # /",
        "reordered DN",
        "escapes in a CN",
        "NUL in a CN",
    ),
    "chain": (
        "old root signing fresh leaves during roll-over",
        "same subject under both roots",
        "CA certificate as a client",
        "path length exceeded",
        "leaf with both uses or none",
        "resumed TLS session after revocation",
        "resumed TLS session after revocation, at a broker that goes on running",
    ),
    "protocol": (
        "Will to another site's topic",
        "retained message to another site's topic",
        "$share/x/#",
        "state-store topics",
        "second port without a policy",
        "auto-assigned NodePort",
        "link loop A to B to A",
        "message larger than the receiving broker takes",
        "noisy neighbour",
    ),
    "platform": (
        "metadata service from a pod",
        "Reader reading runCommands",
        "secret replaced by ARM PUT",
        "extra CA in the ConfigMap",
        "foreign cluster with the same subject but another issuer",
        "peer reaching 6443, 10250, 8472",
    ),
    "leaks": (
        "state export",
        "--diff",
        "verbose logs",
        "HTML report",
        "CI artifacts",
        "handler files on the node",
    ),
    "cloud": (
        "role that spreads for 10 minutes",
        "policy deny",
        "lock",
        "size missing",
        "provider unregistered",
        "purge-protected name",
        "peering Disconnected",
        "static address taken",
        "static address taken by somebody else's machine",
        "extension Failed while workloads are healthy",
    ),
    "edge": (
        "clock off by 10 minutes",
        "reboot inside a script",
        "half-synced pair",
        "unmanaged Secret",
        "namespace Terminating",
        "disk full",
        "disk full of something else than messages",
        "Arc identity expired after 90 days offline",
        "Arc offline during up",
        "changed issuer",
    ),
    "people": (
        "portal edits a provider class",
        "AIO upgraded outside Pulumi",
        "resource group deleted first",
        "key of the secrets provider lost",
    ),
}
"""By kind."""
EVERY = [case for cases in CASES.values() for case in cases]
