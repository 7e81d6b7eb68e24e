"""What `rehearse` is asked for: one stack, every stack, or only to serve or to forget what was rehearsed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from automation.commands import rehearse_all
from automation.commands.result import CommandResult
from automation.deployment.engine import EngineChoice


@dataclass(frozen=True)
class Wanted:
    """The options."""

    as_json: bool
    destroy: bool
    without_messages: bool
    serve: bool
    engine: EngineChoice
    report: Path | None


def rehearse(program: Path, stack: str, wanted: Wanted) -> CommandResult:
    """Do what the options say.

    Raises:
        SettingsError: the settings cannot be used.
    """
    if wanted.serve:
        from automation.commands import serve_azure

        others = {"--json": wanted.as_json, "--destroy": wanted.destroy, "--report": wanted.report}
        return serve_azure.serve_stack(program, stack, wanted.engine, others)
    if rehearse_all.names_all(program, stack):
        passed = ["--destroy"] * wanted.destroy + ["--without-messages"] * wanted.without_messages
        return rehearse_all.rehearse_all(program, [*passed, "--engine", wanted.engine.value], wanted.report)
    from automation.commands import rehearsal_summary  # loads pulumi

    if wanted.destroy:
        return rehearsal_summary.destroy_rehearsal(program, stack, wanted.engine)
    return rehearsal_summary.rehearse_stack(
        program, stack, messages=not wanted.without_messages, report=wanted.report, choice=wanted.engine
    )
