"""Verify what is served from a folder of the test's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.automation.verify.living import Verifier


@pytest.fixture
def verifier(tmp_path: Path) -> Verifier:
    return Verifier(tmp_path)
