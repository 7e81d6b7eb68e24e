"""What a script finds on its PATH: the stand-ins, and real programs that can do no harm."""

from __future__ import annotations

import atexit
import os
import shutil
import sys
import tempfile
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from rehearsal.node import confine

REAL = (
    *("bash", "sh", "env", "timeout", "flock", "openssl", "awk", "sed", "grep", "egrep", "cmp", "diff"),
    *("find", "xargs", "basename", "cat", "chmod", "chown", "comm", "cp", "cut", "dirname", "echo", "expr"),
    *("false", "fold", "head", "id", "install", "join", "ln", "ls", "mkdir", "mkfifo", "mktemp", "mv"),
    *("nl", "nproc", "od", "paste", "printf", "pwd", "readlink", "realpath", "rm", "rmdir", "seq", "shuf"),
    *("sort", "split", "stat", "tac", "tail", "tee", "test", "touch", "tr", "true", "uname", "uniq"),
    *("wc", "yes", "base64", "gzip", "tar", "perl"),
)
"""Programs that are run for real where this system has them."""
_NEEDED = ("bash", "perl")
_LOADERS = ("lib64/ld-*.so*", "lib/ld-*.so*", "lib/*/ld-*.so*")
_CLIENT = Path(__file__).with_name("client.pl")
_READS_STDIN, _OPENSSL = '$reads_stdin = ""', '$openssl = ""'


@cache
def find_real() -> dict[str, str]:
    """Return the real programs, by name: where this system has them."""
    found = {name: shutil.which(name, path="/usr/bin:/bin:/usr/local/bin:/opt/homebrew/bin") for name in REAL}
    python = os.path.realpath(sys.executable)
    return {**{name: os.path.realpath(path) for name, path in found.items() if path}, "python3": python}


def find_refusal() -> str:
    """Return why no script can be run here; empty if it can."""
    missing = [name for name in _NEEDED if name not in find_real()]
    if missing:
        return f"{' and '.join(missing)} not found, which scripts of nodes are run with here. Next: install it"
    return confine.find_refusal()


@cache
def list_executables() -> list[str]:
    """Return what a script may execute beside the files of its node: the real programs, and what loads them."""
    loaders = [os.path.realpath(path) for pattern in _LOADERS for path in Path("/").glob(pattern)]
    return sorted({*find_real().values(), *loaders})


def make_path(folder: Path, stand_ins: Iterable[str], reads_stdin: Iterable[str]) -> str:
    """Fill the folder with the stand-ins, and return the PATH that a script has: they come first."""
    folder.mkdir()
    first, *others = sorted(stand_ins)
    written = folder / first
    written.write_text(_write_client(reads_stdin), encoding="utf-8")
    written.chmod(0o555)
    for name in others:
        (folder / name).hardlink_to(written)
    return f"{folder}:{_link_real()}"


@cache
def _link_real() -> Path:
    """Return a folder with the real programs, which all scripts of this process share: links are dear."""
    folder = Path(tempfile.mkdtemp(prefix="es-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    for name, program in find_real().items():
        (folder / name).symlink_to(program)
    return folder


def _write_client(reads_stdin: Iterable[str]) -> str:
    text = _CLIENT.read_text(encoding="utf-8")
    filled = {_READS_STDIN: " ".join(sorted(reads_stdin)), _OPENSSL: find_real().get("openssl", "")}
    for place, value in filled.items():
        if place not in text:
            raise ValueError(f"{_CLIENT} has no {place!r} to fill in")
        text = text.replace(place, f'{place[:-2]}"{value}"', 1)
    return f"#!{find_real()['perl']}\n" + text
