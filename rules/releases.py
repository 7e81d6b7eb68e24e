"""One AIO release for the whole stack: extension versions, trains and API versions of one row of the table."""

from __future__ import annotations

from arm.types.kubernetesconfiguration import EXTENSION
from graph.inputs import map_at, text_at
from rules.lookup import Hits, View

_PROVIDERS = "pulumi:providers:"


def versions(view: View) -> Hits:
    """Require that API versions and extension versions are those of the release that the settings name."""
    release = view.settings.release
    api = {
        "iotoperations": release.iot_operations_api,
        "deviceregistry": release.device_registry_api,
        "kubernetes": release.connected_cluster_api,
    }
    for resource in view.resources:
        package, _, module = resource.type.removeprefix(_PROVIDERS).split(":")[0].partition("_")
        if package != "azure-native" or not module:
            continue
        name = module.split("_")[0]
        expected = f"{name}_v{api[name].replace('-', '')}" if name in api else ""
        if module != expected:
            message = (
                f"type {resource.type}: release {release.name} has API version {api.get(name, 'none')} of {name};"
                f" expected package azure-native_{expected}"
            )
            yield resource.name, message
    yield from _extensions(view)


def _extensions(view: View) -> Hits:
    release = view.settings.release
    for extension in view.all(EXTENSION):
        inputs = view.inputs(extension)
        kind = text_at(inputs, "extensionType").lower()
        known = view.expected[view.cluster(extension)].extensions if view.cluster(extension) else {}
        if kind not in known:
            message = f"extensionType: {kind!r} is not part of release {release.name}; expected {sorted(known)}"
            yield extension.name, message
            continue
        for key, expected in (("version", known[kind].version), ("releaseTrain", release.train)):
            if inputs.get(key) != expected:
                yield extension.name, f"{key}: {inputs.get(key)!r}; release {release.name} has {expected!r}"
        if inputs.get("autoUpgradeMinorVersion") is not False:
            yield extension.name, "autoUpgradeMinorVersion: expected false, else Azure leaves the release by itself"
        given = map_at(inputs, "configurationSettings")
        for name, expected in known[kind].settings.items():
            if given.get(name) != expected:
                where = f"configurationSettings.{name}"
                yield extension.name, f"{where}: {given.get(name)!r}; release {release.name} asks for {expected!r}"


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
            expected = view.settings.tenant.subscription_id
            if view.inputs(provider).get("subscriptionId") != expected:
                message = f"subscriptionId: expected {expected}, else it deploys where the shell is logged in"
                yield provider.name, message
