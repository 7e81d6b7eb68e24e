"""Kubernetes objects that no ARM type covers, applied by a script: bindings of people, CA certificates, policies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from components.cluster_stamp.admins import bind_admins
from components.cluster_stamp.network_policies import isolate_pods
from components.cluster_stamp.operators import bind_operators
from components.context import StampContext
from components.hosting.host import RunScript, encode_parameter
from settings import well_known

_APPLY_SECONDS = 60 * 60
"""More than the sum of the script's own bounds: a time-out kills the shell and leaves its children."""


def apply_cluster_objects(
    context: StampContext,
    run: RunScript,
    trust_bundles: Mapping[str, pulumi.Input[str]],
    depends_on: Sequence[pulumi.Resource],
) -> pulumi.Resource:
    """Apply all objects by one script; what is no longer listed is pruned.

    Args:
        trust_bundles: name of the Bundle, and of the ConfigMap that it makes -> CA certificate, PEM.
    """
    bundles = [build_trust_bundle(name, pem) for name, pem in sorted(trust_bundles.items())]
    objects = [bind_admins(context), *bind_operators(context), build_namespace(), *isolate_pods(context), *bundles]
    return run(
        "apply-objects",
        {"OBJECT_SET": "cluster", "OBJECTS": pulumi.Output.from_input(objects).apply(encode_parameter)},
        timeout_seconds=_APPLY_SECONDS,
        parent=context.parent,
        depends_on=depends_on,
    )


def build_namespace() -> dict[str, Any]:
    """Return AIO's namespace with its labels for Pod Security admission.

    It may be there before AIO is: Microsoft has whoever brings an issuer create it first
    (https://learn.microsoft.com/azure/iot-operations/secure-iot-ops/howto-manage-certificates).
    """
    labels = {f"pod-security.kubernetes.io/{mode}": level for mode, level in well_known.AIO_POD_SECURITY.items()}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": well_known.AIO_NAMESPACE, "labels": labels}}


def build_trust_bundle(name: str, pem: pulumi.Input[str]) -> dict[str, Any]:
    """Return a trust-manager Bundle: one CA, one key, in a ConfigMap of the AIO namespace that heals itself.

    One CA, because AIO trusts every certificate that it finds in the ConfigMap
    (https://learn.microsoft.com/azure/iot-operations/manage-mqtt-broker/howto-configure-authentication). The namespace
    is chosen by the label that Kubernetes itself sets, so nobody has to label it first
    (https://kubernetes.io/docs/reference/labels-annotations-taints/#kubernetes-io-metadata-name).
    """
    return {
        "apiVersion": "trust.cert-manager.io/v1alpha1",
        "kind": "Bundle",
        "metadata": {"name": name},
        "spec": {
            "sources": [{"useDefaultCAs": False}, {"inLine": pem}],
            "target": {
                "configMap": {"key": well_known.CA_CERTIFICATE_KEY},
                "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": well_known.AIO_NAMESPACE}},
            },
        },
    }
