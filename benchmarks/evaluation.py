"""Time and memory of one evaluation of the program, by number of clusters: `make bench`.

Each size runs in a process of its own; imports are timed apart. Whole-process figures on a shared machine: read the
ratios, and the minimum of the runs.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SIZES = (1, 2, 10, 30, 100)
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
    """Import what the program imports, evaluate it once to warm up, then `RUNS` times."""
    sys.path.insert(0, str(ROOT))
    start = time.perf_counter()
    import components.azure
    import components.mqtt_configuration
    import components.outputs  # noqa: F401 what `__main__.py` imports, with azure-native behind it
    from graph.evaluate_stack import evaluate_config

    imports = time.perf_counter() - start
    start = time.perf_counter()
    from settings import load, stack_file
    from settings.stand_ins import with_stand_ins

    config, _ = with_stand_ins({stack_file.SETTINGS_KEY: settings_for(clusters)})
    settings = load(config[stack_file.SETTINGS_KEY])
    graph = evaluate_config(ROOT, "bench", config, settings, preview=False)
    warm_up = time.perf_counter() - start
    seconds = []
    for _ in range(RUNS):
        start = time.perf_counter()
        evaluate_config(ROOT, "bench", config, settings, preview=False)
        seconds.append(time.perf_counter() - start)
    return {
        "resources": len(graph.resources),
        "imports": imports,
        "first": warm_up,
        "best": min(seconds),
        "median": sorted(seconds)[RUNS // 2],
        "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def main() -> None:
    """Print one row a size."""
    print(
        "clusters  resources  imports s  first run s  evaluation s (best, median)  ms per resource (best)  memory MiB"
    )
    for size in SIZES:
        output = subprocess.run(  # noqa: S603 this very script
            [sys.executable, __file__, str(size)], check=True, capture_output=True, text=True
        ).stdout
        row = json.loads(output)
        each = row["best"] / row["resources"] * 1000
        times = f"{row['imports']:>9.2f}  {row['first']:>11.2f}  {row['best']:>12.2f}, {row['median']:>13.2f}"
        print(f"{size:>8}  {row['resources']:>9}  {times}  {each:>22.1f}  {row['megabytes']:>10.0f}")


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
