"""What it costs to renew the keys of all links in one `up`, by number of links: `make bench`.

Each site has one link, and all lead to one broker. First the user's side: steps, and minutes on Azure by the estimates
of ARM's types. Then the judge's: CPU time of the change with messages after every step, by link, and memory. Each size
runs in a process of its own. Each link sends as many messages as come in those minutes, in equal parts after the steps.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SIZES = (10, 25, 50, 100)


def renewed(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings with the next generation of every link."""
    return {**settings, "links": [{**link, "generation": 2} for link in settings["links"]]}


def measure(links: int) -> dict[str, float]:
    """Return the figures of one size."""
    sys.path.insert(0, str(ROOT))
    from benchmarks.evaluation import settings_for
    from rehearsal.rotation.run import deploy
    from rehearsal.rotation.traffic import RATE, SLICE_SECONDS

    before = settings_for(links + 1)
    deployed = deploy(before, stack="bench")
    silent = deployed.change(renewed(before), rate=0)
    slices = silent.seconds / SLICE_SECONDS / len(silent.steps)
    start = time.process_time()
    result = deployed.change_here(renewed(before), rate=RATE * slices)
    seconds = time.process_time() - start
    if not result.ok:
        raise SystemExit(f"the rotation of {links} links went wrong:\n{result.table()}")
    return {
        "steps": len(result.steps),
        "minutes": result.seconds / 60,
        "sent": sum(link.sent for link in result.links),
        "seconds": seconds,
        "MiB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def main() -> None:
    """Print one row a size."""
    print("links  steps  steps per link  minutes on Azure  messages  CPU s  CPU s per link  memory MiB")
    for size in SIZES:
        command = [sys.executable, __file__, str(size)]
        row = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)  # noqa: S603
        print(
            f"{size:>5}  {row['steps']:>5}  {row['steps'] / size:>14.1f}  {row['minutes']:>16.1f}  {row['sent']:>8}"
            f"  {row['seconds']:>5.0f}  {row['seconds'] / size:>14.2f}  {row['MiB']:>10.0f}",
            flush=True,
        )


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(measure(int(sys.argv[1]))))
    else:
        main()
