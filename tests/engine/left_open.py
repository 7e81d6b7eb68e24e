"""What a failed operation of the real engine leaves open in the process of the tests.

The SDK leaves the event loop of an inline program open when the engine is gone (pulumi/automation/_server.py, `Run`),
and the program's coroutine unfinished; collected, it asks for a loop that is not there (pulumi/runtime/_callbacks.py).
"""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

IGNORED = [
    pytest.mark.filterwarnings("ignore:unclosed event loop:ResourceWarning"),
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
    pytest.mark.filterwarnings(
        "ignore:Exception ignored in. <coroutine object run_in_stack:pytest.PytestUnraisableExceptionWarning"
    ),
    pytest.mark.filterwarnings(
        "ignore:Exception ignored in. <coroutine object run_pulumi_func:pytest.PytestUnraisableExceptionWarning"
    ),
]
"""The `pytestmark` of a module whose operations fail."""


@pytest.fixture(scope="module", autouse=True)
def loops_left_open() -> Iterator[None]:
    """Collect them here, where the filters above know them, and not in a test of another module."""
    yield
    gc.collect()
