"""Find Mosquitto, or install it from the system's package manager if that is allowed.

`python -m rehearsal.mqtt.install` installs it on Debian and Ubuntu, as root or with a sudo that asks for no password.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

INSTALL_LINE = "sudo apt-get install mosquitto (Debian, Ubuntu), dnf install mosquitto (Fedora), brew install mosquitto"
_SECONDS = 300
_PLACES = ("/usr/sbin", "/usr/local/sbin", "/usr/local/bin", "/opt/homebrew/sbin")
"""Where Mosquitto may be without being on an ordinary user's PATH."""
_LIBRARIES = ("/usr/lib", "/usr/lib64", "/usr/local/lib", "/opt/homebrew/lib")
_PLUGIN = "mosquitto_dynamic_security.so"
_SYSTEMD = Path("/run/systemd/system")


class MosquittoMissingError(Exception):
    """Mosquitto, or a part of it, is not installed; the message says how to install it."""

    def __init__(self, missing: str) -> None:
        super().__init__(f"{missing} is not installed, so no message can be sent. Install it: {INSTALL_LINE}")


def find_mosquitto() -> Path:
    """Return the broker's executable.

    Raises:
        MosquittoMissingError: it is not installed.
    """
    found = shutil.which("mosquitto", path=os.pathsep.join((os.environ.get("PATH", ""), *_PLACES)))
    if found is None:
        raise MosquittoMissingError("Mosquitto")
    return Path(found)


def find_plugin() -> Path:
    """Return Mosquitto's own plugin for access control by role, part of its package.

    Raises:
        MosquittoMissingError: it is not installed.
    """
    for library in _LIBRARIES:
        # Debian has a folder per architecture in between.
        for pattern in (_PLUGIN, f"*/{_PLUGIN}"):
            for found in Path(library).glob(pattern):
                return found
    raise MosquittoMissingError(f"Mosquitto's {_PLUGIN}")


def install() -> None:
    """Install Mosquitto with apt-get, without starting its service.

    Raises:
        MosquittoMissingError: that may not be done here, or has failed.
    """
    if not install_package("mosquitto", "mosquitto"):
        raise MosquittoMissingError("Mosquitto")
    find_mosquitto()
    find_plugin()


def install_package(package: str, service: str) -> bool:
    """Install a package with apt-get, and start no service of it; return whether that may be done, and was."""
    root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if not shutil.which("apt-get") or (root and not _succeeds([*root, "true"])):
        return False
    # Masked, the service cannot start: nobody has asked for one on this machine.
    systemd = _SYSTEMD.is_dir() and _succeeds([*root, "systemctl", "mask", f"{service}.service"])
    apt = [*root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-o", "DPkg::Lock::Timeout=60"]
    install = [*apt, "install", "--yes", "--quiet", "--no-install-recommends", package]
    try:
        return _succeeds(install) or (_succeeds([*apt, "update", "--quiet"]) and _succeeds(install))
    finally:
        if systemd:
            _succeeds([*root, "systemctl", "unmask", f"{service}.service"])
            _succeeds([*root, "systemctl", "disable", f"{service}.service"])
        else:
            _succeeds([*root, "service", service, "stop"])


def _succeeds(command: Sequence[str]) -> bool:
    try:
        done = subprocess.run(  # noqa: S603 fixed commands of this module
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_SECONDS, check=False
        )
    except (subprocess.TimeoutExpired, OSError):
        return False
    return done.returncode == 0


def main() -> int:
    """Install what is missing; return 1, and print the line to run, if that is not allowed."""
    try:
        find_mosquitto()
        find_plugin()
    except MosquittoMissingError:
        sys.stderr.write("Installing Mosquitto ...\n")
        try:
            install()
        except MosquittoMissingError as error:
            sys.stderr.write(f"{error}\n")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
