"""One lab for all rows of a worker."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.attacks.lab import Lab
from tests.rehearsal.needs_mosquitto import mosquitto  # noqa: F401 the fixture is used in every test


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with ExitStack() as stack:
        yield Lab(stack, tmp_path_factory.mktemp("lab"))
