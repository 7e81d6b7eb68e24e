"""One AIO release for the whole stack, as the facts have it: versions, API versions, settings, and AIO's own parts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from typing import Any

from arm.shapes import shape_of
from arm.types.extendedlocation import CUSTOM_LOCATION
from arm.types.kubernetesconfiguration import EXTENSION
from graph.graph import Resource
from graph.inputs import map_at, text_at
from rules.facts import aio
from rules.facts.api_versions import BY_ARM_TYPE
from rules.facts.extensions import AIO, ANY, CERT_MANAGER
from rules.facts.releases import RELEASES, Release, of_value
from rules.lookup import Hits, View

_PROVIDERS = "pulumi:providers:"
_METRICS = ("enabled", "openTelemetryCollectorAddress")


def versions(view: View) -> Hits:
    """Require that API versions, extensions and their settings are those of the release that the settings name."""
    if view.release is None:
        message = (
            f"{view.settings.release.name}: the judge has no facts of this release; it knows {', '.join(RELEASES)}."
            " Add its row, from its source, to rules/facts/releases.py"
        )
        yield "release", message
        return
    yield from _packages(view, view.release)
    yield from _api_versions(view)
    for extension in view.all(EXTENSION):
        for problem in _extension(view.inputs(extension), view.release):
            yield extension.name, problem
    for location in view.all(CUSTOM_LOCATION):
        if (given := text_at(view.inputs(location), "namespace")) != aio.NAMESPACE.value:
            yield location.name, f"namespace: {given!r}; AIO's templates have {aio.NAMESPACE.value!r}"


def _packages(view: View, release: Release) -> Hits:
    """Yield wrong packages: the provider where the stack has one of it, else each resource."""
    wrong: dict[str, list[Resource]] = {}
    for resource in view.resources:
        package, _, module = resource.type.removeprefix(_PROVIDERS).split(":")[0].partition("_")
        if package == "azure-native" and module and module != _module(release, module):
            wrong.setdefault(module, []).append(resource)
    for module, resources in wrong.items():
        name = module.split("_")[0]
        given = re.sub(r".*_v(\d{4})(\d\d)(\d\d)", r"\1-\2-\3", module).replace("preview", "-preview")
        message = (
            f"API version {given} of {name}{_owners('apis', name, given)}; release {release.name} has"
            f" {release.apis.get(name, 'none')}: expected package azure-native_{_module(release, module)}"
        )
        providers = [one for one in resources if one.type.startswith(_PROVIDERS)]
        for resource in providers or resources:
            yield resource.name, f"type {resource.type}: {message}"


def _api_versions(view: View) -> Hits:
    """Yield, for each type that the release does not decide, the first resource whose API version is another one."""
    wrong: dict[str, Resource] = {}
    for resource in view.arm:
        fact = BY_ARM_TYPE.get(resource.arm_type)
        if fact and shape_of(resource.type).api_version != fact.value:
            wrong.setdefault(resource.arm_type, resource)
    for arm_type, resource in wrong.items():
        given, expected = shape_of(resource.type).api_version, BY_ARM_TYPE[arm_type].value
        yield resource.name, f"API version {given} of {arm_type}; expected {expected}, which AIO's own tools ask for"


def _module(release: Release, module: str) -> str:
    """Return the module with the release's API version, e.g. `iotoperations_v20260701`."""
    name = module.split("_")[0]
    return f"{name}_v{release.apis[name].replace('-', '')}" if name in release.apis else ""


def _owners(read: str, kind: str, value: Any) -> str:
    """Name the releases that a value belongs to."""
    found = of_value(read, kind, value)
    return f" is of release {', '.join(found)}" if found else ""


def _extension(inputs: Mapping[str, Any], release: Release) -> Iterator[str]:
    kind = text_at(inputs, "extensionType").lower()
    if kind not in release.versions:
        yield f"extensionType: {kind!r} is not part of release {release.name}; expected {sorted(release.versions)}"
        return
    given, expected = inputs.get("version"), release.versions[kind]
    if given != expected:
        yield f"version: {given!r}{_owners('versions', kind, given)}; release {release.name} has {expected!r}"
    if inputs.get("releaseTrain") != release.train:
        yield f"releaseTrain: {inputs.get('releaseTrain')!r}; release {release.name} has {release.train!r}"
    if inputs.get("autoUpgradeMinorVersion") is not False:
        yield "autoUpgradeMinorVersion: expected false, else Azure leaves the release by itself"
    given = text_at(inputs, "scope.cluster.releaseNamespace")
    if kind == CERT_MANAGER.type and given != CERT_MANAGER.namespace:
        yield f"scope.cluster.releaseNamespace: {given!r}; AIO's templates have {CERT_MANAGER.namespace!r}"
    if kind == AIO.type:
        yield from _observability(map_at(inputs, "configurationSettings"))
    if wrong := list(_settings(kind, map_at(inputs, "configurationSettings"), release)):
        yield f"configurationSettings: {'; '.join(wrong)}"


def _settings(kind: str, given: Mapping[str, Any], release: Release) -> Iterator[str]:
    """Yield what differs from the set of settings that the release sends: each value, and each that is too much."""
    expected = release.settings[kind]
    for key in sorted({*expected, *given}):
        if key not in expected:
            others = [name for name, row in RELEASES.items() if key in row.settings[kind]]
            of = f"is of release {', '.join(others)}" if others else "is of no release"
            yield f"{key} {of}; release {release.name} does not send it"
        elif not _fits(given.get(key), expected[key]):
            yield f"{key} is {given.get(key)!r}; release {release.name} sends {expected[key]!r}"


def _observability(given: Mapping[str, Any]) -> Iterator[str]:
    """Metrics go to a collector or are off: the stack installs none, and with neither Helm keeps quiet."""
    enabled, address = (given.get(f"observability.metrics.{key}") for key in _METRICS)
    if enabled not in ("true", "false") or (enabled == "true") != bool(address):
        message = f"observability.metrics: enabled is {enabled!r}, openTelemetryCollectorAddress {address!r}; expected"
        yield f"configurationSettings: {message} 'true' with an address, or 'false' without one"


def _fits(given: Any, expected: str) -> bool:
    if expected == ANY or not isinstance(given, str):
        return expected == ANY and given is not None
    return bool(re.fullmatch(re.escape(expected).replace(r"\{suffix\}", "[a-z0-9]{5}"), given))


def providers(view: View) -> Hits:
    """Every ARM resource goes through the explicit provider of its own package, into the settings' subscription."""
    for resource in view.arm:
        package = resource.type.split(":")[0]
        provider = view.graph.resources.get(resource.options.provider)
        given = provider.type.removeprefix(_PROVIDERS) if provider else "none of the stack"
        if given != package:
            yield resource.name, f"provider: {given}; expected the explicit provider of package {package}"
        elif resource.options.package != (package if "_" in package else ""):
            yield resource.name, f"package reference: {resource.options.package or 'none'}; expected that of {package}"
    for provider in view.resources:
        if provider.type.startswith(f"{_PROVIDERS}azure-native"):
            for problem in _signs_in(view, view.inputs(provider)):
                yield provider.name, problem


def _signs_in(view: View, inputs: Mapping[str, Any]) -> Iterator[str]:
    tenant = view.settings.tenant
    for key, expected in (("subscriptionId", tenant.subscription_id), ("tenantId", tenant.tenant_id)):
        if inputs.get(key) != expected:
            yield f"{key}: expected {expected}, else it deploys where the shell is logged in"
    if (cloud := inputs.get("environment", "public")) != "public":
        yield f"environment: {cloud!r}; expected 'public', as ids and hosts are of that cloud"


def plugins(view: View) -> Hits:
    """Every plugin has the version of the installed SDK, whose hash is pinned, and comes from the engine's own server.

    A plugin runs beside the engine with the deployer's credentials.
    """
    for plugin, asker in view.graph.plugins.items():
        expected = version(f"pulumi-{plugin.package}")
        if plugin.version != expected:
            yield asker, f"plugin {plugin.package}: version {plugin.version or 'the newest'}; expected {expected}"
        if plugin.server:
            yield asker, f"plugin {plugin.package}: from {plugin.server}; expected no pluginDownloadURL"
