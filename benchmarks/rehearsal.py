"""Wall time of one rehearsal without messages, by number of clusters: `make bench`.

Each size runs in a process of its own, after a rehearsal of two clusters, so that start and imports do not count; each
figure is the best of the runs.
"""

from __future__ import annotations

import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SIZES = (2, 10, 30)
RUNS = 3


def measure(clusters: int) -> dict[str, float]:
    """Return seconds, the number of resources and the memory of the process."""
    sys.path.insert(0, str(ROOT))
    _rehearse(2)  # imports azure-native
    seconds, resources = min(_rehearse(clusters) for _ in range(RUNS))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": seconds, "resources": resources, "MiB": memory}


def _rehearse(clusters: int) -> tuple[float, int]:
    """Rehearse in a folder of its own, where nothing is deployed yet."""
    from automation.deployment.rehearsal import rehearse

    with make_project(clusters) as folder:
        start = time.perf_counter()
        rehearsal = rehearse(folder, "bench", messages=0)
        seconds = time.perf_counter() - start
    if not rehearsal.ok:
        raise SystemExit(f"the rehearsal of {clusters} clusters has findings: {rehearsal.judgement.findings}")
    return seconds, len(rehearsal.judgement.deployment.resources)


@contextmanager
def make_project(clusters: int) -> Iterator[Path]:
    """Give a folder with the program and the stack `bench`."""
    from benchmarks.evaluation import settings_for
    from settings.stack_file import SETTINGS_KEY

    with tempfile.TemporaryDirectory() as folder:
        for name in ("Pulumi.yaml", "__main__.py"):
            shutil.copy(ROOT / name, folder)
        document = {"config": {SETTINGS_KEY: settings_for(clusters)}}
        Path(folder, "Pulumi.bench.yaml").write_text(json.dumps(document))
        yield Path(folder)


def main() -> None:
    """Print one row a size."""
    print("clusters  resources  rehearse s  ms per resource  memory MiB")
    for size in SIZES:
        command = [sys.executable, __file__, str(size)]
        row = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)  # noqa: S603
        each = row["seconds"] / row["resources"] * 1000
        print(f"{size:>8}  {row['resources']:>9}  {row['seconds']:>10.2f}  {each:>15.2f}  {row['MiB']:>10.0f}")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(measure(int(sys.argv[1]))))
    else:
        main()
