"""What the program does beside registering resources is noted with its place, in calls and in applies."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from graph.evaluate_stack import evaluate_stack
from settings.loaded_stack import LoadedStack, load_stack
from tests.conftest import PROGRAM

KEY = "import os, pathlib, socket, subprocess\nimport pulumi_tls as tls\nkey = tls.PrivateKey('a', algorithm='ECDSA')\n"
IN_APPLY = "key.private_key_pem.apply(lambda pem: {})\n"

EFFECTS = {
    "a file": ("pathlib.Path({file!r}).write_text(pem)", "writes {file}"),
    "a file by its descriptor": ("os.open({file!r}, os.O_WRONLY | os.O_CREAT)", "writes {file}"),
    "a folder": ("os.makedirs({file!r} + '/a')", "makes the folder {file}"),
    "a process": ("subprocess.run(['true', pem])", "runs true"),
    "a shell": ("os.system('true')", "runs true"),
    "a connection": ("socket.socket().connect_ex(('127.0.0.1', 9))", "connects to ('127.0.0.1', 9)"),
    "a datagram": (
        "socket.socket(type=socket.SOCK_DGRAM).sendto(b'', ('127.0.0.1', 9))",
        "sends to ('127.0.0.1', 9)",
    ),
    "a variable": ("os.putenv('ES_TEST', 'x')", "sets the variable ES_TEST"),
}


@pytest.fixture(scope="module")
def stack() -> LoadedStack:
    return load_stack(PROGRAM, "dev", stand_ins=True)


def _evaluate(stack: LoadedStack, folder: Path, text: str) -> dict[str, str]:
    (folder / "__main__.py").write_text(text, encoding="utf-8")
    return dict(evaluate_stack(replace(stack, folder=folder), preview=False).graph.side_effects)


@pytest.mark.parametrize("effect", EFFECTS)
def test_an_effect_is_noted_with_its_line(effect: str, stack: LoadedStack, tmp_path: Path) -> None:
    call, said = EFFECTS[effect]
    file = str(tmp_path / "made")
    text = KEY + IN_APPLY.format(call.format(file=file))
    assert _evaluate(stack, tmp_path, text) == {"__main__.py:4": said.format(file=file)}


def test_reading_is_no_effect(stack: LoadedStack, tmp_path: Path) -> None:
    assert _evaluate(stack, tmp_path, KEY + "with open(__file__) as file:\n    file.read()\n") == {}


def test_what_others_do_meanwhile_is_none_of_the_program(stack: LoadedStack, tmp_path: Path) -> None:
    graph = evaluate_stack(stack, preview=False).graph
    (tmp_path / "of-somebody-else").write_text("x")
    assert graph.side_effects == {}


def test_python_may_keep_what_it_compiles(stack: LoadedStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.dont_write_bytecode", False)
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "es_side_effects_module.py").write_text("")
    assert _evaluate(stack, tmp_path, "import es_side_effects_module\n") == {}
    assert list(tmp_path.glob("__pycache__/*"))
