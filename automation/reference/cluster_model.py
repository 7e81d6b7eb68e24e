"""The page about the modelled clusters, docs/cluster.md: `python -m automation.reference.cluster_model` prints it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from automation.reference.pages import serve, table
from rehearsal.cluster.rules import CLUSTER_RULES

PAGE = Path(__file__).parents[2] / "docs" / "cluster.md"

_INTRODUCTION = """\
# The modelled clusters

Written by `make docs`. Change the table in `rehearsal/cluster/rules.py`, not this page.

A rehearsal starts no cluster. It computes what each connected cluster would hold, from what was deployed into the
[modelled Azure](world.md) and from nothing else: Secrets, ConfigMaps, listeners, endpoints, dataflows, and whether the
broker's frontends run (`rehearsal/cluster/model.py`). It can do so at any moment of a deployment.

What it does:

* It follows each private key from the vault into its Secret: issuer, subject, audience, identity, role, vault, vault
  secret, provider class, mapping. Where the way is cut it gives the condition of the SecretSync, in the words of Entra
  and Key Vault.
* It delivers CA certificates as trust-manager does.
* It names everything that does not hold as a problem: rule, cluster, resource, what would be seen, what to do. The
  rules are below. Consequences are named too, after their cause.
* It answers for the gate: the Run Command `await-secrets` fails in the modelled Azure where the script would fail on
  the node, in the script's words. A role that takes effect within the script's wait counts as effective.

What it is not:

* It is not Kubernetes, trust-manager or AIO. Nothing runs; the state is the one that they would settle at.
* It has no past. A Run Command that failed is taken to have changed nothing, though an earlier run of it may have. A
  Bundle that is no longer listed is taken to be gone, though apply-objects.sh leaves it. A Secret that was synced is
  gone with its vault secret, though the controller would keep the last value.
* It takes the object id of Custom Locations as right, unless it is empty or the id of an application.
* Vault secrets have their newest version only. Of a provider class it reads objectName, objectType and objectVersion.
* A half-fetched Secret of type kubernetes.io/tls is not there, because Kubernetes takes none without both keys. An
  Opaque one is there by half. What Microsoft's controller does in this case is not documented.
* Not judged: automatic certificates of cert-manager, methods besides X509 and ServiceAccountToken, endpoints that are
  not MQTT, memory and cores, name resolution, route tables. Two clusters are compared by client ids and network paths.
* Nobody has compared it with a real cluster yet.

Short names of sources, such as field-review, are explained in [sources.md](sources.md).

## Rules

"""


def page() -> str:
    """The whole page."""
    rows = ((rule.id, rule.title, rule.source) for rule in CLUSTER_RULES)
    return _INTRODUCTION + table(("rule", "what must hold", "source"), rows)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print, write or check the page."""
    return serve(page, PAGE, arguments)


if __name__ == "__main__":
    sys.exit(main())
