"""Deployed stacks, served once for all tests of a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from rehearsal.arm_rest import serve
from rehearsal.azure.world import World
from tests.rehearsal.arm_rest.clients import Client
from tests.rehearsal.cluster.deployments import deployed

STACKS = ("dev", "prod", "three-sites", "plant")


@pytest.fixture(scope="module")
def client_of(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[World], Client]]:
    """Serves an Azure, each once, and says how to reach it."""
    with ExitStack() as stack:
        clients: dict[int, Client] = {}

        def make(world: World) -> Client:
            if id(world) not in clients:
                served = stack.enter_context(serve(world, page_size=7))
                file: Path = tmp_path_factory.mktemp("served") / "ca.pem"
                file.write_text(served.certificate, encoding="utf-8")
                clients[id(world)] = Client(served, file, world.surroundings.subscription_id)
            return clients[id(world)]

        yield make


@pytest.fixture(scope="module", params=STACKS)
def stack(request: pytest.FixtureRequest, client_of: Callable[[World], Client]) -> tuple[Client, World]:
    """A stack that is up, and a client of its Azure; only to be read."""
    world = deployed(request.param).world
    return client_of(world), world
