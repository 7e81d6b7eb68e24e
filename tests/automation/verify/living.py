"""Stacks that are up, in a modelled Azure of their own: to break, to serve, and to verify."""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from arm import ids
from automation.deployment.open_stack import load
from automation.deployment.serving import run_in_world
from automation.verify.check import VerifyResult
from automation.verify.expected import Expectation, expect
from automation.verify.resource_manager import Limits, ResourceManager, log_in_to_served
from automation.verify.verification import Selection, verify
from graph.evaluate_stack import evaluate_stack
from rehearsal.arm_rest import serve
from rehearsal.azure.clock import ManualClock
from rehearsal.azure.entries import Entries
from rehearsal.azure.faults import Faults
from rehearsal.azure.world import World
from rehearsal.node.runner import ScriptRunner
from rules.lookup import View
from tests.conftest import PROGRAM
from tests.rehearsal.cluster.deployments import Bench, deployed

ONCE = Limits(read=120, request=180, retries=0, busy=0)
"""Nobody waits for a second try, and a busy machine may take its time."""
NOW = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
"""When the stacks are looked at: their certificates are issued while the tests run."""


@functools.cache
def expectation(stack: str) -> Expectation:
    """What the settings of a stack lead one to expect."""
    loaded = load(PROGRAM, stack, offline=True)
    return expect(View(evaluate_stack(loaded, preview=False).graph, loaded.settings))


class Living(Bench):
    """What is there of a stack, to be broken. Only what Azure answers is changed."""

    def __init__(self, stack: str) -> None:
        super().__init__(stack)
        self.stack, self.surroundings = stack, deployed(stack).world.surroundings
        self.faults = Faults()

    def answer(self, end: str, path: str, value: Any) -> None:
        """Let Azure answer something else at one place of a resource."""
        self.set(end, path, value, where="outputs")

    def find(self, end: str, path: str) -> Any:
        """Return a copy of what Azure answers at one place."""
        return copy.deepcopy(ids.at(self.entry(end).outputs, path))

    def add(self, end: str, name: str, **outputs: Any) -> None:
        """Put another resource beside one, like it but for its name and these outputs."""
        entry = self.entry(end)
        new = f"{entry.id.rsplit('/', 1)[0]}/{name}"
        body = {**entry.outputs, **outputs, "id": new, "name": name}
        self.entries[ids.key(new)] = replace(entry, id=new, outputs=body)

    def plant(self, vm: str, **item: Any) -> None:
        """Put an object on the cluster of a machine, in the place of one that was there."""
        objects = self.entry(vm).facts["machine"].get("objects", [])
        place = item["kind"], item["metadata"]["name"]
        kept = [one for one in objects if (one["kind"], one["metadata"]["name"]) != place]
        self.set(vm, "machine.objects", [*kept, {"apiVersion": "v1", **item}], where="facts")

    def end_of(self, arm_type: str, group: str) -> str:
        """Return the end of the id of the one resource of a type in a group, whose name is drawn."""
        found = [one for one in self.entries.values() if one.row.arm_type == arm_type and f"/{group}/" in one.id]
        (entry,) = found
        return f"{group}{entry.id.partition(f'/{group}')[2]}"

    def world(self) -> World:
        """What is there now, in an Azure of its own."""
        world = World(self.surroundings, ManualClock(1_000_000), faults=self.faults, run_script=ScriptRunner())
        world._state.entries = Entries(self.entries)
        return world


@dataclass(frozen=True)
class Verifier:
    """Verifies what a folder of its own may serve."""

    folder: Path

    def __call__(
        self,
        stack: str,
        world: World,
        *,
        limits: Limits = ONCE,
        clusters: Sequence[str] | None = None,
        links: Sequence[str] | None = None,
        token: Callable[[str], str] = lambda text: text,
        inside: bool = False,
        messages: bool = False,
    ) -> Sequence[VerifyResult]:
        """Verify over the served copy, in small pages, as the command does; clusters themselves where it matters."""
        expected = expectation(stack)
        settings = expected.view.settings
        with serve(world, page_size=7) as served:
            (self.folder / "token").write_text(token(served.token), encoding="utf-8")
            (self.folder / "ca.pem").write_text(served.certificate, encoding="utf-8")
            login = log_in_to_served(served.address, self.folder)
            subscription = settings.tenant.subscription_id
            there = {one.existing.resource_id: one.existing for one in settings.clusters.values() if one.existing}
            here = run_in_world(world, there, subscription)
            azure = ResourceManager(login, subscription, limits, run_here=here)
            chosen = Selection(
                [*settings.clusters] if clusters is None else clusters, [*settings.links] if links is None else links
            )
            return verify(
                azure, expected, chosen, lambda name: f"automation {name}", NOW, inside=inside, messages=messages
            ).results


def outcomes(results: Sequence[VerifyResult], *wanted: str) -> set[tuple[str, str]]:
    """(check, place) of the results with one of these outcomes."""
    return {(one.id, one.where) for one in results if one.outcome in wanted}
