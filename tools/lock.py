"""Write the locks, or say which are not current: `python -m tools.lock [--check]`.

A lock names every package of a requirements file by version and hashes, for every platform and Python that we support.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
REQUIREMENTS = (
    "requirements.txt",
    "requirements-dev.txt",
    "requirements-browser.txt",
    "tools/uv.txt",
    "tools/sbom.txt",
)
_OLDEST_PYTHON = "3.11"


def compile_lock(requirements: str, lock: Path) -> None:
    """Write the lock; what it names already stays at its version.

    Raises:
        CalledProcessError: uv cannot resolve it, or does not reach the index.
    """
    command = ["uv", "pip", "compile", requirements, "--output-file", str(lock), "--quiet", "--generate-hashes"]
    command += ["--universal", "--python-version", _OLDEST_PYTHON, "--no-header", "--no-annotate"]
    command += ["--no-emit-index-url", "--no-emit-find-links"]
    uv = Path(sys.executable).with_name("uv")
    subprocess.run([str(uv), *command[1:]], cwd=ROOT, check=True)  # noqa: S603 our own arguments


def lock_of(requirements: str) -> Path:
    """Return the lock of a requirements file."""
    return (ROOT / requirements).with_suffix(".lock")


def is_current(requirements: str) -> bool:
    """Tell whether the lock is what its requirements file gives."""
    with tempfile.TemporaryDirectory() as folder:
        draft = Path(folder) / "draft.lock"
        draft.write_bytes(lock_of(requirements).read_bytes())
        compile_lock(requirements, draft)
        return draft.read_bytes() == lock_of(requirements).read_bytes()


def main(arguments: list[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="exit with 1 if a lock is not current")
    if not parser.parse_args(arguments).check:
        for requirements in REQUIREMENTS:
            compile_lock(requirements, lock_of(requirements))
        return 0
    stale = [requirements for requirements in REQUIREMENTS if not is_current(requirements)]
    for requirements in stale:
        sys.stderr.write(f"The lock of {requirements} is not current. Next: make lock\n")
    return bool(stale)


if __name__ == "__main__":
    sys.exit(main())
