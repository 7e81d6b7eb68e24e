"""Reads what an external CA has signed, from the folder beside the stack's file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from settings.errors import Problem
from settings.external_ca import External, Request, SignedChain
from settings.fields import nearest
from settings.high_water import AUTHORITIES, Mark, Root, broker_key, link_key
from settings.model import Settings
from settings.rotation import Deployed, find_live
from settings.signed_chains import MOST_BYTES, find_flaws, find_other_algorithm, read_chain
from settings.signing_requests import list_live_requests, list_requests, locate_signed

_WHERE = "pki.signed_folder"


def read_signed(
    directory: Path, settings: Settings, before: Mapping[str, Mark], keys: Mapping[str, str] | None
) -> Settings | list[Problem]:
    """Return the settings with every signed chain, or every reason why not.

    Args:
        directory: that of the stack's file.
        before: what was live in the deployment before.
        keys: logical name of a key in the stack's state -> its public key, PEM; None where nobody knows them.
    """
    wanted = {one.name: one for one in list_requests(settings)}
    live = wanted | {one.name: one for one in list_live_requests(find_live(settings, before, Deployed()))}
    signed, problems = dict[str, SignedChain](), list[Problem]()
    for request in live.values():
        # Without its key in the state, whatever is there was signed for another stack.
        is_ours = keys is None or request.key_name in keys
        found = _read(directory / locate_signed(settings, request)) if is_ours else ""
        if isinstance(found, SignedChain):
            signed[request.name] = found
        if isinstance(found, SignedChain) and (owner := _find_owner(found, live.values())) not in (None, request):
            found = f"is the chain for {owner.file}"
        flaws = _find_flaws(request, found, keys or {}, settings, before, is_wanted=request.name in wanted)
        problems += [_tell(settings, request, flaw) for flaw in flaws]
    problems += _find_hasty_revocations(settings, before, live, signed)
    if not problems:
        problems += _find_other_roots(settings, live.values(), signed, before)
        problems += _find_vain_revocations(directory, settings, before, live, signed)
        problems += _find_roots_of_links_that_were_left(settings, before, wanted.values(), signed)
    return problems or replace(settings, external=External(tuple(live.values()), signed))


def find_strays(directory: Path, settings: Settings) -> Iterator[str]:
    """Yield what nobody reads: a folder that is not there, and files there that are no request's.

    Args:
        directory: that of the stack's file.
    """
    requests = settings.external.requests
    newest = {one.role: one.number for one in sorted(requests, key=lambda one: one.number)}
    if not newest:
        return
    folder = str(settings.pki.signed_folder)
    if not (directory / folder).is_dir():
        yield f"{_WHERE}: there is no folder {folder}"
    for file in sorted((directory / folder).glob("*.pem")):
        role, _, number = file.stem.rpartition("-g")
        if not number.isdecimal() or int(number) > newest.get(role, 0):  # those of older generations may stay
            near = nearest(file.name, [one.file for one in requests])
            yield f"{folder}/{file.name} is read by nobody" + (f"; the nearest that is: {near}" if near else "")


def _find_flaws(
    request: Request, found: SignedChain | str, keys: Mapping[str, str], settings: Settings,
    before: Mapping[str, Mark], *, is_wanted: bool,
) -> list[str]:  # fmt: skip
    """Return what is wrong with a chain; of one that goes on beside its successor, whether it is still there."""
    if isinstance(found, str):
        mark = before.get(request.owner)
        in_use = mark is not None and request.number in {one.number for one in mark.live}
        missing = "is not there, and its key is in use. Put it back"
        return [found or missing] if found or in_use else []
    now = datetime.now(UTC)
    if not is_wanted:  # it may have had other names, and have ended while a site was away
        now = min(now, found.not_after - timedelta(days=2))
        request = replace(request, dns_names=found.dns_names, ip_addresses=found.ip_addresses)
    return [
        *find_flaws(request, found, now, keys.get(request.key_name, "")),
        *find_other_algorithm(found, settings.pki.algorithm),
    ]


def _find_owner(chain: SignedChain, requests: Iterable[Request]) -> Request | None:
    """Return the request whose subject the chain begins with."""
    subject = chain.in_order[0].subject.rfc4514_string()
    return next((one for one in requests if f"CN={one.common_name}" == subject), None)


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
    settings: Settings, requests: Iterable[Request], signed: Mapping[str, SignedChain], before: Mapping[str, Mark]
) -> Iterator[Problem]:
    """Require one root for all links, and one for each broker, as before: nobody trusts a second one meanwhile."""
    first: dict[str, Request] = {}
    for one in (one for one in requests if one.name in signed):
        other, root = first.setdefault(one.owner if one.is_server else "links", one), signed[one.name].root_sha256
        has_changed = root not in (known := _list_roots(settings, one, before)) and known
        if root != signed[other.name].root_sha256 or has_changed:
            what = "than the last up has had" if has_changed else f"than {other.file}"
            flaw = f"ends with another root {what}. Raise the generation, and take the old away by revoked_generation"
            yield _tell(settings, one, flaw)


def _list_roots(settings: Settings, request: Request, before: Mapping[str, Mark]) -> set[str]:
    """Return the root that is trusted already where this chain is presented; nothing if none is."""
    if request.is_server or request.is_ca:
        marks = [before[request.owner]] if request.owner in before else []
        return {one.root for one in marks if one.live and one.live[-1].number == request.number} - {""}
    # A broker names the root of links by the generation of pki.
    links = [one for owner, one in before.items() if owner.startswith(link_key(""))]
    return {one.root for one in links if one.root and one.live and one.live[-1].authority == settings.pki.generation}


def _list_revoked(
    settings: Settings, request: Request, before: Mapping[str, Mark], live: Mapping[str, Request]
) -> list[Request]:
    """Return the requests of generations that have been live and are not any more, although nobody has followed."""
    mark = before.get(request.owner)
    old = [replace(request, number=one.number) for one in (mark.live if mark else ())]
    if request.owner == AUTHORITIES:  # those go by themselves when no link is left below them
        old = [one for one in old if one.number <= settings.pki.revoked_generation]
    return [one for one in old if one.name not in live]


def _find_hasty_revocations(
    settings: Settings, before: Mapping[str, Mark], live: Mapping[str, Request], signed: Mapping[str, SignedChain]
) -> Iterator[Problem]:
    """Require the successor of what is taken away: a link would be gone until somebody has signed."""
    for request in (one for one in live.values() if one.name not in signed):
        for gone in _list_revoked(settings, request, before, live):
            flaw = (
                f"is not there or not of the stack's key, and revoked_generation takes generation {gone.number} away."
            )
            yield _tell(settings, request, f"{flaw} Leave that out until it is signed")


def _find_vain_revocations(
    directory: Path,
    settings: Settings,
    before: Mapping[str, Mark],
    live: Mapping[str, Request],
    signed: Mapping[str, SignedChain],
) -> Iterator[Problem]:
    """Require another root where a broker's or a CA's key is taken away: who trusts the old root trusts every copy."""
    for request in (one for one in live.values() if (one.is_server or one.is_ca) and one.name in signed):
        root, mark = signed[request.name].root_sha256, before.get(request.owner, Mark(0, in_use=False))
        old = [one for one in mark.roots if one.number < request.number and one.sha256 == root]
        for gone in old:
            file = replace(request, number=gone.number)
            if _has_ended(_read(directory / locate_signed(settings, file)), root):
                continue
            if why := _find_why_not(settings, request, gone, mark.roots):
                yield _tell(settings, request, f"ends with the root of {file.file}, {why}. Sign it below another root")


def _find_roots_of_links_that_were_left(
    settings: Settings, before: Mapping[str, Mark], wanted: Iterable[Request], signed: Mapping[str, SignedChain]
) -> Iterator[Problem]:
    """Require of leaves of links that no root comes back either: whoever has the CA below it has every subject."""
    marks = [mark for owner, mark in before.items() if owner.startswith(link_key(""))]
    roots = [replace(one, number=one.authority) for mark in marks for one in mark.roots]
    for request in (one for one in wanted if not (one.is_server or one.is_ca) and one.name in signed):
        old = [one for one in roots if one.sha256 == signed[request.name].root_sha256]
        if any(_was_left(roots, one, settings.pki.generation) for one in old):
            flaw = "ends with a root that was left. Have it signed below the root of today, or a new one"
            yield _tell(settings, request, flaw)


def _find_why_not(settings: Settings, request: Request, gone: Root, roots: Iterable[Root]) -> str:
    """Return why the root of a generation may not be that of a later one; nothing where it may."""
    if _was_left(roots, gone, request.number):
        return "which was left: every copy of that key would be good again"
    if _is_revoked(settings, request, gone):
        return "so that every site would go on to trust the key that is taken away"
    return ""


def _has_ended(old: SignedChain | str, root: str) -> bool:
    return isinstance(old, SignedChain) and old.root_sha256 == root and old.not_after <= datetime.now(UTC)


def _is_revoked(settings: Settings, request: Request, gone: Root) -> bool:
    if request.owner == AUTHORITIES or gone.authority <= settings.pki.revoked_generation:
        return gone.authority <= settings.pki.revoked_generation
    listener = settings.clusters[request.owner.removeprefix(broker_key(""))].listener
    return listener is not None and gone.own <= listener.revoked_generation


def _was_left(roots: Iterable[Root], gone: Root, number: int) -> bool:
    """Return whether another root has been between this one and the generation."""
    return any(gone.number < one.number < number and one.sha256 != gone.sha256 for one in roots)


def _tell(settings: Settings, request: Request, flaw: str) -> Problem:
    file = locate_signed(settings, request)
    expected = f"the certificate for CN={request.common_name}, then each issuer, the root last, as PEM; the file {flaw}"
    return Problem(_WHERE, file, expected, str(settings.pki.signed_folder))
