"""Checks of this machine: Python, packages, the stack's settings, and the tools beside Pulumi."""

from __future__ import annotations

import shlex
import sys
from importlib import metadata
from pathlib import Path

from semver import VersionInfo

from automation.doctor.check import Finding, of
from automation.doctor.context import Context
from automation.doctor.tools import NoAnswerError
from rehearsal.mqtt.install import INSTALL_LINE, MosquittoMissingError, find_mosquitto, find_plugin
from settings import SettingsError, stack_file
from settings.releases import NODE_TOOLS

OLDEST_PYTHON = (3, 11)
OLDEST_AZURE_CLI = VersionInfo(2, 70, 0)
"""The least that the extension connectedk8s works with (settings/releases.py)."""
INSTALL_AGAIN = "rm -f .venv/.ready; make setup"
"""Without the mark `make` believes that all is installed."""


def look_at_python(_: Context) -> Finding:
    """The interpreter that runs this."""
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] < OLDEST_PYTHON:
        wanted = ".".join(map(str, OLDEST_PYTHON))
        return Finding("failed", f"Python {version}", f"rm -rf .venv; make setup PYTHON=python{wanted}")
    return Finding("ok", f"Python {version}")


def look_at_packages(context: Context) -> Finding:
    """What is installed, against the pins."""
    problems = []
    pins = pins_of(context.program / "requirements.txt")
    for name, version in pins.items():
        try:
            installed = metadata.version(name)
        except metadata.PackageNotFoundError:
            installed = "not installed"
        if installed != version:
            problems.append(f"{name}: {installed}, expected {version}")
    return of(problems, f"{len(pins)} packages as pinned", INSTALL_AGAIN)


def pins_of(file: Path) -> dict[str, str]:
    """Package -> version, of lines `name==version`."""
    lines = (line.partition("#")[0].strip() for line in file.read_text(encoding="utf-8").splitlines())
    return {name: version for name, _, version in (line.partition("==") for line in lines) if version}


def look_at_settings(context: Context) -> Finding:
    """The stack's file; what only the tenant knows is a check of its own."""
    if isinstance(context.read, SettingsError):
        check = f".venv/bin/python -m automation check --stack {shlex.quote(context.stack)}"
        return Finding("failed", str(context.read), f"# correct {context.file} as said, then:\n{check}")
    if stack_file.is_example(context.program, context.stack):
        return Finding("failed", f"{context.file} is an example", f"cp {shlex.quote(f'examples/{context.file}')} .")
    return Finding("ok", f"{context.file}: {', '.join(context.settings.clusters)}, AIO {context.settings.release.name}")


def look_at_program(context: Context) -> Finding:
    """Whether the program can be run at all."""
    try:
        requests = context.evaluated.result()
    except ModuleNotFoundError as error:
        return Finding("failed", f"package {error.name} is missing", INSTALL_AGAIN)
    except Exception as error:  # whatever the program raises: the other checks go on
        rehearse = f".venv/bin/python -m automation rehearse --stack {shlex.quote(context.stack)} --without-messages"
        return Finding("failed", f"{type(error).__name__}: {error}", rehearse)
    types = {one.type for one in requests}
    return Finding("ok", f"resources of {len(types)} types")


def look_at_azure_cli(context: Context) -> Finding:
    """The Azure CLI's version."""
    if context.tools.ask("az", "version", "--output", "json").absent:
        install = "# install it: https://learn.microsoft.com/cli/azure/install-azure-cli"
        return Finding("failed", "az is not on PATH", install)
    version = VersionInfo.parse(str(context.tools.az("version")["azure-cli"]))
    return of([f"version {version}"] if version < OLDEST_AZURE_CLI else [], f"version {version}", "az upgrade")


def look_at_connectedk8s(context: Context) -> Finding:
    """The extension with which one reaches the clusters; deploying does not use it on this machine."""
    version = context.tools.az("version").get("extensions", {}).get("connectedk8s")
    add = f"az extension add --name connectedk8s --version {NODE_TOOLS.connectedk8s_version}"
    return of([] if version else ["not installed"], f"version {version}", add, "warning")


def look_at_kubectl(context: Context) -> Finding:
    """What one talks to a cluster with, once its Arc proxy runs."""
    try:
        context.tools.text("kubectl", "version", "--client")
    except NoAnswerError as error:
        return Finding("warning", f"kubectl: {error.reason}", "az aks install-cli")
    return Finding("ok", "on PATH")


def look_at_mosquitto(_: Context) -> Finding:
    """The broker of a rehearsal's messages."""
    try:
        found = find_mosquitto()
        find_plugin()
    except MosquittoMissingError as error:
        return Finding("warning", str(error).partition(",")[0], f"make mosquitto\n# or: {INSTALL_LINE}")
    return Finding("ok", str(found))
