"""Commands that look and change nothing: check, graph."""

from __future__ import annotations

import json
from pathlib import Path

from automation import advice
from automation.console import counted, progress, say
from automation.endings import Ending
from rehearsal.stand_ins import with_stand_ins
from settings import Settings, load, stack_file


def check(program: Path, stack: str, *, rehearsal: bool) -> Ending:
    """Whether the settings are complete.

    Raises:
        SettingsError: they are not.
    """
    config = stack_file.read(program, stack)
    if rehearsal:
        config, _ = with_stand_ins(config)
    settings = load(config[stack_file.SETTINGS_KEY], source=stack_file.source(stack))
    what = f"{counted(len(settings.clusters), 'cluster')}, {counted(len(settings.links), 'link')}"
    text = f"Settings of stack {stack} are complete: {what}, AIO {settings.release.name}."
    return Ending(
        show=lambda: say(text), next=_after_check(program, stack, rehearsal=rehearsal), own=_counted(settings)
    )


def graph(program: Path, stack: str, out: Path | None, *, preview: bool) -> Ending:
    """Everything that the stack would deploy, to a file or to standard output.

    Raises:
        SettingsError: the settings cannot be used.
    """
    from rehearsal.graph import as_json
    from rehearsal.stacks import evaluate_stack

    recorded = evaluate_stack(program, stack, preview=preview).graph
    text = json.dumps(as_json(recorded), indent=2, sort_keys=True)
    if out is None:
        return Ending(show=lambda: say(text))
    out.write_text(text + "\n", encoding="utf-8")
    progress(f"{len(recorded.resources)} resources, components and providers written to {out}")
    return Ending()


def _after_check(program: Path, stack: str, *, rehearsal: bool) -> str:
    if stack_file.is_example(program, stack):
        name = stack_file.path(program, stack).name
        return f"make rehearse STACK={stack}. It is an example: to deploy it, cp examples/{name} . first"
    if rehearsal:
        return f"make rehearse STACK={stack}"
    return f"{advice.command('doctor', stack)} looks at this machine and at Azure"


def _counted(settings: Settings) -> dict[str, object]:
    return {
        "clusters": list(settings.clusters),
        "links": list(settings.links),
        "release": settings.release.name,
    }
