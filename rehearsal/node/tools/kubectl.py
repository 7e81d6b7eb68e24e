"""kubectl against the node's own API server: get, create, wait, delete, apply and logs.

Texts: pkg/cmd/util/helpers.go (StandardErrorMessage) and k8s.io/apimachinery, pkg/api/errors.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from graph.inputs import list_at, map_at, text_at
from rehearsal.node.calls import ToolCall
from rehearsal.node.machine import Machine
from rehearsal.node.tools import audit_policy, k3s, k3s_agent, kubectl_apply, kubectl_create, kubectl_logs
from rehearsal.node.tools.flags import Line, read_line
from rehearsal.node.tools.kubectl_flags import COMMANDS, FORMATS, TABLE, UNMODELLED
from rehearsal.node.tools.kubernetes_objects import Kind, Object, find_kind, list_objects
from rehearsal.node.tools.refusal import RefusalError, answering, missing
from rehearsal.node.tools.timeouts import read_duration

_TIMEOUT = re.compile(r"\d+(ms|[smh])?")


@answering
def kubectl(call: ToolCall, machine: Machine) -> str:
    """Answer one command line."""
    if not machine.facts.get("k3s", {}).get("version"):
        raise missing("kubectl")  # install.sh, create_symlinks: it is K3s under another name
    command, rest = _find_command(call.arguments)
    table = replace(TABLE, tool=f"kubectl {command}").with_flags(*COMMANDS[command])
    line = read_line(table, rest)
    if not _TIMEOUT.fullmatch(line.last("--request-timeout", "0")):
        raise RefusalError(
            1,
            "error: Invalid timeout value. Timeout must be a single integer in seconds, or an integer followed by a"
            " corresponding time unit (e.g. 1s | 2m | 3h)",
        )
    read_duration(line.last("--timeout", "0"))
    if command == "config":
        return _view_config(line)
    if line.has("--context"):
        raise ValueError("kubectl --context: the model knows it of config view only; extend kubectl.py")
    _check_server(call, line, machine)
    return _ANSWERS[command](line, machine, call.elapsed)


def _find_command(arguments: Sequence[str]) -> tuple[str, list[str]]:
    words = list(arguments)
    place = 0
    while place < len(words) and words[place].startswith("-"):
        kind = TABLE.flags.get(words[place], ("", ""))[1]
        place += 2 if kind == "VALUE" else 1
    if place >= len(words):
        raise RefusalError(0, "", "kubectl controls the Kubernetes cluster manager.\n")
    command = words.pop(place)
    if command in UNMODELLED:
        raise ValueError(f"kubectl {command}: the model does not answer it; extend kubectl.py")
    if command not in COMMANDS:
        raise RefusalError(1, f'error: unknown command "{command}" for "kubectl"', is_unknown=True)
    return command, words


def _check_server(call: ToolCall, line: Line, machine: Machine) -> None:
    """Find the server by the kubeconfig; kubectl goes to localhost:8080 without one."""
    name = line.last("--kubeconfig") or call.environment.get("KUBECONFIG") or "/etc/rancher/k3s/k3s.yaml"
    file = machine.path(name) if machine.holds(name) else machine.file(name)
    if line.has("--kubeconfig") and not file.is_file():
        raise RefusalError(1, f"error: stat {name}: no such file or directory")
    if file.is_file() and str(file) == str(machine.file(k3s_agent.KUBECONFIG)) and k3s_agent.has_joined(machine):
        if line.words != [f"node/{machine.facts['k3s']['node_name']}"]:  # plugin/pkg/auth/authorizer/node
            raise RefusalError(1, f"Error from server (Forbidden): {line.words} is forbidden: it is not the node's own")
        return
    if not file.is_file() or not k3s.is_running(machine):
        host = "127.0.0.1:6443" if file.is_file() else "localhost:8080"
        text = f"The connection to the server {host} was refused - did you specify the right host or port?"
        raise RefusalError(1, text)


def _view_config(line: Line) -> str:
    """Print the kubeconfig of whoever deploys, of which the model takes for granted that it leads to the cluster."""
    if line.words != ["view"] or not (line.has("--raw") and line.has("--flatten") and line.has("--minify")):
        raise ValueError("kubectl config: the model knows only view --raw --flatten --minify; extend kubectl.py")
    return k3s.ADMINISTRATOR


def _get(line: Line, machine: Machine, elapsed: float) -> str:
    if line.has("--raw"):
        return _get_raw(line, machine)
    output = line.last("--output")
    if output not in ("json", "name", "") and not output.startswith("jsonpath="):
        if output.partition("=")[0] in FORMATS.split(", "):
            raise ValueError(f"kubectl get --output {output}: the model does not print it; extend kubectl.py")
        text = f'unable to match a printer suitable for the output format "{output}", allowed formats are'
        raise RefusalError(1, f"error: {text}: {FORMATS.replace(', ', ',')}")
    if not line.words:
        raise RefusalError(
            1,
            'You must specify the type of resource to get. Use "kubectl api-resources" for a complete list of supported'
            ' resources.\n\nerror: Required resource not specified.\nUse "kubectl explain <resource>" for a detailed'
            " description of that resource (e.g. kubectl explain pods).\nSee 'kubectl get -h' for help and examples",
        )
    _log(line, machine)
    found, errors = _find(line, machine, elapsed)
    if line.has("--ignore-not-found"):
        errors = []
    text = _print(found, output, is_single=_is_single(line)) if found or not _is_named(line) else ""
    if errors:
        raise RefusalError(1, "\n".join(errors), text)
    return text


def _get_raw(line: Line, machine: Machine) -> str:
    if line.words:
        raise RefusalError(1, "error: arguments may not be passed when --raw is specified")
    if line.has("--output"):
        raise RefusalError(1, "error: --raw and --output are mutually exclusive")
    path = line.last("--raw")
    if path == "/.well-known/openid-configuration":
        issuer = k3s.issuers(machine)[0]
        return json.dumps({"issuer": issuer, "jwks_uri": "https://127.0.0.1:6443/openid/v1/jwks"})
    if path == "/version":
        return json.dumps({"gitVersion": machine.facts["k3s"]["version"]})
    if path in ("/readyz", "/livez", "/healthz"):
        return "ok"
    raise RefusalError(1, "Error from server (NotFound): the server could not find the requested resource")


def _log(line: Line, machine: Machine) -> None:
    """Have the API server log which objects are asked for by name."""
    for kind, name in _read_targets(line, machine):
        if name:
            audit_policy.log_get(machine, kind.plural, kind.group, name)


def _is_named(line: Line) -> bool:
    return len(line.words) > 1 or "/" in line.words[0]


def _is_single(line: Line) -> bool:
    is_slashed = "/" in line.words[0]
    return len(line.words) == (1 if is_slashed else 2)


def _find(line: Line, machine: Machine, elapsed: float) -> tuple[list[tuple[Kind, Object]], list[str]]:
    """Return the objects that the words name or select, and what the server says of those that are not there."""
    found, errors = [], []
    for kind, name in _read_targets(line, machine):
        listed = [one for one in list_objects(kind, machine, elapsed) if _is_in(one, kind, line)]
        named = [one for one in listed if name in ("", text_at(one, "metadata.name"))]
        if name and not named:
            errors.append(f'Error from server (NotFound): {kind.resource} "{name}" not found')
        found += [(kind, one) for one in named if _is_selected(one, line.last("--selector"))]
    return found, errors


def _read_targets(line: Line, machine: Machine) -> Iterator[tuple[Kind, str]]:
    """Yield kind and name; an empty name stands for all of the kind."""
    if any("/" in word for word in line.words):
        if not all("/" in word for word in line.words):
            raise RefusalError(
                1,
                "error: there is no need to specify a resource type as a separate argument when passing arguments in"
                " resource/name form (e.g. 'kubectl get resource/<resource_name>' instead of 'kubectl get resource"
                " resource/<resource_name>'",
            )
        for word in line.words:
            spelling, _, name = word.partition("/")
            yield _require_kind(spelling, machine), name
        return
    spelling, *names = line.words
    for each in spelling.split(","):
        for name in names or [""]:
            yield _require_kind(each, machine), name


def _require_kind(spelling: str, machine: Machine) -> Kind:
    kind = find_kind(spelling, machine)
    if kind is None:
        raise RefusalError(1, f'error: the server doesn\'t have a resource type "{spelling}"')
    return kind


def _is_in(one: Object, kind: Kind, line: Line) -> bool:
    namespace = line.last("--namespace", "default")
    return not kind.namespaced or line.has("--all-namespaces") or text_at(one, "metadata.namespace") == namespace


def _is_selected(one: Object, selector: str) -> bool:
    labels = map_at(one, "metadata.labels")
    for part in filter(None, selector.split(",")):
        name, equals, value = part.replace("==", "=").partition("=")
        if not equals:
            raise ValueError(f"--selector {selector}: the model knows only name=value; extend kubectl.py")
        if labels.get(name) != value:
            return False
    return True


def _print(found: Sequence[tuple[Kind, Object]], output: str, *, is_single: bool) -> str:
    if output == "name" or not output:
        return "".join(f"{kind.prefix}/{text_at(one, 'metadata.name')}\n" for kind, one in found)
    items = [one for _, one in found]
    shown: Any = items[0] if is_single and items else {"apiVersion": "v1", "items": items, "kind": "List"}
    if output == "json":
        return json.dumps(shown, indent=4) + "\n"
    return re.sub(r"\{([^{}]*)\}", lambda piece: _evaluate(piece[1], shown), output.removeprefix("jsonpath="))


def _evaluate(path: str, value: Any) -> str:
    """Return what a `{.a.b}` of a JSONPath template gives: nothing where a key is missing."""
    if not re.fullmatch(r"(\.[A-Za-z0-9_-]+)+", path):
        raise ValueError(f"jsonpath {{{path}}}: the model knows only paths such as {{.data.key}}; extend kubectl.py")
    for step in path[1:].split("."):
        value = value.get(step) if isinstance(value, Mapping) else None
    return "" if value is None else value if isinstance(value, str) else json.dumps(value)


def _wait(line: Line, machine: Machine, elapsed: float) -> str:
    condition = re.fullmatch(r"condition=([A-Za-z]+)(=([A-Za-z]+))?", line.last("--for"))
    if not condition:
        if line.last("--for") in ("create", "delete") or line.last("--for").startswith("jsonpath="):
            raise ValueError("kubectl wait: the model knows only --for=condition=...; extend kubectl.py")
        raise RefusalError(1, f'error: unrecognized condition: "{line.last("--for")}"')
    if not line.words or not (_is_named(line) or line.has("--all") or line.has("--selector")):
        raise RefusalError(1, "error: resource(s) were provided, but no name was specified")
    found, errors = _find(line, machine, elapsed)
    if errors:
        raise RefusalError(1, "\n".join(errors))
    if not found:
        raise RefusalError(1, "error: no matching resources found")
    name, wanted = condition[1].lower(), (condition[3] or "true").lower()
    late = [f"{kind.plural}/{text_at(one, 'metadata.name')}" for kind, one in found if _state(one, name) != wanted]
    if late:  # each has the whole time, one after the other
        took = read_duration(line.last("--timeout", "30s")) * len(late)
        text = "\n".join(f"error: timed out waiting for the condition on {one}" for one in late)
        raise RefusalError(1, text, took=took)
    return "".join(f"{kind.prefix}/{text_at(one, 'metadata.name')} condition met\n" for kind, one in found)


def _state(one: Object, condition: str) -> str:
    conditions = (each for each in list_at(one, "status.conditions") if text_at(each, "type").lower() == condition)
    return next((text_at(each, "status").lower() for each in conditions), "")


def _delete(line: Line, machine: Machine, elapsed: float) -> str:
    if not line.words or not (_is_named(line) or line.has("--all") or line.has("--selector")):
        raise RefusalError(1, "error: resource(s) were provided, but no name was specified")
    found, errors = _find(line, machine, elapsed)
    if line.has("--ignore-not-found"):
        errors = []
    printed = []
    for kind, one in found:
        name = text_at(one, "metadata.name")
        if line.last("--dry-run", "none") in ("none", "unchanged"):
            _remove(kind, one, machine)
        where = f" from {text_at(one, 'metadata.namespace')} namespace" if kind.namespaced else ""
        printed.append(f'{kind.prefix} "{name}" deleted{where}\n')
    if errors:
        raise RefusalError(1, "\n".join(errors), "".join(printed))
    return "".join(printed)


def _remove(kind: Kind, one: Object, machine: Machine) -> None:
    """Take an object away, and remember that of K3s's or Azure's own something is gone."""

    def place(each: Object) -> tuple[str, str, str]:
        return each["kind"], text_at(each, "metadata.namespace"), text_at(each, "metadata.name")

    if kind.kind == "Pod":  # what runs it makes it anew
        return
    if kind.kind == "Node":  # and with it what K3s knows it by
        machine.azure.forget_node(text_at(one, "metadata.name"))
        return
    objects = machine.facts.get("objects", [])
    kept = [each for each in objects if place(each) != place(one)]
    if len(kept) < len(objects):
        machine.facts["objects"] = kept
    else:
        machine.facts.setdefault("deleted_own", []).append(f"{kind.prefix}/{text_at(one, 'metadata.name')}")


_ANSWERS: Mapping[str, Callable[[Line, Machine, float], str]] = {
    "get": _get,
    "create": kubectl_create.create,
    "wait": _wait,
    "delete": _delete,
    "apply": lambda line, machine, _: kubectl_apply.apply(line, machine),
    "logs": kubectl_logs.logs,
}
