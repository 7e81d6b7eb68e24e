"""What is asked of a cluster itself, by scripts on its node that change nothing: verify, probe-links, describe."""

from __future__ import annotations

import base64
import binascii
import json
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from arm.hosting import BY_ASKED
from automation.verify.azure import Azure, Body, ScriptAnswer, Unseen, UnseenError
from automation.verify.expected import Expectation, Subject
from graph.inputs import decode_parameter, map_at, parameters
from nodes import load_script, with_parameters
from rules.facts.aio import CERT_MANAGER_NAMESPACE, NAMESPACE
from rules.operators import WAYS_TO_SECRETS

Item = Mapping[str, Any]
"""One object of the cluster, as nodes/verify.sh tells it, or a warning or a log, as nodes/describe.sh does."""
GATE, PROBE = "await-secrets", "probe-links"
"""Scripts of the deployment whose parameters tell what no settings do: fingerprints."""
_MOST_PAGES = 20
MOST_PAGES_OF_LOGS = 10
"""Azure needs some 30 seconds for each."""
LOGGED = (NAMESPACE.value, "azure-arc", CERT_MANAGER_NAMESPACE.value, "azure-secret-store")
"""Namespaces whose logs are wanted (learn.microsoft.com/azure/azure-arc/kubernetes/conceptual-agent-overview and
secret-store-extension)."""
_LARGEST = 1_000_000
"""Bytes of a page: a few kB, which a node of somebody else's may have sent, inflate to a thousand times as many."""
_ONCE = "1"
"""Second that a probe waits for a link that does not answer."""
_CUT_AT = 2900
"""Characters from which on a message of the probe may have lost links at its end."""
_LINK = re.compile(r"link (\S+) to (.*?)(?=; link \S+ to |\. Next: |$)")
"""In the message of probe-links."""


@dataclass(frozen=True)
class Inside:
    """One cluster."""

    items: Sequence[Item]
    clock: tuple[float, float, float]
    """Seconds since 1970: Azure's before the node's, the node's, and Azure's after it."""
    links: Mapping[str, str] | Unseen
    """Link that begins here -> why it does not work; empty if it does."""


@dataclass(frozen=True)
class Description:
    """Warnings and logs of one cluster, and why there are no more of them; empty if these are all."""

    items: Sequence[Item]
    lacks: str = ""


def find_script(expectation: Expectation, cluster: str, name: str) -> Subject | None:
    """Return the deployed script of a cluster."""
    return next((one for one in expectation.of_cluster(cluster) if one.label == f"{cluster}-{name}"), None)


def read_parameter(script: Body | Unseen | None, name: str) -> list[Any]:
    """Return a parameter that is a list, as Azure has it.

    Raises:
        UnseenError: it could not be read.
    """
    if not isinstance(script, Mapping):
        raise UnseenError(script.reason if script else "the script that has it is not there")
    text = parameters(map_at(script, "properties")).get(name)
    if not text:
        raise UnseenError(f"{name} is not in Azure's answer")
    return decode_parameter(text)


def look_inside(azure: Azure, expectation: Expectation, bodies: Mapping[str, Any], node: Subject) -> Inside:
    """Ask a cluster on its node.

    Raises:
        UnseenError: it does not answer.
    """
    items, clock = _list_items(azure, node, expectation.view.settings.operator_group)
    try:
        return Inside(items, clock, _try_links(azure, expectation, bodies, node))
    except UnseenError as error:
        return Inside(items, clock, Unseen(str(error)))


def _list_items(
    azure: Azure, node: Subject, operators: str | None
) -> tuple[Sequence[Item], tuple[float, float, float]]:
    """Return everything, with the times of the first page."""
    rights = {"OPERATORS": operators, "RIGHTS": encode(WAYS_TO_SECRETS)} if operators else {}
    given = {"NAMESPACE": NAMESPACE.value, **rights}
    items: list[Item] = []
    clock = (0.0, 0.0, 0.0)
    for answer, page in _read_pages(azure, node, "verify", given, _MOST_PAGES):
        if not items:
            (told,) = (one for one in page if one["kind"] == "Clock")
            clock = answer.after, float(told["seconds"]), answer.before
        items += page
    return items, clock


def describe(azure: Azure, node: Subject) -> Description:
    """Return the warnings and logs of a cluster, as far as they could be had.

    Raises:
        UnseenError: there are none at all.
    """
    items: list[Item] = []
    try:
        for _, page in _read_pages(azure, node, "describe", {"NAMESPACES": " ".join(LOGGED)}, MOST_PAGES_OF_LOGS):
            items += page
    except UnseenError as error:
        if not items:
            raise
        return Description(items, str(error))
    return Description(items)


def _read_pages(
    azure: Azure, node: Subject, script: str, given: Mapping[str, str], most: int
) -> Iterator[tuple[ScriptAnswer, Sequence[Item]]]:
    after = ""
    for _ in range(most):
        answer = run_script(azure, node, script, {**given, "AFTER": after})
        page = _read_page(answer)
        yield answer, page["items"]
        after = page["after"]
        if not after:
            return
    raise UnseenError(f"the cluster says more than {most} pages")


def run_script(azure: Azure, node: Subject, script: str, given: Mapping[str, str]) -> ScriptAnswer:
    """Run a script of ours on a node, as its kind of host does; where Azure knows none, on this machine."""
    text = with_parameters(load_script(script), given)
    return azure.run_script(node.id, BY_ASKED[node.row], node.api_version, text)


def _read_page(answer: ScriptAnswer) -> Mapping[str, Any]:
    try:
        page = json.loads(answer.stdout)
        items = zlib.decompressobj().decompress(base64.b64decode(page["items"]), _LARGEST)
        if len(items) == _LARGEST:
            raise UnseenError(f"an answer that is not understood: a page of {_LARGEST} bytes or more")
        return {"after": page["after"], "items": json.loads(items)}
    except (ValueError, LookupError, TypeError, RecursionError, binascii.Error, zlib.error):
        raise UnseenError(read_error(answer)) from None


def read_error(answer: ScriptAnswer) -> str:
    """Return what a script has said last."""
    lines = [line for line in answer.stderr.splitlines() if line.strip()]
    return lines[-1].removeprefix("ERROR: ") if lines else "the script has printed nothing"


def _try_links(azure: Azure, expectation: Expectation, bodies: Mapping[str, Any], node: Subject) -> Mapping[str, str]:
    """Try the links that begin on the node by the program's own probe; leave out those of which nothing is known."""
    script = find_script(expectation, node.cluster, PROBE)
    if script is None:
        return {}
    given = parameters(map_at(script.body, "properties"))
    links = describe_links(script, bodies[script.id])
    if not links:
        return {}
    answer = run_script(azure, node, PROBE, {**given, "LINKS": encode(links), "WAIT_SECONDS": _ONCE})
    names = [str(one["name"]) for one in links]
    return dict.fromkeys(names, "") if answer.stdout.startswith("{") else read_probe(read_error(answer), names)


def describe_links(script: Subject, seen: Body | Unseen | None) -> Sequence[Item]:
    """Return what a probe is told of its links: by the settings, but for the fingerprint, which Azure's copy has."""
    known = {one["name"]: one["server_sha256"] for one in read_parameter(seen, "LINKS")}
    wanted = decode_parameter(parameters(map_at(script.body, "properties"))["LINKS"])
    return [{**one, "server_sha256": known[one["name"]]} for one in wanted if one["name"] in known]


def encode(value: object) -> str:
    """Return JSON in base64, as scripts are given it."""
    return base64.b64encode(json.dumps(value).encode()).decode()


def read_probe(error: str, links: Sequence[str]) -> Mapping[str, str]:
    """Return link -> why it does not work, or nothing; leave out those that a long message may have lost.

    Raises:
        UnseenError: it is about something else.
    """
    if not (dead := {found[1]: f"to {found[2]}" for found in _LINK.finditer(error)}):
        raise UnseenError(error)
    return dead if len(error) > _CUT_AT else {**dict.fromkeys(links, ""), **dead}
