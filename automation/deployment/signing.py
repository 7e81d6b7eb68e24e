"""Requests for an external CA that a stack holds; in a rehearsal a stand-in signs them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from automation.console import pluralize
from graph.stand_in_ca import StandInCa
from graph.urns import STACK_TYPE
from settings import stack_file
from settings.external_ca import REQUESTS
from settings.loaded_stack import LoadedStack
from settings.model import Settings
from settings.signed_folder import find_strays
from settings.signing_requests import locate_signed


def read_requests(deployment: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    """Return the requests among a stack's outputs, by name; none without an external CA."""
    return read_outputs(deployment).get(REQUESTS) or {}


def read_outputs(deployment: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the stack's outputs; none of a stack that has never been up."""
    stacks = (one for one in deployment.get("resources") or [] if one.get("type") == STACK_TYPE)
    return next((one.get("outputs") or {} for one in stacks), {})


def find_waiting(deployment: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    """Return the requests that are not signed yet, by name."""
    return {name: one for name, one in sorted(read_requests(deployment).items()) if not one["signed"]}


def describe_waiting(deployment: Mapping[str, Any]) -> Iterator[str]:
    """Yield each certificate that an external CA has yet to sign."""
    for name, one in find_waiting(deployment).items():
        yield f"{name}: {one['subject']} waits to be signed, and its links with it (certificates requests)"


def describe_links(settings: Settings) -> str:
    """Return how many links are asked for, and which signed chains they wait for."""
    links = len({path.partition(".")[0] for path in settings.values if path.startswith("links[")})
    files = [locate_signed(settings, one) for one in settings.external.waiting]
    wait = "waits" if links == 1 else "wait"
    waiting = f" ({wait} for {pluralize(len(files), 'signed chain')}: {', '.join(files)})" if files else ""
    return f"{pluralize(links, 'link')}{waiting}"


def describe_folder(stack: LoadedStack) -> Iterator[str]:
    """Yield what of the folder with signed chains is not as somebody meant it."""
    yield from find_strays(stack_file.path(stack.folder, stack.stack).parent, stack.settings)


def make_stand_in(stack: LoadedStack, folder: Path) -> Callable[[Mapping[str, Any]], bool]:
    """Return what signs every request that waits, and says whether there was one."""

    def sign(deployment: Mapping[str, Any]) -> bool:
        waiting, asked = find_waiting(deployment), {one.name: one for one in stack.settings.external.requests}
        for name, one in waiting.items():
            chain = StandInCa.open(stack.settings.pki, folder).sign(asked[name], one["request"])
            (folder / one["file"]).write_text(chain)
        return bool(waiting)

    return sign
