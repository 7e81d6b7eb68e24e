"""Signing requests for an external CA, from the stack's state to files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from automation.commands import next_steps
from automation.commands.result import CommandResult, refuse
from automation.commands.stack import Target, deployer_of
from automation.console import pluralize, say
from automation.deployment.signing import read_requests
from settings import stack_file

_STAND_IN = (
    "These are requests of modelled keys. Offline a stand-in for your CA signs them, whatever else is signed; those of"
    " the stack in Azure: "
)


def write_requests(target: Target, folder: Path | None) -> CommandResult:
    """Write every request that the stack has, and say which are not signed yet.

    Args:
        folder: where to; None for the one from which the signed chains are read.

    Raises:
        OSError: they cannot be written.
        UnusableError: the state cannot be read.
    """
    settings = target.loaded.settings
    if not settings.pki.has_external_ca:
        text = "the stack is its own CA (pki.external_ca: none), and nothing is to be signed"
        return refuse("usage", "pki.external_ca", text, target.command("certificates"))
    requests = read_requests(deployer_of(target).deployment())
    if not requests:
        return refuse("stack", target.stack, f"stack {target.stack} has no keys yet", target.command("up"))
    signed = _locate_signed(target)
    folder = folder or signed
    folder.mkdir(parents=True, exist_ok=True)
    written = {name: folder / f"{name}.csr" for name in requests}
    for name, file in written.items():
        file.write_text(requests[name]["request"], encoding="utf-8")

    def show() -> None:
        waiting = sum(not one["signed"] for one in requests.values())
        say(f"Stack {target.stack}: {pluralize(len(requests), 'request')}, {waiting} not signed yet.")
        for name, one in sorted(requests.items()):
            _print(name, one, written[name], signed)
        if target.offline:
            say(f"\n{_STAND_IN}{next_steps.command('certificates requests', target.stack)}")

    waiting = any(not one["signed"] for one in requests.values())
    by_hand = "" if target.offline else "have them signed, put each chain into its file, then "
    step = by_hand + target.command("up") if waiting else target.command("certificates")
    own = {"requests": [_as_document(one, written[name], signed) for name, one in sorted(requests.items())]}
    return CommandResult(show=show, next=step, own={**own, "engine": target.engine.name})


def _locate_signed(target: Target) -> Path:
    """Return the folder that signed chains are read from; no request of a modelled key goes where people commit."""
    if not target.offline:
        pki = target.loaded.settings.pki
        return stack_file.path(target.loaded.folder, target.stack).parent / str(pki.signed_folder)
    from automation.deployment.locate_rehearsal import locate_stand_in

    return locate_stand_in(target.loaded, target.engine)


def _print(name: str, one: Mapping[str, Any], file: Path, signed: Path) -> None:
    say(f"\n  {'' if one['signed'] else 'NOT SIGNED  '}{name}: {file}")
    kind = "a CA below yours that signs" if one["is_ca"] else "a leaf of"
    say(f"    {one['subject']}, {kind} {one['use']}s")
    uses = "cert sign, CRL sign; basic constraints CA" if one["is_ca"] else "digital signature"
    extended = "" if one["is_ca"] else f"; extended: {one['use']} authentication alone"
    say(f"    key usage {uses}{extended}; alternative names: {', '.join(one['names']) or 'none'}")
    where = "signed" if one["signed"] else "put the chain here, with each issuer and the root last"
    say(f"    {where}: {signed / one['file']}")


def _as_document(one: Mapping[str, Any], file: Path, signed: Path) -> dict[str, Any]:
    told = {key: one[key] for key in ("subject", "is_ca", "use", "names", "signed")}
    return {**told, "request": str(file), "chain": str(signed / one["file"])}
