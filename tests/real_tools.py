"""What tests take for real: a tool on PATH, else one that `python -m tools.build` has linked into `.venv/tools`.

Where it is absent a test is skipped and says so; with its name in EDGE_STAMPS_REQUIRE, as in CI, the test fails.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tools.build import LINKS, TOOLS

REQUIRED = "EDGE_STAMPS_REQUIRE"
"""Names of tools, separated by spaces."""


def offer_built_tools() -> None:
    """Put what was built behind everything else on PATH, for this process and its children."""
    os.environ["PATH"] = os.pathsep.join([os.environ.get("PATH", os.defpath), str(LINKS)])


def need(name: str, target: str) -> Path:
    """Return where the tool is; without it the test is skipped, or fails where the tool is required.

    Args:
        target: what `make` calls the building of it.
    """
    path = os.environ.get("PATH", os.defpath)
    pinned_first = os.pathsep.join([str(LINKS), path])
    if found := shutil.which(name, path=path if TOOLS[name].any_version else pinned_first):
        return Path(found)
    reason = f"{name} is not on PATH: the real one was not exercised (`make {target}` builds it)"
    if name in os.environ.get(REQUIRED, "").split():
        pytest.fail(f"{reason}; {REQUIRED} says that it has to be", pytrace=False)
    pytest.skip(reason)
