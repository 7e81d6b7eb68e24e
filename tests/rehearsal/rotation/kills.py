"""Kill the engine after every step of a renewal, once each, and run it again: `make kills`.

Each kill ends as a line of a file; what stands there is not tried again.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rehearsal.rotation.run import Deployed, deploy
from tests.rehearsal.rotation.conftest import Change, changed, renew_authorities, renew_link, renew_listener

RENEWALS: Mapping[str, Change] = {"link": renew_link, "listener": renew_listener, "pki": renew_authorities}
STACKS = ("dev", "prod", "three-sites")


def kill_after(deployed: Deployed, settings: dict[str, Any], step: int) -> dict[str, Any]:
    """Return what a kill after this step has cost."""
    result = deployed.change(settings, kill_after=step)
    created = [one.what for one in result.steps if one.what.startswith("create ")]
    twice = sorted({one for one in created if created.count(one) > 1})
    killed = result.steps[step - 1].what
    said = "" if result.ok and not twice else f"{result.table()}\ncreated twice: {twice}"
    return {"step": step, "what": killed, "lost": result.lost, "refused": result.refused, "said": said}


def sweep(stack: str, renewal: str, every: int, done: set[int], out: Any) -> int:
    """Try each kill that is not done, write it down, and return how many went wrong."""
    deployed, settings = deploy(changed(lambda _: None, stack), stack=stack), changed(RENEWALS[renewal], stack)
    whole = deployed.change(settings)
    if not whole.ok:
        sys.exit(f"{stack}, {renewal}: it goes wrong without any kill\n{whole.table()}")
    wrong = 0
    for step in sorted({*range(1, len(whole.steps) + 1, every)} - done):
        one = kill_after(deployed, settings, step)
        out.write(f"{json.dumps({'stack': stack, 'renewal': renewal, **one})}\n")
        out.flush()
        if one["said"]:
            wrong += 1
            print(f"{stack}, {renewal}, killed after {step} {one['what']}:\n{one['said']}")
    return wrong


def main() -> None:
    """Sweep what is asked for; exit code 1 if anything was lost or refused."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stack", choices=STACKS, action="append", help="all, if left out")
    parser.add_argument("--renew", choices=RENEWALS, action="append", help="all, if left out")
    parser.add_argument("--every", type=int, default=1, help="take each so many-th step only")
    parser.add_argument("--out", type=Path, default=Path(".runs/kills.jsonl"))
    given = parser.parse_args()
    given.out.parent.mkdir(parents=True, exist_ok=True)
    past = [json.loads(line) for line in given.out.read_text().splitlines()] if given.out.exists() else []
    wrong = sum(bool(one["said"]) for one in past)
    with given.out.open("a") as out:
        for stack in given.stack or STACKS:
            for renewal in given.renew or RENEWALS:
                done = {one["step"] for one in past if (one["stack"], one["renewal"]) == (stack, renewal)}
                wrong += sweep(stack, renewal, given.every, done, out)
    print(f"{len(given.out.read_text().splitlines())} kills, {wrong} went wrong: {given.out}")
    sys.exit(wrong > 0)


if __name__ == "__main__":
    main()
