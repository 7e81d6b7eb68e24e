"""Checks of the machine of a cluster and of the scripts that have run on it."""

from __future__ import annotations

from collections.abc import Iterator

from arm.hosting import BY_SCRIPT_TYPE
from arm.types.compute import VIRTUAL_MACHINE
from arm.types.hybridcompute import MACHINE
from arm.types.maintenance import CONFIGURATION_ASSIGNMENT, MAINTENANCE_CONFIGURATION
from automation.verify.azure import UnseenError
from automation.verify.check import Problem
from automation.verify.look import Look, show
from graph.inputs import at, list_at, map_at, text_at

_JUDGED = ("hardwareProfile", "networkProfile")
_RUNNING = "PowerState/running"
"""Source: learn.microsoft.com/azure/virtual-machines/states-billing."""
_CONNECTED = "Connected"
"""Source: learn.microsoft.com/azure/azure-arc/servers/overview, "Agent status"."""
_IDENTITIES = "identity.userAssignedIdentities"
_NO_VIEW = UnseenError("its instance view is not in the answer")


def check_power(look: Look) -> Iterator[Problem]:
    """Check that the machine runs; one that is not the stack's is known by its agent."""
    for subject, body in look.seen(MACHINE):
        yield from look.same(subject, "properties.status", _CONNECTED, text_at(body, "properties.status"))
    for subject, body in look.seen(VIRTUAL_MACHINE):
        codes = [text_at(one, "code") for one in list_at(body, "properties.instanceView.statuses")]
        power = [code for code in codes if code.startswith("PowerState/")]
        if not power:
            look.note(subject.label, _NO_VIEW)
        elif power != [_RUNNING]:
            yield Problem(subject.label, f"its power state is {', '.join(power)}", _RUNNING)


def check_size(look: Look) -> Iterator[Problem]:
    """Check that the machine has its size, and its network interface."""
    for subject, body in look.seen(VIRTUAL_MACHINE):
        yield from look.compare(subject, body, *(f"properties.{name}" for name in _JUDGED))


def check_identity(look: Look) -> Iterator[Problem]:
    """Check that the machine carries the identity that connects the cluster, and no other: who is on it can use it."""
    for subject, body in look.seen(VIRTUAL_MACHINE):
        yield from look.compare(subject, body, "identity.type")
        yield from look.compare_keys(subject, body, _IDENTITIES, exact=True)


def check_machine(look: Look) -> Iterator[Problem]:
    """Check that the machine is otherwise as it was made: image, disk, keys, boot security, patches and when."""
    for subject, body in look.seen(VIRTUAL_MACHINE):
        yield from look.compare(subject, body, "properties", without=_JUDGED)
        yield from look.compare(subject, body, "zones")
    for subject, body in look.seen(MAINTENANCE_CONFIGURATION, CONFIGURATION_ASSIGNMENT):
        yield from look.compare(subject, body, "properties")


def check_script_results(look: Look) -> Iterator[Problem]:
    """Check that every script has ended well, as far as Azure has kept how."""
    for subject, body in look.seen(*BY_SCRIPT_TYPE):
        view = map_at(body, "properties.instanceView")
        state, code = text_at(view, "executionState"), at(view, "exitCode")
        if not state:
            look.note(subject.label, _NO_VIEW)
        elif state != "Succeeded" or code not in (0, None):
            words = text_at(view, "error") or text_at(view, "output")
            told = f", and said: {show(words)}" if words else ""
            yield Problem(subject.label, f"has ended {state} with exit code {code}{told}", "Succeeded, 0")


def check_scripts(look: Look) -> Iterator[Problem]:
    """Check that what Azure would run again is the program's script, and that its failure would be told."""
    for subject, body in look.seen(*BY_SCRIPT_TYPE):
        # Parameters hold certificates and a random value, which a recorded graph cannot know.
        yield from look.compare(subject, body, "properties", without=("parameters",))
