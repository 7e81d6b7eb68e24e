"""Things done to a deployment in the modelled Azure, and what its models and the settings say to them."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address, ip_network

from rehearsal.verify.messages import roots_of
from rehearsal.verify.settings_match import differences
from settings.stack_file import SETTINGS_KEY
from tests.attacks.lab import Lab
from tests.attacks.row import Attempt
from tests.conftest import resolve
from tests.rehearsal.azure.cases import new_azure
from tests.rehearsal.azure.samples import Azure
from tests.rehearsal.cluster.deployments import Bench, deployed

_PEER, _NODE = "10.1.1.10", "10.2.1.10"
"""Nodes of stack dev; the second one is the enterprise's."""


def changing(change: Callable[[Bench], object]) -> Attempt:
    """Do it to stack dev; return what the clusters report, and where they are not what the settings want."""

    def attempt(_: Lab) -> str:
        bench = Bench("dev")
        change(bench)
        clusters, stack = list(bench.views().values()), deployed("dev")
        settings = resolve(stack.config[SETTINGS_KEY])
        reported = [str(problem) for view in clusters for problem in view.problems]
        return "; ".join([*reported, *differences(settings, clusters, roots_of(stack.engine.state, settings))])

    return attempt


def asking(scenario: Callable[[Azure], str]) -> Attempt:
    """Return with which code the modelled Azure refuses the last call of a scenario."""
    return lambda _: scenario(new_azure())


def inbound(port: int, protocol: str = "Tcp", source: str = _PEER) -> Attempt:
    """Connect from a peer's node to the enterprise's; return the rule of its security group that denies it.

    The first that fits decides, by priority; then Azure's own, which admits peers
    (learn.microsoft.com/azure/virtual-network/network-security-groups-overview).
    """

    def attempt(_: Lab) -> str:
        bench = Bench("dev")
        subnet, group = bench.entry("subnets/snet-myorgb-dev-001"), bench.entry("nsg-myorgb-dev-001")
        assert subnet.inputs["networkSecurityGroup"]["id"] == group.id
        rules = [one for one in group.inputs["securityRules"] if one["direction"] == "Inbound"]
        for rule in sorted(rules, key=lambda one: one["priority"]):
            if (
                _is_any(rule["protocol"], protocol)
                and _is_any(rule["destinationPortRange"], str(port))
                and _is_in(rule["sourceAddressPrefix"], source)
                and _is_in(rule["destinationAddressPrefix"], _NODE)
            ):
                return "" if rule["access"] == "Allow" else str(rule["name"])
        return ""

    return attempt


def _is_any(given: str, wanted: str) -> bool:
    return given in ("*", wanted)


def _is_in(prefix: str, address: str) -> bool:
    return prefix == "*" or ip_address(address) in ip_network(prefix)
