"""Decide as AIO's broker is documented to do, from the deployed bodies and from nothing else.

Written from learn.microsoft.com/azure/iot-operations/manage-mqtt-broker (howto-configure-brokerlistener,
-authentication, -authorization), independently of `translate`, so that a mistake in one of them shows as a difference.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from cryptography import x509
from cryptography.x509.oid import NameOID

from graph import pem
from rehearsal.cluster.model import ClusterView
from rehearsal.mqtt.authority import to_pem
from rehearsal.mqtt.verify import verify_client

Action = Literal["Connect", "Publish", "Subscribe"]


@dataclass(frozen=True)
class Decision:
    """Whether it is allowed, and which step of AIO's has decided."""

    allowed: bool
    by: Literal["authentication", "client id", "rules"]
    reason: str


@dataclass(frozen=True)
class _Principal:
    client_id: str | None
    username: str
    attributes: Mapping[str, str]


def decide(
    view: ClusterView,
    port: int,
    chain: Sequence[x509.Certificate],
    client_id: str | None,
    action: Action,
    topic: str = "",
) -> Decision:
    """Decide about a client that comes to the port with this certificate chain.

    `client_id` None stands for any that the client may connect with.
    """
    ports = [one for listener in view.listeners.values() for one in listener["ports"] if one["port"] == port]
    if not ports:
        return Decision(False, "authentication", f"nothing listens on {port}")
    opened = ports[0]
    if not opened.get("authenticationRef"):
        return Decision(True, "authentication", "anonymous clients are admitted, and may do everything")
    attributes = _authenticate(view, view.authentications[opened["authenticationRef"]], chain)
    if isinstance(attributes, str):
        return Decision(False, "authentication", attributes)
    if not opened.get("authorizationRef"):
        return Decision(True, "rules", "there is no authorization policy, so everything is allowed")
    principal = _Principal(client_id, _common_name(chain[0].subject), attributes)
    rules = view.authorizations[opened["authorizationRef"]]["authorizationPolicies"]["rules"]
    resources = [resource for rule in rules if _applies(rule, principal) for resource in rule["brokerResources"]]
    if not any(_permits_connect(resource, principal) for resource in resources):
        return Decision(False, "client id" if resources else "rules", f"no rule lets it connect as {client_id}")
    if action == "Connect" or any(_permits(resource, action, topic, principal) for resource in resources):
        return Decision(True, "rules", f"a rule allows {action}")
    return Decision(False, "rules", f"no rule allows {action} {topic}")


def list_named_client_ids(view: ClusterView, port: int) -> list[str]:
    """Return the whole client ids, without a wildcard, that rules of the port name."""
    names = [
        one.get("authorizationRef") for each in view.listeners.values() for one in each["ports"] if one["port"] == port
    ]
    return [
        client_id
        for name in names
        if name
        for rule in view.authorizations[name]["authorizationPolicies"]["rules"]
        for resource in rule["brokerResources"]
        for client_id in resource.get("clientIds") or []
        if "*" not in client_id
    ]


def _authenticate(
    view: ClusterView, authentication: Mapping[str, Any], chain: Sequence[x509.Certificate]
) -> Mapping[str, str] | str:
    """Return the client's attributes by the first method that knows it, or why none does."""
    fault = "there is no method for certificates"
    for method in authentication["authenticationMethods"]:
        if method["method"] != "X509":
            continue
        settings = method["x509Settings"]
        config_map = view.config_maps.get(settings["trustedClientCaCert"])
        trust = "\n".join(config_map.data.values()) if config_map else ""
        fault = verify_client(to_pem(chain), trust) if chain else "there is no certificate"
        if not fault:
            return _find_attributes(settings.get("authorizationAttributes") or {}, chain)
    return fault


def _find_attributes(entries: Mapping[str, Any], chain: Sequence[x509.Certificate]) -> Mapping[str, str]:
    """Return the attributes of the first subject that matches, from the leaf upwards."""
    for certificate in chain:
        for entry in entries.values():
            if _normalize(entry["subject"]) == _normalize(pem.subject(certificate.subject)):
                attributes: Mapping[str, str] = entry["attributes"]
                return attributes
    return {}


def _normalize(subject: str) -> str:
    return ",".join("=".join(side.strip() for side in part.split("=", 1)) for part in subject.split(","))


def _common_name(subject: x509.Name) -> str:
    names = subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(names[0].value) if names else ""


def _applies(rule: Mapping[str, Any], principal: _Principal) -> bool:
    """Any one of all entries is enough; within an entry of attributes every one must fit."""
    principals = rule["principals"]
    return (
        principal.client_id in principals.get("clientIds", [])
        or principal.username in principals.get("usernames", [])
        or any(entry.items() <= principal.attributes.items() for entry in principals.get("attributes", []))
    )


def _permits_connect(resource: Mapping[str, Any], principal: _Principal) -> bool:
    if resource["method"] != "Connect":
        return False
    if principal.client_id is None or not resource.get("clientIds"):
        return True
    # `site-1*` also matches `site-10`.
    return any(
        re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), principal.client_id)
        for pattern in _fill_in(resource["clientIds"], principal)
    )


def _permits(resource: Mapping[str, Any], action: Action, topic: str, principal: _Principal) -> bool:
    if resource["method"] != action:
        return False
    topic_filter = re.sub(r"^\$share/[^/]+/", "", topic) if action == "Subscribe" else topic
    return any(covers(pattern, topic_filter) for pattern in _fill_in(resource.get("topics") or ["#"], principal))


def _fill_in(patterns: Sequence[str], principal: _Principal) -> Iterator[str]:
    known = {
        "{principal.clientId}": principal.client_id or "",
        "{principal.username}": principal.username,
        **{f"{{principal.attributes.{name}}}": value for name, value in principal.attributes.items()},
    }
    for pattern in patterns:
        filled = pattern
        for token, value in known.items():
            filled = filled.replace(token, value)
        if "{principal." not in filled:
            yield filled


def covers(pattern: str, topic_filter: str) -> bool:
    """Return whether the pattern matches every topic that the filter matches."""
    if topic_filter.startswith("$") != pattern.startswith("$"):
        return False
    # Whatever has a first level matches +/#, and every topic has one (OASIS MQTT 5.0, §4.7.1.2).
    segments, given = ("#" if pattern == "+/#" else pattern).split("/"), topic_filter.split("/")
    for index, segment in enumerate(segments):
        if segment == "#":
            return True
        if index >= len(given) or given[index] == "#" or (segment != "+" and segment != given[index]):
            return False
    return len(segments) == len(given)
