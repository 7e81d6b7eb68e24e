"""Checks of the connected cluster and of its custom location."""

from __future__ import annotations

from collections.abc import Iterator

from arm.types.extendedlocation import CUSTOM_LOCATION
from arm.types.kubernetes import CONNECTED_CLUSTER
from automation.verify.check import Problem
from automation.verify.look import Look, show
from graph.inputs import at, list_at, text_at
from rules.facts import aio

_ON = ("oidcIssuerProfile.enabled", "securityProfile.workloadIdentity.enabled")


def check_connection(look: Look) -> Iterator[Problem]:
    """Check that the cluster is in touch with Azure."""
    for subject, body in look.seen(CONNECTED_CLUSTER):
        if (seen := text_at(body, "properties.connectivityStatus")) != "Connected":
            last = text_at(body, "properties.lastConnectivityTime")
            yield Problem(subject.label, f"is {show(seen or None)}{f', last seen {last}' if last else ''}", "Connected")


def check_agents(look: Look) -> Iterator[Problem]:
    """Check that the agents are well, and that nobody upgrades them unasked.

    Source of the fields: azure-mgmt-hybridkubernetes 2.0.0, ArcAgentProfile.
    """
    for subject, body in look.seen(CONNECTED_CLUSTER):
        profile = at(body, "properties.arcAgentProfile")
        is_ours = look.cluster.existing is None  # else its owner says who upgrades
        if is_ours and (seen := text_at(profile, "agentAutoUpgrade")) != "Disabled":
            yield Problem(subject.label, f"arcAgentProfile.agentAutoUpgrade is {show(seen or None)}", "Disabled")
        has, wants = text_at(body, "properties.agentVersion"), text_at(profile, "desiredAgentVersion")
        if has and wants and has != wants:
            yield Problem(subject.label, f"agentVersion is {has}", wants)
        for error in list_at(profile, "agentErrors"):
            component, message = text_at(error, "component"), text_at(error, "message")
            yield Problem(subject.label, f"agent {component}: {show(message)}", "no error")


def check_issuer(look: Look) -> Iterator[Problem]:
    """Check that the cluster issues tokens that Entra can check, and gives them to workloads."""
    for subject, body in look.seen(CONNECTED_CLUSTER):
        for path in _ON:
            if (seen := at(body, f"properties.{path}")) is not True:
                yield Problem(subject.label, f"{path} is {show(seen)}", "true")
        if not text_at(body, "properties.oidcIssuerProfile.issuerUrl").startswith("https://"):
            seen = at(body, "properties.oidcIssuerProfile.issuerUrl")
            yield Problem(subject.label, f"oidcIssuerProfile.issuerUrl is {show(seen)}", "an address")


def check_custom_location(look: Look) -> Iterator[Problem]:
    """Check that the custom location is on this cluster, in AIO's namespace, over its extensions."""
    for subject, body in look.seen(CUSTOM_LOCATION):
        if (seen := text_at(body, "properties.namespace")) != aio.NAMESPACE.value:
            yield Problem(subject.label, f"namespace is {show(seen or None)}", aio.NAMESPACE.value)
        yield from look.compare(subject, body, "properties", without=("namespace",))
