"""What an engineer asks for who is to help: everything that `verify` has seen, redacted, as files of text and JSON."""

from __future__ import annotations

import json
import platform
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from typing import Any

from arm.types.kubernetes import CONNECTED_CLUSTER
from arm.types.kubernetesconfiguration import EXTENSION
from automation.console import escape_controls
from automation.scrubbing import redact, redact_document
from automation.verify.azure import Body, Unseen
from automation.verify.evidence import Evidence
from automation.verify.expected import Expectation
from automation.verify.inside import Description, Inside, Item
from graph.inputs import text_at

Described = Description | Unseen | None
"""Warnings and logs of a cluster, or why there are none; None: it was not asked, or has no node."""
_LARGEST = 2_000_000
"""Characters of a file."""
_README = """\
What `python -m automation verify --support-bundle` has seen of stack {stack}.

{files}
Taken out, as far as it is known as such: private keys, tokens, connection strings, signatures, options of addresses,
what is called a password, secret or token, protected parameters, values of Secrets, and everything long that looks like
base64, also certificates. Names and addresses are still there: look through it before you hand it on.

{missing}
"""


@dataclass(frozen=True)
class File:
    """One file of the bundle."""

    name: str
    about: str
    text: str


@dataclass(frozen=True)
class Bundle:
    """All of it, and what could not be had, one line each."""

    files: Sequence[File]
    missing: Sequence[str]


def compose(
    verified: Mapping[str, Any],
    expectation: Expectation,
    evidence: Evidence,
    described: Mapping[str, Described],
) -> Bundle:
    """Return the bundle.

    Args:
        verified: the document of `verify`.
        expectation: what is to be there.
        evidence: what Azure and clusters have answered.
        described: warnings and logs, by cluster.
    """
    settings = expectation.view.settings
    missing = [_fit(one) for one in _list_missing(expectation, evidence, described)]
    versions = {
        "python": platform.python_version(),
        "packages": dict(sorted(_list_packages())),
        "aio_release": settings.release.name,
        "clusters": {name: _list_versions(expectation, evidence, name) for name in sorted(described)},
    }
    files = [
        _json("verify.json", "results of the checks", verified),
        _json("versions.json", "Python, packages, AIO's release, and what runs on each cluster", versions),
    ]
    for name, description in sorted(described.items()):
        files += _describe_cluster(name, expectation, evidence, description)
    cut = [f"{one.name}: its end, from character {_LARGEST} on" for one in files if len(one.text) > _LARGEST]
    files = [File(one.name, one.about, one.text[:_LARGEST]) for one in files]
    missing += cut
    listed = "".join(f"{one.name}: {one.about}\n" for one in files)
    told = "\n".join(["What could not be had:", *missing]) if missing else "Nothing was refused or left out."
    readme = _README.format(stack=verified["stack"], files=listed, missing=told)
    return Bundle([File("README.txt", "what is in here, what was taken out, what is missing", readme), *files], missing)


def _list_packages() -> Iterator[tuple[str, str]]:
    """Yield what the program and its questions are made of."""
    for one in metadata.distributions():
        name = one.metadata["Name"].lower()
        if name.startswith(("pulumi", "azure-")):
            yield name, one.version


def _list_versions(expectation: Expectation, evidence: Evidence, cluster: str) -> Mapping[str, str]:
    """Return what is seen of the versions on a cluster."""
    found = {}
    for subject in expectation.of_cluster(cluster):
        body = evidence.bodies.get(subject.id)
        if not isinstance(body, Mapping):
            continue
        if subject.row == EXTENSION:
            kind = text_at(body, "properties.extensionType")
            found[kind] = text_at(body, "properties.currentVersion") or text_at(body, "properties.version")
        elif subject.row == CONNECTED_CLUSTER:
            found["arc agents"] = text_at(body, "properties.agentVersion")
    inside = evidence.clusters.get(cluster)
    for item in inside.items if isinstance(inside, Inside) else ():
        if item["kind"] == "Node":
            found[f"kubelet of {item['name']}"] = str(item["version"])
    return {name: version or "not told" for name, version in found.items()}


def _describe_cluster(
    name: str, expectation: Expectation, evidence: Evidence, description: Described
) -> Iterator[File]:
    bodies = {
        one.id: {"name": one.label, "seen": _tell(evidence.bodies[one.id])} for one in expectation.of_cluster(name)
    }
    lists = {one.path: _tell(evidence.lists[one.path]) for one in expectation.collections if one.cluster == name}
    group = expectation.view.settings.clusters[name].names.resource_group
    lists[group] = _tell(evidence.groups[group])
    about = "resources as Azure answers them, with states and what Run Commands have printed"
    yield _json(f"{name}/azure.json", about, {"resources": bodies, "lists": lists})
    inside = evidence.clusters.get(name)
    if isinstance(inside, Inside):
        document = {"objects": inside.items, "links": _tell(inside.links)}
        yield _json(f"{name}/cluster.json", "objects as the cluster tells them, and its links", document)
    if isinstance(description, Description):
        # Each event and log is redacted alone, as one that ends within a key is taken out from there to its end.
        events = sorted(_of(description, "Event"), key=lambda one: str(one["time"]))
        text = "".join(f"{_fit(_tell_event(one))}\n" for one in events) or "no warning\n"
        yield File(f"{name}/events.txt", "its newest warnings", text)
        text = "\n".join(map(_tell_log, _of(description, "Log"))) or "every pod is well\n"
        yield File(f"{name}/logs.txt", "last lines of the logs of pods that are not well", text)


def _of(description: Description, kind: str) -> Sequence[Item]:
    return [one for one in description.items if one["kind"] == kind]


def _tell(answer: Any) -> Any:
    """Return an answer, or why there is none."""
    return f"not seen: {answer.reason}" if isinstance(answer, Unseen) else "not there" if answer is None else answer


def _tell_event(one: Item) -> str:
    return f"{one['time']} {one['namespace']} {one['about']}: {one['reason']} (x{one['count']}) {one['message']}"


def _tell_log(one: Item) -> str:
    """Return a log under its heading."""
    if "error" in one:
        return f"=== {one['namespace']}/{one['name']}: not had\n  {_fit(one['error'])}\n"
    lines = [f"({one['left_out']} more, left out)"] if one["left_out"] else []
    text = _fit("\n".join(one["lines"])) or "(empty)"
    return "\n".join([f"=== {one['namespace']}/{one['name']}", *lines, f"  {text}", ""])


def _fit(text: str) -> str:
    """Return it redacted, without orders to a terminal, and with its further lines indented: none is a heading."""
    return escape_controls(redact(text)).replace("\n", "\n  ")


def _list_missing(expectation: Expectation, evidence: Evidence, described: Mapping[str, Described]) -> Iterator[str]:
    """Yield what could not be had; what has one reason, together."""
    for name, description in sorted(described.items()):
        ids = [one.id for one in expectation.of_cluster(name)]
        paths = [one.path for one in expectation.collections if one.cluster == name]
        answers: list[Body | Sequence[Body] | Unseen | None] = [evidence.bodies[one] for one in ids]
        answers += [evidence.lists[one] for one in paths]
        answers.append(evidence.groups[expectation.view.settings.clusters[name].names.resource_group])
        for reason, count in Counter(one.reason for one in answers if isinstance(one, Unseen)).items():
            yield f"{name}: {count} answers of Azure: {reason}"
        if not evidence.clusters:
            yield f"{name}: what the cluster itself says, its events and logs: not asked, as --azure-only was given"
            continue
        for what, answer in (("objects", evidence.clusters.get(name)), ("events and logs", description)):
            if not isinstance(answer, Inside | Description):
                yield f"{name}: {what}: {answer.reason if answer else 'its node is not there'}"
        if isinstance(description, Description):
            yield from (f"{name}: {one}" for one in _list_lacks(description))


def _list_lacks(description: Description) -> Iterator[str]:
    if description.lacks:
        yield f"more events and logs: {description.lacks}"
    for one in description.items:
        if one["kind"] == "Rest":
            yield f"logs of {one['count']} more pods that are not well"
        elif one.get("error"):
            yield f"log {one['namespace']}/{one['name']}: {one['error']}"
        elif one.get("left_out"):
            yield f"log {one['namespace']}/{one['name']}: the oldest {one['left_out']} of its last lines"


def _json(name: str, about: str, document: Any) -> File:
    return File(name, about, json.dumps(redact_document(document), indent=1) + "\n")
