"""Check this machine: Python, packages, the stack's settings, and the tools beside Pulumi."""

from __future__ import annotations

import shlex
import sys
from importlib import metadata
from pathlib import Path

from semver import VersionInfo

from automation.check import Diagnosis, diagnose
from automation.doctor.context import Context
from automation.doctor.tools import NoAnswerError
from rehearsal.mqtt.install import INSTALL_LINE, MosquittoMissingError, find_mosquitto, find_plugin
from settings import SettingsError, stack_file
from settings.releases import NODE_TOOLS

OLDEST_PYTHON, NEWEST_PYTHON = (3, 11), (3, 13)
"""Those that the locks are made for and CI runs."""
PYTHONS = " to ".join(".".join(map(str, version)) for version in (OLDEST_PYTHON, NEWEST_PYTHON))
OLDEST_AZURE_CLI = VersionInfo(2, 70, 0)
"""The least that the extension connectedk8s works with (settings/releases.py)."""
INSTALL_AGAIN = "rm -f .venv/.ready; make setup"
"""Without the mark `make` believes that all is installed."""


def check_python(_: Context) -> Diagnosis:
    """Check the version of the interpreter that runs this."""
    version = ".".join(map(str, sys.version_info[:3]))
    if not OLDEST_PYTHON <= sys.version_info[:2] <= NEWEST_PYTHON:
        newest = ".".join(map(str, NEWEST_PYTHON))
        return Diagnosis("failed", f"Python {version}", f"rm -rf .venv; make setup PYTHON=python{newest}")
    return Diagnosis("ok", f"Python {version}")


def check_packages(context: Context) -> Diagnosis:
    """Compare what is installed with the pins."""
    problems = []
    pins = _read_pins(context.program / "requirements.txt")
    for name, version in pins.items():
        try:
            installed = metadata.version(name)
        except metadata.PackageNotFoundError:
            installed = "not installed"
        if installed != version:
            problems.append(f"{name}: {installed}, expected {version}")
    return diagnose(problems, f"{len(pins)} packages as pinned", INSTALL_AGAIN)


def _read_pins(file: Path) -> dict[str, str]:
    """Return package -> version, of lines `name==version`."""
    lines = (line.partition("#")[0].strip() for line in file.read_text(encoding="utf-8").splitlines())
    return {name: version for name, _, version in (line.partition("==") for line in lines) if version}


def check_settings(context: Context) -> Diagnosis:
    """Check the stack's file; what only the tenant knows is a check of its own."""
    if isinstance(context.read, SettingsError):
        check = f".venv/bin/python -m automation check --stack {shlex.quote(context.stack)}"
        return Diagnosis("failed", str(context.read), f"# correct {context.file} as said, then:\n{check}")
    if stack_file.is_example(context.program, context.stack):
        return Diagnosis("failed", f"{context.file} is an example", f"cp {shlex.quote(f'examples/{context.file}')} .")
    return Diagnosis(
        "ok", f"{context.file}: {', '.join(context.settings.clusters)}, AIO {context.settings.release.name}"
    )


def check_program(context: Context) -> Diagnosis:
    """Check that the program runs."""
    try:
        requests = context.evaluated.result()
    except ModuleNotFoundError as error:
        return Diagnosis("failed", f"package {error.name} is missing", INSTALL_AGAIN)
    except Exception as error:  # whatever the program raises: the other checks go on
        rehearse = f".venv/bin/python -m automation rehearse --stack {shlex.quote(context.stack)} --without-messages"
        return Diagnosis("failed", f"{type(error).__name__}: {error}", rehearse)
    types = {one.type for one in requests}
    return Diagnosis("ok", f"resources of {len(types)} types")


def check_azure_cli(context: Context) -> Diagnosis:
    """Check the Azure CLI's version."""
    if context.tools.ask("az", "version", "--output", "json").absent:
        install = "# install it: https://learn.microsoft.com/cli/azure/install-azure-cli"
        return Diagnosis("failed", "az is not on PATH", install)
    version = VersionInfo.parse(str(context.tools.az("version")["azure-cli"]))
    return diagnose([f"version {version}"] if version < OLDEST_AZURE_CLI else [], f"version {version}", "az upgrade")


def check_connectedk8s(context: Context) -> Diagnosis:
    """Check the extension that opens the Arc proxy; deploying uses it for clusters that are there already."""
    version = context.tools.az("version").get("extensions", {}).get("connectedk8s")
    add = f"az extension add --name connectedk8s --version {NODE_TOOLS.connectedk8s_version}"
    existing = [one.existing for one in context.settings.clusters.values() if one.existing]
    is_needed = any(one.kubeconfig is None for one in existing)
    return diagnose(
        [] if version else ["not installed"], f"version {version}", add, "failed" if is_needed else "warning"
    )


def check_kubectl(context: Context) -> Diagnosis:
    """Check what talks to a cluster once its Arc proxy runs."""
    try:
        context.tools.text("kubectl", "version", "--client")
    except NoAnswerError as error:
        is_needed = any(one.existing for one in context.settings.clusters.values())
        return Diagnosis("failed" if is_needed else "warning", f"kubectl: {error.reason}", "az aks install-cli")
    return Diagnosis("ok", "on PATH")


def check_mosquitto(_: Context) -> Diagnosis:
    """Check the broker for a rehearsal's messages."""
    try:
        found = find_mosquitto()
        find_plugin()
    except MosquittoMissingError as error:
        return Diagnosis("warning", str(error).partition(",")[0], f"make mosquitto\n# or: {INSTALL_LINE}")
    return Diagnosis("ok", str(found))
