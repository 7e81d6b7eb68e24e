"""Who a link's client is, and what it may do at its broker.

Source: learn.microsoft.com/azure/iot-operations/manage-mqtt-broker, howto-configure-authentication and -authorization.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from graph import pem
from graph.graph import Resource
from graph.inputs import list_at, map_at, text_at, x509_settings
from rules.certificates import chains
from rules.dataflows import client_ids
from rules.expected import PROBE_CLIENT
from rules.facts import aio
from rules.lookup import Hits, LinkParts, View

Attributes = Mapping[str, str]
_METHODS = "properties.authenticationMethods"


def subjects_are_mapped(view: View) -> Hits:
    """Each link's certificate has one set of attributes that no other has, and no other subject is mapped."""
    subjects = _subjects(view)
    for authentication, links in _group_links(view, lambda parts: parts.authentication):
        entries = _entries(view, authentication)
        methods = [text_at(one, "method") for one in list_at(view.inputs(authentication), _METHODS)]
        if methods != ["X509"]:
            yield authentication.name, f"{_METHODS}: {', '.join(methods) or 'none'}; expected X509 alone, once"
        expected = [subjects[parts.link.name] for parts in links if parts.link.name in subjects]
        for parts in links:
            subject = subjects.get(parts.link.name)
            found = [attributes for given, attributes in entries if given == subject]
            if subject and len(found) != 1:
                known = ", ".join(given for given, _ in entries) or "none"
                message = (
                    f"authorizationAttributes: the client certificate {subject} of link {parts.link.name} is there"
                    f" {len(found)} times, expected once; subjects: {known}"
                )
                yield authentication.name, message
        for given, attributes in entries:
            if len(expected) == len(links) and given not in expected:
                yield authentication.name, f"authorizationAttributes: {given} is no link's certificate. Remove it"
            elif sum(attributes == other for _, other in entries) > 1:
                yield authentication.name, f"authorizationAttributes: {given} has the attributes of another subject too"
            yield from _find_without_generation(authentication, given, attributes)


def _find_without_generation(authentication: Resource, subject: str, attributes: Attributes) -> Hits:
    """Require the generation, so that with one a rule goes too: a running broker takes up a change of rules alone."""
    if not subject.endswith(f"-g{attributes.get('generation')}"):
        message = (
            f"authorizationAttributes: {subject} has the attributes {dict(attributes)}; expected its generation too"
        )
        yield authentication.name, f"{message} (howto-configure-authorization, Update authorization)"


def _subjects(view: View) -> dict[str, str]:
    """Link -> the subject of the certificate that it really presents."""
    return {
        chain.parts.link.name: _normalised(pem.subject(chain.leaf.subject))
        for chain in chains(view)
        if chain.side == "client"
    }


def _group_links(
    view: View, part: Callable[[LinkParts], Resource | None]
) -> Iterator[tuple[Resource, list[LinkParts]]]:
    """Return each resource that is this part of links, with these links."""
    found: dict[str, list[LinkParts]] = {}
    for parts in view.links:
        if resource := part(parts):
            found.setdefault(resource.urn, []).append(parts)
    return ((view.graph.resources[urn], links) for urn, links in found.items())


def _entries(view: View, authentication: Resource) -> list[tuple[str, Attributes]]:
    """(subject, attributes)."""
    maps = [map_at(one, "authorizationAttributes") for one in x509_settings(view.inputs(authentication))]
    return [
        (_normalised(text_at(entry, "subject")), map_at(entry, "attributes")) for one in maps for entry in one.values()
    ]


def _normalised(subject: str) -> str:
    """`CN = x` and `CN=x` are one subject."""
    return ",".join("=".join(part.strip() for part in one.split("=", 1)) for one in subject.split(","))


def rules_fit(view: View) -> Hits:
    """Each link's attributes open exactly one rule: its own client ids, its own topics to publish, nothing else."""
    subjects = _subjects(view)
    for authorization, links in _group_links(view, lambda parts: parts.authorization):
        rules = list_at(view.inputs(authorization), "properties.authorizationPolicies.rules")
        used: set[int] = set()
        complete = True
        for parts in links:
            attributes = _attributes_of(view, parts, subjects.get(parts.link.name, ""))
            if attributes is None:  # MQTT-03, or no certificate is published
                complete = False
                continue
            open_to = [index for index, rule in enumerate(rules) if _applies(rule, attributes)]
            used.update(open_to)
            yield from _spare_attributes(authorization, {index: rules[index] for index in open_to}, attributes)
            if len(open_to) != 1:
                yield (
                    authorization.name,
                    f"rules: {len(open_to)} apply to link {parts.link.name} ({dict(attributes)}); expected exactly one",
                )
            else:
                yield from _grants(view, authorization, rules[open_to[0]], open_to[0], parts)
        for index, rule in enumerate(rules):
            others = sorted(set(map_at(rule, "principals")) - {"attributes"})
            if others:
                message = (
                    f"rules[{index}].principals.{others[0]}: principals are OR-ed, so this alone would open the rule."
                    " Use attributes only"
                )
                yield authorization.name, message
            elif complete and index not in used:
                yield authorization.name, f"rules[{index}]: opens to no link's attributes. Remove it"


def _spare_attributes(authorization: Resource, rules: Mapping[int, Any], attributes: Attributes) -> Hits:
    """Require that a rule asks for every attribute that it opens to: another one may open a rule of its own one day."""
    for index, rule in rules.items():
        if attributes not in list_at(rule, "principals.attributes"):
            message = f"rules[{index}].principals.attributes: asks for less than {dict(attributes)}, which the link has"
            yield authorization.name, f"{message}. Ask for all, or take the rest out of the authentication"


def _attributes_of(view: View, parts: LinkParts, subject: str) -> Attributes | None:
    """Return the attributes that the broker's authentication gives to the link's certificate."""
    entries = _entries(view, parts.authentication) if parts.authentication else []
    found = [attributes for given, attributes in entries if given == subject]
    return found[0] if len(found) == 1 else None


def _applies(rule: Any, attributes: Attributes) -> bool:
    """Entries are OR-ed, the keys within one are AND-ed."""
    return any(
        isinstance(entry, Mapping) and entry and entry.items() <= attributes.items()
        for entry in list_at(rule, "principals.attributes")
    )


def _grants(view: View, authorization: Resource, rule: Any, index: int, parts: LinkParts) -> Hits:
    resources = list_at(rule, "brokerResources")
    required: dict[str, tuple[str, set[str]]] = {
        "Connect": (
            "clientIds",
            _client_ids(view, parts, parts.endpoint) if parts.endpoint else set(),
        ),
        "Publish": (
            "topics",
            {
                text_at(one, "destinationSettings.dataDestination")
                for flow in parts.dataflows
                for one in view.operations(flow, "Destination")
            },
        ),
    }
    for method, (key, expected) in required.items():
        given = {str(one) for entry in resources if text_at(entry, "method") == method for one in list_at(entry, key)}
        if expected and given != expected:
            message = (
                f"rules[{index}]: link {parts.link.name} may {method} with {key} {sorted(given) or 'of any kind'};"
                f" its dataflows and its probe need exactly {sorted(expected)}"
            )
            yield authorization.name, message
    for method in sorted({text_at(entry, "method") for entry in resources} - set(required)):
        message = f"rules[{index}]: link {parts.link.name} may {method}, which no dataflow does. Remove it"
        yield authorization.name, message


def _client_ids(view: View, parts: LinkParts, endpoint: Resource) -> set[str]:
    """Return the ids of the dataflows, and the probe's where no wildcard covers it."""
    ids = set(client_ids(view, parts, endpoint))
    covered = any(one.endswith(aio.CLIENT_ID_WILDCARD.value) for one in ids)
    return ids if covered else ids | {f"{parts.link.client_id_prefix}{PROBE_CLIENT}"}
