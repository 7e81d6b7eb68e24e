"""Evaluate a program: run the `__main__.py` of its folder, as Pulumi's language host does, with fake outputs."""

from __future__ import annotations

import runpy
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType, ModuleType
from typing import Any

import pulumi

from graph.bounded import ProgramStuckError
from graph.fake_outputs import ShapeProvider
from graph.graph import Graph
from graph.monitor import UnrecordableError
from graph.places import find_place
from graph.property_diff import known
from graph.run_program import PROJECT, ProgramEndedError, record
from graph.stand_in_ca import sign_made_up
from graph.tls_values import PRIVATE_KEY, describe_key, load_key
from settings.high_water import OTHER_ROOT
from settings.loaded_stack import LoadedStack, read_signed_from
from settings.model import Settings
from settings.rotation import Deployed, find_live
from settings.signing_requests import list_live_requests
from settings.stack_state import parse_state

_PROJECT = Path(__file__).resolve().parents[1]


class ProgramError(Exception):
    """The program itself failed; the text says where in it, and how."""


@dataclass(frozen=True)
class Evaluation:
    """A stack, and the graph that the program makes of it."""

    stack: LoadedStack
    graph: Graph

    @property
    def settings(self) -> Settings:
        return self.stack.settings


def evaluate_stack(
    stack: LoadedStack, *, preview: bool, deployed: Mapping[str, Any] = MappingProxyType({})
) -> Evaluation:
    """Evaluate the program as a deployment, or as a preview on an empty subscription.

    Args:
        deployed: outputs that the stack's state holds, by URN; left out, nothing is deployed yet.

    Raises:
        ProgramError: the program failed.
        pulumi.RunError: the program refused to run.
        UnrecordableError: the program does what only an engine can answer.
    """
    with sign_by_stand_in(stack, deployed) as signed:
        if signed.keys:  # those of the state are others, as are its roots
            deployed = {urn: _forget_roots(one) for urn, one in deployed.items() if f"{PRIVATE_KEY}::" not in urn}
        return Evaluation(signed, _evaluate(signed, preview=preview, deployed=deployed))


def evaluate_after(stack: LoadedStack, before: Graph) -> Evaluation:
    """Evaluate the program as the deployment that follows on another one; what that leaves unknown counts as left out.

    Raises:
        ProgramError, RunError, UnrecordableError: as `evaluate_stack`.
    """
    return evaluate_stack(stack, preview=False, deployed=read_outputs(before))


def read_outputs(graph: Graph) -> dict[str, Any]:
    """Return what is known of the outputs of each resource, by URN, as a stack's state holds them."""
    return {urn: known(one.outputs) for urn, one in graph.resources.items()}


@contextmanager
def sign_by_stand_in(stack: LoadedStack, deployed: Mapping[str, Any] = MappingProxyType({})) -> Iterator[LoadedStack]:
    """Yield the stack as it is once everything is signed: a recording has no keys that an external CA has seen."""
    if not stack.settings.pki.has_external_ca or stack.keys:
        yield stack
        return
    pki, wanted = stack.settings.pki, stack.settings.external.requests
    with TemporaryDirectory() as text:
        keys = dict(sign_made_up(pki, wanted, folder := Path(text)))
        live = find_live(read_signed_from(stack, folder).settings, parse_state(deployed).marks, Deployed())
        old = [one for one in list_live_requests(live) if one.key_name not in keys]
        keys |= sign_made_up(pki, old, folder)
        yield read_signed_from(stack, folder, keys)


def _evaluate(stack: LoadedStack, *, preview: bool, deployed: Mapping[str, Any]) -> Graph:
    try:
        return evaluate_config(
            stack.folder, stack.name, stack.config, stack.settings, preview=preview, keys=stack.keys, deployed=deployed
        )
    except pulumi.RunError:
        raise
    except UnrecordableError as error:
        raise UnrecordableError(f"{find_place(error) or 'the program'}: {error}") from error
    except Exception as error:
        raise ProgramError(f"{find_place(error) or 'the program'}: {_describe(error)}{_owner(error)}") from error


def evaluate_config(
    program: Path,
    stack: str,
    config: Mapping[str, Any],
    settings: Settings,
    *,
    preview: bool,
    keys: Mapping[str, str] | None = None,
    deployed: Mapping[str, Any] = MappingProxyType({}),
) -> Graph:
    """Evaluate the program with a configuration that is complete: a preview of an empty world, or a deployment.

    Args:
        keys: private keys that there are to be, PEM, by logical name; others are made up.

    Raises:
        pulumi.RunError: the program refused its settings.
        Exception: as `record`.
    """
    subscription = settings.tenant.subscription_id
    return record(
        lambda: runpy.run_path(str(program), run_name="__main__"),
        stack,
        config,
        provider=ShapeProvider(subscription, keys, settings.machines),
        preview=preview,
        subscription_id=subscription,
        deployed={**deployed, **_describe_keys(stack, keys or {})},
    )


def _forget_roots(outputs: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the outputs of a resource; of what keeps the marks, without what the roots of an external CA are."""
    marks = outputs.get("marks")
    if not isinstance(marks, Mapping):
        return outputs
    return {**outputs, "marks": {owner: _forget_root(mark) for owner, mark in marks.items()}}


def _forget_root(mark: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**mark, "roots": [{**one, "sha256": OTHER_ROOT} for one in mark.get("roots", ())]}


def _describe_keys(stack: str, keys: Mapping[str, str]) -> dict[str, Any]:
    """Return what a state that has these keys holds of them, by URN."""
    return {
        f"urn:pulumi:{stack}::{PROJECT}::{PRIVATE_KEY}::{name}": describe_key(load_key(key), {})[1]
        for name, key in keys.items()
    }


def _describe(error: Exception) -> str:
    if isinstance(error, ProgramEndedError | ProgramStuckError):
        return str(error)
    return f"{type(error).__name__}: {error.msg if isinstance(error, SyntaxError) else error}"


def _owner(error: Exception) -> str:
    """Return where what lacks an attribute is written, or what cannot be imported, if it is ours."""
    if isinstance(error, ModuleNotFoundError) and (error.name or "").startswith(("components.", "settings.")):
        return f" ({(error.name or '').replace('.', '/')}.py)"
    if not isinstance(error, AttributeError) or error.obj is None:
        return ""
    module = error.obj if isinstance(error.obj, ModuleType) else sys.modules.get(type(error.obj).__module__)
    file = Path(getattr(module, "__file__", None) or "")
    return f" ({file.relative_to(_PROJECT)})" if file.is_relative_to(_PROJECT / "settings") else ""
