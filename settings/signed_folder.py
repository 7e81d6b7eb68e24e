"""Reads what an external CA has signed, from the folder beside the stack's file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from settings.errors import Problem
from settings.external_ca import External, Request, SignedChain
from settings.high_water import Mark
from settings.model import Settings
from settings.rotation import Deployed, find_live
from settings.signed_chains import MOST_BYTES, find_flaws, read_chain
from settings.signing_requests import list_live_requests, list_requests, locate_signed

_WHERE = "pki.signed_folder"


def read_signed(
    directory: Path, settings: Settings, before: Mapping[str, Mark], keys: Mapping[str, str]
) -> Settings | list[Problem]:
    """Return the settings with every signed chain, or every reason why not.

    Args:
        directory: that of the stack's file.
        before: what was live in the deployment before.
        keys: logical name of a key -> its public key, PEM, as far as they are known.
    """
    wanted = {one.name: one for one in list_requests(settings)}
    live = {one.name: one for one in list_live_requests(find_live(settings, before, Deployed()))}
    old = {name: one for name, one in live.items() if name not in wanted}
    problems, signed = [], {}
    for request in (*wanted.values(), *old.values()):
        file = directory / locate_signed(settings, request)
        found = _read(file)
        if isinstance(found, SignedChain):
            signed[request.name] = found
            flaws = find_flaws(request, found, datetime.now(UTC), keys.get(request.key_name, ""))
        else:
            flaws = [found] if found else []
        problems += [_tell(settings, request, flaw) for flaw in flaws]
        if not found and request.name in old:
            problems.append(_tell(settings, request, "is not there, and is still in use; expected it to stay"))
    problems += [] if problems else _find_other_roots(settings, wanted.values(), signed)
    return problems or replace(settings, external=External(tuple(wanted.values()), signed))


def _read(file: Path) -> SignedChain | str:
    """Return the chain, why it is none, or nothing where there is no file."""
    try:
        with file.open("rb") as opened:
            return read_chain(opened.read(MOST_BYTES + 1).decode("ascii"))
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except UnicodeDecodeError:
        return "holds more than ASCII; expected PEM. From DER: openssl x509 -inform der -in FILE"
    except OSError as error:
        return f"cannot be read: {error.strerror or error}"


def _find_other_roots(
    settings: Settings, requests: Iterable[Request], signed: Mapping[str, SignedChain]
) -> Iterator[Problem]:
    """Require one root for all links that are wanted: another one takes another generation of `pki`."""
    found = [one for one in requests if not one.is_server and one.name in signed]
    for one in found[1:]:
        if signed[one.name].root_sha256 != signed[found[0].name].root_sha256:
            flaw = f"ends with another root than {found[0].name}.pem; a broker trusts one in a generation of pki"
            yield _tell(settings, one, flaw)


def _tell(settings: Settings, request: Request, flaw: str) -> Problem:
    file = locate_signed(settings, request)
    expected = f"the certificate for CN={request.common_name}, then each issuer, the root last, as PEM; the file {flaw}"
    return Problem(_WHERE, file, expected, str(settings.pki.signed_folder))
