"""Check encryption at host: the feature in the subscription, and the sizes of the nodes that ask for it."""

from __future__ import annotations

import shlex

from automation.check import Diagnosis
from automation.doctor.capacity import fetch_skus, list_nodes
from automation.doctor.context import Context

_FEATURE = ("--namespace", "Microsoft.Compute", "--name", "EncryptionAtHost")
_CAPABILITY = "EncryptionAtHostSupported"
"""Of a size: learn.microsoft.com/azure/virtual-machines/linux/disks-enable-host-based-encryption-cli."""


def check_encryption(context: Context) -> Diagnosis:
    """Check that Azure takes it where a node asks for it."""
    nodes = [(cluster, node) for cluster, node in list_nodes(context) if node.encryption_at_host]
    if not nodes:
        return Diagnosis("ok", "no node asks for it")
    problems, mend = [], []
    subscription = context.subscription_id()
    show = ("az", "feature", "show", "--subscription", subscription, *_FEATURE)
    state = context.tools.text(*show, "--query", "properties.state", "--output", "tsv")
    if state != "Registered":
        problems.append(f"Microsoft.Compute/EncryptionAtHost: {state}")
        own = f"--subscription {shlex.quote(subscription)}"
        mend += [
            f"az feature register {own} {' '.join(_FEATURE)}",
            f"{shlex.join(show)}  # until it says Registered, in some minutes",
            f"az provider register {own} --namespace Microsoft.Compute",
        ]
    for cluster, node in nodes:
        sku = fetch_skus(context, cluster.location).get(node.vm_size)
        capabilities = {one["name"]: one["value"] for one in sku["capabilities"]} if sku else {_CAPABILITY: "True"}
        if capabilities.get(_CAPABILITY) != "True":  # a size that is not offered is left to the check of sizes
            problems.append(f"{cluster.name}: {node.vm_size} has none in {cluster.location}")
            mend.append(f"encryption_at_host: false  # in {context.file}, clusters.{cluster.name}.node")
    if problems:
        return Diagnosis("failed", "\n".join(problems), "\n".join(mend))
    return Diagnosis("ok", f"registered; {', '.join(cluster.name for cluster, _ in nodes)}")
