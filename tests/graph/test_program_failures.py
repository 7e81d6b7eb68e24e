"""A program that fails is told in one sentence, with file and line; none ends or holds up the command."""

from __future__ import annotations

import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from automation.commands import errors
from components import packages
from components.cluster_stamp import connectors
from graph import bounded
from graph.evaluate_stack import evaluate_stack
from settings.loaded_stack import LoadedStack, load_stack
from tests.conftest import PROGRAM

KEY = "import pulumi\nimport pulumi_tls as tls\nkey = tls.PrivateKey('a', algorithm='ECDSA')\n"
READ = "key.public_key_pem.apply(lambda pem: {})\n"
USED = "tls.PrivateKey('b', algorithm=key.public_key_pem.apply(lambda pem: {}))\n"
INVOKE = "pulumi.runtime.invoke_output('azure-native:network:{}', {{'virtualNetworkName': 'x'}})\n"


@pytest.fixture(scope="module")
def stack() -> LoadedStack:
    return load_stack(PROGRAM, "dev", stand_ins=True)


def _told(evaluate: Callable[[], object]) -> str:
    """Return what the command says."""
    with pytest.raises(Exception) as caught:
        evaluate()
    return errors.result_of(caught.value, "rehearse", "dev", offline=True).error


def _main(folder: Path, stack: LoadedStack, text: str) -> str:
    (folder / "__main__.py").write_text(text, encoding="utf-8")
    return _told(lambda: evaluate_stack(replace(stack, folder=folder), preview=False))


MISTAKES = {
    "error in apply": (READ.format("pem + 1"), 'TypeError: can only concatenate str (not "int") to str'),
    "error in an apply that a resource waits for": (USED.format("{}['x']"), "KeyError: 'x'"),
    "end in apply": (READ.format("exit(0)"), "the program ended itself, with exit code 0"),
    "end in an apply that a resource waits for": (USED.format("exit(3)"), "the program ended itself, with exit code 3"),
    "end": ("import sys; sys.exit(3)", "the program ended itself, with exit code 3"),
    "import": ("from components.context import Nothing", "ImportError: cannot import name 'Nothing'"),
    "module": ("import components.nothing", "ModuleNotFoundError: No module named 'components.nothing' (components/"),
    "syntax": ("x ==", "SyntaxError: invalid syntax"),
    "invoke of what is not there": (INVOKE.format("getVirtualNetwork"), "which does not exist at this moment"),
    "invoke of an unknown type": (INVOKE.format("getNothing"), "no row is about it"),
    "invoke of what is no read": (INVOKE.format("listNothing"), "the rehearsal does not know the function"),
    "read": ("tls.PrivateKey.get('c', 'id')", "which only the engine can"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_told_with_its_line(mistake: str, stack: LoadedStack, tmp_path: Path) -> None:
    line, words = MISTAKES[mistake]
    told = _main(tmp_path, stack, KEY + line)
    assert told.startswith("The program failed: __main__.py:4: ")
    assert words in told


def test_a_mistake_in_a_component_is_told_with_its_line(stack: LoadedStack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connectors, "_build_opcua_connector", lambda version: {}[version])
    told = _told(lambda: evaluate_stack(stack, preview=False))
    line = _line("components/cluster_stamp/connectors.py", '"properties": _build_opcua_connector(version)')
    assert told == f"The program failed: {line}: KeyError: '1.4.10'"


def test_an_invoke_that_fails_is_told_with_the_line_that_calls_it_and_its_caller(
    stack: LoadedStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    token: Any = packages.Package.token
    monkeypatch.setattr(packages.Package, "token", lambda self, name: token(self, name.replace("getC", "getDisc")))
    told = _told(lambda: evaluate_stack(stack, preview=False))
    called = _line("components/hosting/connected_cluster.py", "= get_connected_cluster(")
    caller = "components/hosting/azure_vm/__init__.py:"
    assert told.startswith(f"The program failed: {called}, called at {caller}")


def test_a_mistake_in_what_the_program_calls_is_told_with_both_lines(stack: LoadedStack, tmp_path: Path) -> None:
    told = _main(tmp_path, stack, "from settings.naming import arc_proxy_port\n\narc_proxy_port('-')")
    assert told.startswith(
        f"The program failed: {_line('settings/naming.py', 'int(code, 36)')}, called at __main__.py:3: "
    )


@pytest.mark.parametrize(
    "line",
    [
        "import asyncio; " + USED.format("asyncio.get_running_loop().create_future()"),
        "import time; " + READ.format("time.sleep(30)"),
        "while True: pass",
    ],
    ids=["an output that nobody gives", "an apply that does not return", "a loop"],
)
def test_a_program_that_stands_still_is_ended(
    line: str, stack: LoadedStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounded, "SECONDS", 0.5)
    handler = signal.getsignal(signal.SIGALRM)
    told = _main(tmp_path, stack, KEY + line)
    assert "no resource was registered for 0.5 s" in told
    assert signal.getsignal(signal.SIGALRM) is handler


def test_a_slow_program_that_goes_on_is_not_ended(
    stack: LoadedStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounded, "SECONDS", 0.4)
    lines = ["import pulumi", "import pulumi_tls as tls", "import time", "key = tls.PrivateKey('0', algorithm='ECDSA')"]
    for number in range(1, 5):
        lines.append("pem = key.public_key_pem.apply(lambda _: time.sleep(0.25) or 'ECDSA')")
        lines.append(f"key = tls.PrivateKey('{number}', algorithm=pem)")
    (tmp_path / "__main__.py").write_text("\n".join(lines), encoding="utf-8")
    graph = evaluate_stack(replace(stack, folder=tmp_path), preview=False).graph
    assert sum(one.type.endswith("PrivateKey") for one in graph.resources.values()) == 5


def test_a_mistake_in_the_code_of_the_settings_is_told_with_its_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("settings.resolve.TENANT_KEYS", ("nothing",))
    told = _told(lambda: load_stack(PROGRAM, "dev", stand_ins=True))
    line = _line("settings/resolve.py", "getattr(stack, key)")
    assert told == f"The program failed: {line}: AttributeError: 'StackSection' object has no attribute 'nothing'"


def _line(file: str, text: str) -> str:
    lines = (PROGRAM / file).read_text(encoding="utf-8").splitlines()
    return f"{file}:{next(number for number, line in enumerate(lines, 1) if text in line)}"
