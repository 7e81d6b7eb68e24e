"""Kubernetes objects that no ARM type covers, applied on the node: admin bindings and CA certificates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
from pulumi_azure_native import compute

from components.cluster_stamp.context import StampContext
from components.run_command import Machine, encode_parameter, run_on_node
from settings import well_known

_APPLY_SECONDS = 60 * 60
"""More than the sum of the script's own bounds: a time-out kills the shell and leaves its children."""


def apply_cluster_objects(
    context: StampContext,
    machine: Machine,
    trust_bundles: Mapping[str, pulumi.Input[str]],
    depends_on: Sequence[pulumi.Resource],
) -> compute.VirtualMachineRunCommandByVirtualMachine:
    """One command with all objects: what is no longer listed is pruned.

    Args:
        trust_bundles: name of the Bundle, and of the ConfigMap that it makes -> CA certificate, PEM.
    """
    admins = _admin_binding(context.settings.tenant.admin_group_object_id)
    bundles = [trust_bundle(name, pem) for name, pem in sorted(trust_bundles.items())]
    objects = pulumi.Output.from_input([admins, *bundles]).apply(encode_parameter)
    return run_on_node(
        context.logical("apply-objects"),
        machine,
        script_name="apply-objects",
        parameters={"OBJECT_SET": "cluster", "OBJECTS": objects},
        timeout_seconds=_APPLY_SECONDS,
        parent=context.parent,
        depends_on=depends_on,
    )


def trust_bundle(name: str, pem: pulumi.Input[str]) -> dict[str, Any]:
    """A trust-manager Bundle: one CA, one key, in a ConfigMap of the AIO namespace that heals itself.

    AIO trusts every certificate that it finds in the ConfigMap (field-review §1.17). The namespace is chosen by the
    label that Kubernetes itself sets, so nobody has to label it first (blueprint-facts D34).
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


def _admin_binding(group_object_id: str) -> dict[str, Any]:
    """Without it the Arc proxy connects the admins and Kubernetes refuses them everything (field-review §6)."""
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": "edge-stamps-admins"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": group_object_id}],
    }
