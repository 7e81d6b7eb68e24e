"""Deploying in earnest takes requirements.txt and nothing of requirements-dev.txt."""

from __future__ import annotations

import subprocess
import sys

from tests.conftest import PROGRAM

FOR_REHEARSALS = ("icalendar", "jinja2", "jsonschema", "paho", "pytest")
BLOCKED = f"""
import sys
sys.modules.update(dict.fromkeys({FOR_REHEARSALS!r}))
"""


def test_what_a_real_up_loads_needs_no_package_of_the_rehearsal() -> None:
    commands = "automation.commands.certificates, automation.commands.stack, automation.commands.verify"
    program = f"{BLOCKED}import automation.cli, {commands}, rules.judgement"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=PROGRAM, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr


def test_a_rehearsal_does_need_one() -> None:
    """Or the test above would show nothing."""
    program = f"{BLOCKED}import rehearsal.mqtt.wire"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=PROGRAM, capture_output=True, text=True, timeout=60, check=False
    )
    assert "paho" in done.stderr
