"""The page about the modelled Azure, docs/world.md: `python -m automation.reference.azure_model` prints it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from automation.reference.pages import serve, table
from rehearsal.azure.faults import KINDS, Kind
from rehearsal.azure.refusals import WORLD_RULES
from rehearsal.azure.refusals.quotas import QUOTAS

PAGE = Path(__file__).parents[2] / "docs" / "world.md"

_INTRODUCTION = """\
# The modelled Azure

Written by `make docs`. Change the tables in `rehearsal/azure/`, not this page.

A rehearsal does not reach Azure. It deploys into a model of Azure, the *world* (`rehearsal/azure/world.py`). The world
remembers what exists, from one rehearsal to the next. It takes the same calls as Azure's resource manager: GET, PUT and
DELETE by resource id.

What it does:

* It refuses what Azure refuses, with Azure's code and text. The rules are below.
* It does what Azure does beside: it deletes what is below a resource, keeps deleted vaults, connects peerings, and lets
  the onboarding script make its connected cluster.
* It fails where a test orders a fault. The kinds are below.

What it is not:

* It is not Azure. It knows the resource types that this project uses, and of those what this project needs.
* It runs nothing: no VM, no script, no broker. What Azure would run counts as done, but for the gate `await-secrets`:
  it fails where the [modelled cluster](cluster.md) lacks what it expects.
* It has no policies, locks or costs. The deployer may do everything, except touch the data of a vault.
* Nobody has compared it with a subscription yet. Where Microsoft documents no code or text, it has one of its own.

Short names of sources, such as field-review, are explained in [sources.md](sources.md).
"""


_RULES = """
## Rules

The first rule that refuses a call is the answer. Nothing has changed then.

"""

_FAULTS = """
## Faults

A test orders a fault for an operation on a resource. So can you, with
`python -m automation up --offline --fault NAME:OPERATION:KIND[:TIMES]`: NAME is a logical name as `preview --offline`
prints it, or part of one with `*`; OPERATION is get, create, update or delete; TIMES is 1 if left out. For example
`site-node:create:throttled`, or `*-key-vault:create:bad-request:2`.
 *Written* says whether Azure does what it was asked to.

"""

_LIMITS = """
## Quotas

The limits that one deployment of many clusters can meet. `Surroundings.quotas` sets others. For vCPUs there is no usual
limit: `Surroundings.vcpu_quota` has that of each region, and `Surroundings.family_quota` that of each VM family in a
region.

"""


def page() -> str:
    """The whole page."""
    rules = ((rule.id, rule.title, rule.source) for rule in WORLD_RULES)
    quotas = ((one.name, f"{one.limit:,}", one.place, one.refusal.code, one.source) for one in QUOTAS.values())
    parts = [
        _INTRODUCTION,
        _RULES,
        table(("rule", "what holds", "source"), rules),
        _FAULTS,
        table(("kind", "what happens", "status", "code", "written"), map(_fault, KINDS, KINDS.values())),
        _LIMITS,
        table(("what", "at most", "per", "code", "source"), quotas),
    ]
    return "".join(parts)


def _fault(name: str, kind: Kind) -> tuple[str, ...]:
    status, code = (str(kind.status), kind.code) if kind.status else ("no answer", "")
    return f"`{name}`", kind.title, status, code, _written(kind)


def _written(kind: Kind) -> str:
    if not kind.after:
        return "no"
    if kind.runs:
        return "goes on"
    return "failed" if kind.status else "yes"


def main(arguments: Sequence[str] | None = None) -> int:
    """Print, write or check the page."""
    return serve(page, PAGE, arguments)


if __name__ == "__main__":
    sys.exit(main())
