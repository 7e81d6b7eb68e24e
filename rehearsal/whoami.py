"""Who runs this, as the CLI writes it into locks."""

from __future__ import annotations

import getpass
import os


def user() -> str:
    """Who runs this; in a container whose user has no name, the number."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())
