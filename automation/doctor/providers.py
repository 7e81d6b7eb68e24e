"""Check resource providers: registered, in the regions, in the API versions that the program uses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from automation.check import Diagnosis, diagnose
from automation.doctor.context import Context
from automation.doctor.requests import Request
from settings.regions import REGIONS, normalised
from settings.releases import RELEASES, Release

_API = "2021-04-01"
CONNECTED_CLUSTERS = "Microsoft.Kubernetes/connectedClusters"
"""Made by the node's script, not by a request of the program."""
# Used though the program sends nothing to it: learn.microsoft.com/azure/azure-arc/kubernetes/system-requirements.
BESIDES = ("Microsoft.Kubernetes",)
_OF_RELEASE = ("Microsoft.IoTOperations", "Microsoft.DeviceRegistry")


@dataclass(frozen=True)
class Offer:
    """One type that a provider offers."""

    api_versions: frozenset[str]
    locations: frozenset[str]
    """Programmatic names of regions; none for a type that is put in no region."""


@dataclass(frozen=True)
class ResourceProvider:
    """One namespace in the subscription."""

    is_registered: bool
    state: str
    offers: Mapping[str, Offer]
    """By the type in lower case, namespace included."""


_UNKNOWN = ResourceProvider(is_registered=False, state="not known to the subscription", offers={})
Providers = Mapping[str, ResourceProvider]
"""By namespace, in lower case."""


def fetch_providers(context: Context) -> Providers:
    """Return what the subscription's providers offer.

    Raises:
        NoAnswerError: Azure does not say.
    """
    url = f"/subscriptions/{context.subscription_id()}/providers?api-version={_API}"
    return {one["namespace"].lower(): _provider(one) for one in context.tools.az_pages(url)}


def _provider(answer: Mapping[str, Any]) -> ResourceProvider:
    state = str(answer.get("registrationState", ""))
    return ResourceProvider(
        state == "Registered" or answer.get("registrationPolicy") == "RegistrationFree",
        state,
        {
            f"{answer['namespace']}/{one['resourceType']}".lower(): Offer(
                frozenset(one.get("apiVersions") or ()), frozenset(map(normalised, one.get("locations") or ()))
            )
            for one in answer.get("resourceTypes", ())
        },
    )


def find_offer(providers: Providers, kind: str) -> Offer | None:
    """Return the offer of a type or, as not every nested type is listed, of the nearest one above it."""
    provider = providers.get(kind.partition("/")[0].lower())
    while provider and "/" in kind:
        if offer := provider.offers.get(kind.lower()):
            return offer
        kind = kind.rpartition("/")[0]
    return None


def check_registration(context: Context) -> Diagnosis:
    """Check that each namespace is registered."""
    providers = fetch_providers(context)
    namespaces = sorted({one.type.partition("/")[0] for one in context.requests} | set(BESIDES))
    found = {name: providers.get(name.lower(), _UNKNOWN) for name in namespaces}
    missing = [name for name, provider in found.items() if not provider.is_registered]
    problems = [f"{name}: {found[name].state}" for name in missing]
    register = "\n".join(f"az provider register --namespace {name} --wait" for name in missing)
    return diagnose(problems, f"{len(namespaces)} registered", register)


def check_regions(context: Context) -> Diagnosis:
    """Check that the clusters' regions offer every type that is put there."""
    providers = fetch_providers(context)
    located = {(one.type, one.location) for one in context.requests if one.location}
    located |= {(CONNECTED_CLUSTERS, normalised(one.location)) for one in context.settings.clusters.values()}
    missing = sorted((kind, region) for kind, region in located if not is_offered_in(providers, kind, region))
    problems = [f"{kind} is not offered in {region}" for kind, region in missing]
    kinds = {kind for kind, _ in located}
    fit = [region for region in REGIONS if all(is_offered_in(providers, kind, region) for kind in kinds)]
    where = f"in {context.file}; all types are offered in: {', '.join(fit) or 'none'}"
    return diagnose(
        problems, ", ".join(sorted({region for _, region in located})), f"location: {(fit or ['?'])[0]}  # {where}"
    )


def is_offered_in(providers: Providers, kind: str, region: str) -> bool:
    """Return whether the type may be put in the region; one that is not listed, or without regions, may be anywhere."""
    offer = find_offer(providers, kind)
    return offer is None or not offer.locations or region in offer.locations


def check_api_versions(context: Context) -> Diagnosis:
    """Check that each type is offered in the API version that the program sends."""
    missing = find_not_offered(fetch_providers(context), context.requests)
    problems = [f"{one.type} is not offered in API version {one.api_version}" for one in missing]
    suggestions = dict.fromkeys(_suggest_release(context, one) for one in missing)
    return diagnose(problems, "as the program sends them", "\n".join(suggestions))


def _suggest_release(context: Context, request: Request) -> str:
    """Return the releases whose API versions are offered, or how to see what is offered if none decides."""
    providers = fetch_providers(context)
    namespace, _, kind = request.type.partition("/")
    fit = [release.name for release in RELEASES.values() if _is_offered(providers, release)]
    if namespace not in _OF_RELEASE or not fit:
        query = f"resourceTypes[?resourceType=='{kind}'].apiVersions"
        return f'az provider show --namespace {namespace} --query "{query}"'
    return f'release: "{fit[-1]}"  # in {context.file}; API versions are offered for: {", ".join(fit)}'


def _is_offered(providers: Providers, release: Release) -> bool:
    offers = {"Microsoft.IoTOperations/instances": release.iot_operations_api}
    offers |= {"Microsoft.DeviceRegistry/namespaces": release.device_registry_api}
    offers |= {CONNECTED_CLUSTERS: release.connected_cluster_api}
    found = {kind: find_offer(providers, kind) for kind in offers}
    return all(offer and offers[kind] in offer.api_versions for kind, offer in found.items())


def find_not_offered(providers: Providers, requests: Iterable[Request]) -> Sequence[Request]:
    """Return the first request of each type whose API version is not offered."""
    found: dict[tuple[str, str], Request] = {}
    for one in requests:
        offer = find_offer(providers, one.type)
        if offer is None or one.api_version not in offer.api_versions:
            found.setdefault((one.type, one.api_version), one)
    return list(found.values())
