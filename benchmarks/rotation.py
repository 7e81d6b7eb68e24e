"""What it costs to renew the keys of all links in one `up`, by number of links: `make bench`.

Each site has one link, and all lead to one broker. First the user's side: resources that change, and virtual minutes
by the estimates of ARM's types, over all runs of the engine that `up` goes on with; what is deleted is not waited for
and left out. Then the judge's: CPU time of the change with messages after every step, and memory. Each size runs in a
process of its own.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rehearsal.engine import ResourceState

ROOT = Path(__file__).resolve().parent.parent
SIZES = (10, 25, 50, 100)
RATE = 4
"""Messages a second of each link: one after each step. At the usual 20, two cores spend most of the time on sending."""


def renewed(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings with the next generation of every link."""
    return {**settings, "links": [{**link, "generation": 2} for link in settings["links"]]}


def measure(links: int) -> dict[str, float]:
    """Return the figures of one size."""
    sys.path.insert(0, str(ROOT))
    from benchmarks.evaluation import settings_for
    from rehearsal.rotation.run import deploy

    before = settings_for(links + 1)
    deployed = deploy(before, stack="bench")
    start = time.process_time()
    result = deployed.change(renewed(before), rate=RATE)
    seconds = time.process_time() - start
    if not result.ok:
        raise SystemExit(f"the rotation of {links} links went wrong:\n{result.table()}")
    runs = deployed.list_changes(renewed(before))
    return {
        "changes": len(result.steps),
        "minutes": sum(find_minutes(resources, changed) for resources, changed in runs),
        "sent": sum(link.sent for link in result.links),
        "seconds": seconds,
        "MiB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
