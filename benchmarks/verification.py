"""Wall time of `verify --offline`, with its start, by number of clusters: `make bench`.

Each size is deployed first, in a process of its own; 100 clusters take minutes. Each figure is the best of the runs.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SIZES = (2, 4, 30, 100)
RUNS = 3
_COMMAND = "import sys; from pathlib import Path; from automation import cli; cli.PROGRAM = Path.cwd(); cli.app()"


def measure(clusters: int) -> dict[str, float]:
    """Return seconds, the number of checks and the memory of the process."""
    sys.path.insert(0, str(ROOT))
    from automation.deployment.engine import ChosenEngine
    from automation.deployment.open_stack import load, open_deployer
    from benchmarks.rehearsal import make_project

    with make_project(clusters) as folder:
        up = open_deployer(load(folder, "bench", offline=True), ChosenEngine(None), offline=True).up()
        if not up.ok:
            raise SystemExit(f"{clusters} clusters are not deployed: {up.failures}")
        seconds, checks = min(_verify(folder) for _ in range(RUNS))
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return {"seconds": seconds, "checks": checks, "MiB": memory}


def _verify(folder: Path) -> tuple[float, int]:
    options = ("verify", "--stack", "bench", "--offline", "--engine", "offline", "--json")
    command = [sys.executable, "-c", _COMMAND, *options]
    start = time.perf_counter()
    result = subprocess.run(  # noqa: S603 ours
        command, cwd=folder, env={"PYTHONPATH": str(ROOT)}, check=True, capture_output=True, text=True
    )
    return time.perf_counter() - start, len(json.loads(result.stdout)["checks"])


def main() -> None:
    """Print one row a size."""
    print("clusters  checks  verify s  ms per check  memory MiB")
    for size in SIZES:
        command = [sys.executable, __file__, str(size)]
        # Its last line: before it comes what the deployment says.
        line = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1]  # noqa: S603
        row = json.loads(line)
        each = row["seconds"] / row["checks"] * 1000
        print(f"{size:>8}  {row['checks']:>6}  {row['seconds']:>8.2f}  {each:>12.2f}  {row['MiB']:>10.0f}")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(measure(int(sys.argv[1]))))
    else:
        main()
