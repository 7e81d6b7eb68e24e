"""The shell scripts that run as root on a node, by whatever way its host has for that."""

from __future__ import annotations

import hashlib
import json
import re
import shlex
from collections.abc import Mapping
from pathlib import Path

NAMES = ("setup-k3s", "connect-arc", "apply-objects", "await-secrets", "probe-links", "settle-dataflows")
"""Those that a deployment runs."""
QUESTIONS = ("check-cluster", "verify", "describe", "exchange-messages")
"""Those that only ask: the first before anything is put on a cluster that is there already, the others afterwards."""
ENABLE_ARC = "enable-arc"
"""What comes over SSH to a machine that Azure Arc does not know."""
BY_HAND = ("prepare-image",)
"""Those that somebody runs as root on a machine of his own, and no deployment does."""
ASKING = "edge-stamps-asks-"
"""Begin of the name of a Run Command that is there only for a question."""

MAX_BYTES = 256 * 1024
"""Largest script that the handler takes (https://github.com/Azure/run-command-handler-linux, internal/cmds/cmds.go)."""

_DIRECTORY = Path(__file__).parent
_FILE_LINE = re.compile(r"^# (\w+\.(?:py|lock))\n", re.MULTILINE)
"""In the text between a script's commands: that file of this folder comes here."""
_SOURCE_LINE = re.compile(r'^source "\$\(dirname "\$\{BASH_SOURCE\[0\]\}"\)/(\w+\.sh)"\n', re.MULTILINE)
"""That file of this folder comes here."""


def load_script(name: str) -> str:
    """Return the whole text of one script, with files of this folder in the place of the lines that name them.

    Raises:
        ValueError: there is no such script, it does not source lib.sh, or Run Command would not take it.
    """
    known = (*NAMES, *QUESTIONS, *BY_HAND, ENABLE_ARC)
    if name not in known:
        raise ValueError(f"there is no node script {name!r}; expected one of {', '.join(known)}")
    own = (_DIRECTORY / f"{name}.sh").read_text(encoding="utf-8")
    if "lib.sh" not in _SOURCE_LINE.findall(own):
        raise ValueError(f"nodes/{name}.sh has no line that sources lib.sh")
    text = _FILE_LINE.sub(lambda line: _read(line[1]), _SOURCE_LINE.sub(lambda line: _read(line[1]), own))
    if len(text.encode()) > MAX_BYTES:
        raise ValueError(f"nodes/{name}.sh with lib.sh has {len(text.encode())} bytes; Run Command takes {MAX_BYTES}")
    return text


def load_wrapper() -> str:
    """Return what runs a script where a kubeconfig of its own leads to the cluster; the script comes on its stdin."""
    return (_DIRECTORY / "with-kubeconfig.sh").read_text(encoding="utf-8")


def command_over_ssh(name: str, parameters: Mapping[str, str], seconds: int) -> str:
    """Return the command line that runs a script of its input as root: whoever is on the machine may read it."""
    given = [f"{key}={value}" for key, value in sorted(parameters.items())]
    return shlex.join(["sudo", "-n", "env", *given, "timeout", "--kill-after=10", str(seconds), "bash", "-s", name])


def input_over_ssh(name: str, secrets: Mapping[str, str]) -> str:
    """Return a script as the input of that command, with variables that no child of its shell gets.

    One group: bash reads it to its end before anything of it runs, so a connection that is lost leaves no half of it.
    """
    given = "".join(f"{key}={shlex.quote(value)}\n" for key, value in secrets.items())
    return f"{{\n{given}{load_script(name)}exit 0\n}} </dev/null\n"


def _read(name: str) -> str:
    return (_DIRECTORY / name).read_text(encoding="utf-8").removeprefix("#!/usr/bin/env bash\n")


def identify_run(script: str, parameters: Mapping[str, str]) -> str:
    """Return what tells the runs of a script apart: a digest of all that it runs with."""
    return hashlib.sha256(json.dumps([script, dict(parameters)], sort_keys=True).encode()).hexdigest()


def with_parameters(script: str, parameters: Mapping[str, str]) -> str:
    """Return the text of a script with its parameters in it.

    Named parameters of an action Run Command are written before the first line of a script, which then no longer says
    what runs it (https://github.com/Azure/azure-cli/issues/10400).
    """
    shebang, _, rest = script.partition("\n")
    given = "".join(f"export {name}={shlex.quote(value)}\n" for name, value in parameters.items() if value)
    return f"{shebang}\n{given}{rest}"
