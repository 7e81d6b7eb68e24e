"""What is installed is what the locks name, by version and hash; one range of Pythons is said everywhere."""

from __future__ import annotations

import hashlib
import re
import shlex
import subprocess
import sys
import zipfile
from importlib import metadata
from pathlib import Path

import pytest

from automation.doctor.machine import NEWEST_PYTHON, OLDEST_PYTHON
from tests.conftest import PROGRAM
from tools.lock import REQUIREMENTS, lock_of

MAKEFILE = (PROGRAM / "Makefile").read_text(encoding="utf-8")
RANGE = [".".join(map(str, version)) for version in (OLDEST_PYTHON, NEWEST_PYTHON)]
_PIN = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)", re.M)


def pins(text: str) -> dict[str, str]:
    return {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in _PIN.findall(text)}


@pytest.mark.parametrize("requirements", REQUIREMENTS)
def test_a_lock_has_every_pin_of_its_file_and_a_hash_for_every_package(requirements: str) -> None:
    lock = lock_of(requirements).read_text(encoding="utf-8")
    asked = pins((PROGRAM / requirements).read_text(encoding="utf-8"))
    assert asked
    assert asked.items() <= pins(lock).items()
    without = [entry for entry in re.split(r"\n(?=\S)", lock.strip()) if "--hash=sha256:" not in entry]
    assert without == []


def test_what_is_installed_is_what_the_lock_names() -> None:
    locked = pins((PROGRAM / "requirements-dev.lock").read_text(encoding="utf-8"))
    installed = {name: metadata.version(name) for name in locked if _is_installed(name)}
    assert len(installed) > 50
    assert {name: version for name, version in installed.items() if locked[name] != version} == {}


def _is_installed(name: str) -> bool:
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False  # of another platform or Python
    return True


@pytest.mark.parametrize("installer", ["UV_INSTALL", "PIP_INSTALL"])
@pytest.mark.parametrize("is_changed", [False, True], ids=["the hash of the lock", "another hash"])
def test_a_changed_hash_is_refused(installer: str, is_changed: bool, tmp_path: Path) -> None:
    """With the Makefile's own command, on a package that lies here."""
    (line,) = re.findall(rf"^{installer} := (.*)$", MAKEFILE, re.M)
    command = shlex.split(line.replace("$(BIN)", str(Path(sys.executable).parent)))
    wheel = tmp_path / "demo-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("demo.py", "")
        archive.writestr("demo-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n")
        archive.writestr("demo-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr("demo-1.0.dist-info/RECORD", "")
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    given = digest.translate(str.maketrans("0123456789abcdef", "123456789abcdef0")) if is_changed else digest
    lock = tmp_path / "demo.lock"
    lock.write_text(f"demo==1.0 --hash=sha256:{given}\n", encoding="utf-8")
    command += ["--no-index", "--find-links", str(tmp_path), "--target", str(tmp_path / "site"), "-r", str(lock)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=100)
    assert (done.returncode == 0) != is_changed, done.stderr
    assert (tmp_path / "site" / "demo.py").exists() != is_changed
    assert not is_changed or "hash" in done.stderr.lower()


def test_uv_is_pinned_in_one_place() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=PROGRAM, capture_output=True, text=True, check=True)
    files = [PROGRAM / name for name in listed.stdout.split() if not name.endswith((".lock", ".png"))]
    pinning = [file for file in files if re.search(r"\buv==\d", file.read_text(encoding="utf-8", errors="replace"))]
    assert pinning == [PROGRAM / "tools" / "uv.txt"]


def test_one_range_of_pythons_is_said_everywhere() -> None:
    oldest, newest = RANGE
    readme = (PROGRAM / "README.md").read_text(encoding="utf-8")
    project = (PROGRAM / "pyproject.toml").read_text(encoding="utf-8")
    page = (PROGRAM / "docs" / "first-environment.md").read_text(encoding="utf-8")
    assert f"You need Python {oldest} to {newest}" in readme
    assert f"| Python | {oldest} to {newest} |" in page
    assert f'requires-python = ">={oldest},<{NEWEST_PYTHON[0]}.{NEWEST_PYTHON[1] + 1}"' in project
    assert f"{OLDEST_PYTHON} <= v[:2] <= {NEWEST_PYTHON}" in MAKEFILE
    assert "3.11 or newer" not in readme + page + MAKEFILE


def test_another_python_gets_a_sentence_and_nothing_is_installed(tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text(
        f"#!{sys.executable}\n"
        "import collections, sys\n"
        "Version = collections.namedtuple('Version', 'major minor micro')\n"
        "sys.version_info = Version(3, 14, 0)\n"
        "exec(sys.argv[2])\n",
        encoding="utf-8",
    )
    python.chmod(0o755)
    for name in ("Makefile", "requirements.lock", "requirements-dev.lock"):
        (tmp_path / name).write_bytes((PROGRAM / name).read_bytes())
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "uv.lock").write_bytes((PROGRAM / "tools" / "uv.lock").read_bytes())
    done = subprocess.run(
        ["make", "setup", f"PYTHON={python}"], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode != 0
    assert "edge-stamps needs Python 3.11 to 3.13, and this is 3.14." in done.stderr
    assert not (tmp_path / ".venv").exists()
