"""Evaluate the unchanged program, without a CLI: as a preview on an empty world, or as a deployment."""

from __future__ import annotations

import asyncio
import json
import logging
import runpy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from google.protobuf import empty_pb2
from pulumi.runtime import configure, reset_options, run_in_stack
from pulumi.runtime.config import set_all_config
from pulumi.runtime.mocks import MockEngine, MockSettings

from rehearsal.graph import Graph
from rehearsal.recording import Provider, RecordingMonitor

PROJECT = "edge-stamps"


def evaluate(
    program: Path, stack: str, config: Mapping[str, Any], *, provider: Provider, preview: bool
) -> Graph:
    """Run `__main__.py` of the folder and return everything that it registered.

    Args:
        config: the `config` block of the stack file; objects as objects.

    Raises:
        pulumi.RunError: the program refused its settings.
        LookupError: the program uses a resource type or a function that nothing answers for.
    """
    monitor = RecordingMonitor(provider, preview=preview)
    asyncio.run(_run(program, stack, config, monitor, preview=preview))
    settings = config.get(f"{PROJECT}:settings")
    subscription = settings.get("subscription_id", "") if isinstance(settings, Mapping) else ""
    return Graph(
        project=PROJECT,
        stack=stack,
        preview=preview,
        subscription_id=subscription,
        resources=monitor.recorded,
        outputs=monitor.stack_outputs,
        register_outputs_calls=monitor.register_outputs_calls,
    )


async def _run(
    program: Path, stack: str, config: Mapping[str, Any], monitor: RecordingMonitor, *, preview: bool
) -> None:
    reset_options(project=PROJECT, stack=stack, preview=preview)
    configure(
        MockSettings(
            monitor=monitor,
            monitor_features=set(monitor.GetDeploymentInfo(empty_pb2.Empty()).supportedFeatures),
            engine=MockEngine(logging.getLogger("pulumi")),
            project=PROJECT,
            stack=stack,
            dry_run=preview,
            organization="organization",
            root_directory=str(program),
            callbacks=None,
        )
    )
    set_all_config(
        {key: value if isinstance(value, str) else json.dumps(value) for key, value in config.items()}
    )
    await run_in_stack(lambda: runpy.run_path(str(program), run_name="__main__"))


