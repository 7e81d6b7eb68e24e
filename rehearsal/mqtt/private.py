"""Write what must be a file (configuration, certificates, keys) so that only its owner can read it."""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory


@contextmanager
def private_folder() -> Iterator[Path]:
    """Make a folder of mode 0700, which is gone afterwards with everything in it."""
    with TemporaryDirectory(prefix="edge-stamps-mqtt-") as folder:
        yield Path(folder)


def write_private(path: Path, text: str) -> Path:
    """Write a new file that has mode 0600 from its first moment."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    return path


def load_pair(context: ssl.SSLContext, folder: Path, chain_pem: str, key_pem: str) -> None:
    """Give a context its certificate and key; Python takes both from files only.

    Raises:
        ssl.SSLError: they are no pair, or no PEM.
    """
    certificate, key = folder / "client.crt", folder / "client.key"
    try:
        context.load_cert_chain(write_private(certificate, chain_pem), write_private(key, key_pem))
    finally:
        certificate.unlink(missing_ok=True)
        key.unlink(missing_ok=True)
