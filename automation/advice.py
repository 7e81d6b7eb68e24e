"""What to do next. Offline nothing is advised that would act on the real stack of the same name."""

from __future__ import annotations

from automation.transients import remedy_of


def when_locked(stack: str, *, offline: bool) -> str:
    """Another run holds the stack."""
    if offline:
        return f"Next: wait until it has ended. Once you are sure that it has: rm .rehearsal/{stack}/locks/*"
    return (
        f"Next: wait until it has ended. Once you are sure that it has: pulumi cancel --stack {stack}, then the same"
        " command again; what it left half done is settled then."
    )


def when_protected(stack: str, *, offline: bool) -> str:
    """Something protected would be deleted."""
    if offline:
        return f"Next: make rehearse-clean STACK={stack}, which takes the protection away first."
    return f"Next: if they really shall go, pulumi state unprotect --all --stack {stack}, then the same command again."


def when_failed(text: str, *, offline: bool) -> str:
    """The command itself failed; its own advice stands."""
    return text if offline or "Next:" in text else f"{text}\nNext: {remedy_of(text)}"
