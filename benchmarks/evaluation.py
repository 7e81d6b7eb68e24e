"""CPU time and memory of one evaluation of the program and of its judgement, by number of clusters: `make bench`.

Each size runs in a process of its own, after an evaluation of two clusters; each figure is the best of the runs.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SIZES = (2, 10, 30, 100)
RUNS = 5


def settings_for(clusters: int) -> dict[str, Any]:
    """One enterprise and `clusters - 1` sites that link to it."""
    sites = {f"site{n}": {"code": f"s{_base36(n)}", "address_space": f"10.{n}.0.0/16"} for n in _octets(clusters - 1)}
    return {
        "prefix": "bench",
        "environment": "dev",
        "location": "eastus2",
        "clusters": {**sites, "enterprise": {"code": "e", "address_space": "10.250.0.0/16"}},
        "links": [{"from": site, "to": "enterprise"} for site in sites],
    }


def measure(clusters: int) -> dict[str, float]:
    """Return seconds of CPU by phase, the number of resources and the memory of the process."""
    sys.path.insert(0, str(ROOT))
    from graph.evaluate_stack import evaluate_config
    from graph.graph import Graph, as_json
    from graph.schedule import schedule
    from rules import judge
    from settings import load, stack_file
    from settings.stand_ins import with_stand_ins

    def evaluate(clusters: int) -> Graph:
        config, _ = with_stand_ins({stack_file.SETTINGS_KEY: settings_for(clusters)})
        return evaluate_config(ROOT, "bench", config, load(config[stack_file.SETTINGS_KEY]), preview=False)

    evaluate(2)  # imports azure-native
    config, _ = with_stand_ins({stack_file.SETTINGS_KEY: settings_for(clusters)})
    settings = load(config[stack_file.SETTINGS_KEY])
    graph = evaluate(clusters)
    phases: dict[str, Callable[[], object]] = {
        "evaluate": lambda: evaluate(clusters),
        "judge": lambda: judge(graph, settings),
        "schedule": lambda: schedule(graph),
        "as_json": lambda: as_json(graph),
    }
    seconds = {name: min(_time(phase) for _ in range(RUNS)) for name, phase in phases.items()}
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {**seconds, "resources": len(graph.resources), "MiB": memory}


def _time(phase: Callable[[], object]) -> float:
    start = time.process_time()
    phase()
    return time.process_time() - start


def main() -> None:
    """Print one row a size."""
    print("clusters  resources  evaluate s  ms per resource  judge s  schedule s  as_json s  memory MiB")
    for size in SIZES:
        command = [sys.executable, __file__, str(size)]
        row = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)  # noqa: S603
        each = row["evaluate"] / row["resources"] * 1000
        print(
            f"{size:>8}  {row['resources']:>9}  {row['evaluate']:>10.2f}  {each:>15.2f}  {row['judge']:>7.2f}"
            f"  {row['schedule']:>10.2f}  {row['as_json']:>9.2f}  {row['MiB']:>10.0f}"
        )


def _octets(count: int) -> list[int]:
    """Second octets of the sites' networks; 42 and 43 are K3s' own."""
    return [n for n in range(1, 250) if n not in (42, 43)][:count]


def _base36(number: int) -> str:
    digits = "0123456789abcdefghijklmnopqrstuvwxyz"
    return digits[number // 36] + digits[number % 36]


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(measure(int(sys.argv[1]))))
    else:
        main()
