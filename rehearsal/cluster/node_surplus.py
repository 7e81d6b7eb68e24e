"""What the scripts did to a node beside their work: whatever `rules.facts.node_files` does not list."""

from __future__ import annotations

import base64
import re
from collections.abc import Collection, Iterator, Sequence
from fnmatch import fnmatchcase
from itertools import pairwise

from graph.inputs import decode_parameter, list_at, map_at, parameters, text_at, texts_at
from rehearsal.azure.entries import Entry
from rehearsal.cluster import traces
from rehearsal.cluster.model import Symptom
from rehearsal.cluster.node_facts import NodeFacts, name_object, name_rule
from rules.facts import node, node_files
from rules.facts.fact import Fact

SURPLUS, SECRET = "CLUSTER-39", "CLUSTER-40"
_ADDRESS = re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s\"'<>{}]+")
_KEY = re.compile(r"--(BEGIN|END) ([A-Z0-9]+ )*PRIVATE KEY--")
_TOKEN = re.compile(r"\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,}")
"""RFC 7519, §3.1: header and payload of a JWT are JSON objects in base64url, and `eyJ` is what `{"` begins with."""
_BASE64 = re.compile(r"[A-Za-z0-9+/]{40,}")
_WRITABLE_BY_OTHERS, _AS_ITS_OWNER = 0o022, 0o6000
_SEEN = {
    traces.CALLS: (
        "calls `{}`, which neither a node nor the model of one takes",
        "correct the call; where it is meant, teach rehearsal/node/tools",
    ),
    traces.VARIABLES: (
        "calls its tools with the variable {} set, which may send them elsewhere or let them trust others",
        "unset it; where it is meant, add it to rules/facts/node_files.py",
    ),
    traces.GUESSABLE: (
        "makes {} among the temporary files, where whoever foresees the name may make it first",
        "let `mktemp` name it, without a template",
    ),
    traces.LEFT: (
        "leaves the temporary file {} behind",
        "write below `$work`, which is removed at the end",
    ),
}
"""Kind of a trace -> what is wrong with each, and a remedy."""
Fault = tuple[str, str, str, str]
"""(name of the part, rule, what, remedy)."""


def find_surplus(cluster: Entry, machine: Entry, commands: Sequence[Entry], facts: NodeFacts) -> list[Symptom]:
    """Return what is on the node of a connected cluster, or was called or told there, that nothing has a need of."""
    issuer = text_at(cluster.outputs, "oidcIssuerProfile.issuerUrl")
    parts = {
        traces.FILES: _check_files(facts, {issuer, *_list_given(commands)}),
        traces.RULES: _check_firewall(facts),
        traces.LIMITS: _check_limits(facts),
        traces.OBJECTS: _check_objects(facts, commands),
    }
    found = [
        Symptom(rule, cluster.name, _blame(machine, commands, kind, name), what, remedy)
        for kind, faults in parts.items()
        for name, rule, what, remedy in faults
    ]
    runs = ((command.name, fault) for command in commands for fault in _check_run(command))
    return found + [Symptom(rule, cluster.name, f"Run Command {name}", *words) for name, (rule, *words) in runs]


def _blame(machine: Entry, commands: Sequence[Entry], kind: str, name: str) -> str:
    """Return the Run Commands whose scripts made it; the machine if none of those did that ran last."""
    found = [one.name for one in commands if name in texts_at(one.facts, f"run.traces.{kind}")]
    return f"Run Command {' or '.join(found)}" if found else f"node {machine.name}"


def _list_given(commands: Sequence[Entry]) -> set[str]:
    """Return the addresses that parameters name, and that files may name too."""
    given = (parameters(command.inputs) for command in commands)
    return {one[name] for one in given for name in (*node_files.PROXY_PARAMETERS, "SERVER_URL") if name in one}


def _check_files(facts: NodeFacts, known: Collection[str]) -> Iterator[Fault]:
    for name, (mode, text) in facts.files.items():
        if name not in node_files.OF_THE_IMAGE and not _is_listed(name, node_files.FILES):
            yield name, SURPLUS, f"/{name} is on the node, where no script needs it", "do not write it, or remove it"
        if int(mode, 8) & _WRITABLE_BY_OTHERS:
            what = f"/{name} has mode {mode}: others than root may change what root reads"
            yield name, SURPLUS, what, "write it with mode 0644, or 0600"
        if int(mode, 8) & _AS_ITS_OWNER:
            yield name, SURPLUS, f"/{name} has mode {mode}: who runs it is its owner then", "take that bit away"
        if name != node_files.KUBECONFIG.value and (kind := _find_secret(text)):
            yield name, SECRET, f"/{name} holds {kind}", "keep it in memory, or leave it where it is kept already"
        for address in sorted({*_ADDRESS.findall(text)}):
            if address not in known and not _is_listed_address(address, node_files.NAMED):
                yield name, SURPLUS, f"/{name} names {address}, which no node needs", "take it out"


def _check_firewall(facts: NodeFacts) -> Iterator[Fault]:
    for rule in list_at(facts.facts, "iptables"):
        pairs = dict(pairwise(texts_at(rule, "rule")))
        target = pairs.get("-d", "").removesuffix("/32")
        if pairs.get("-j") != "DROP" or target not in node.PLATFORM_SERVICES.value:
            name = name_rule(rule)
            what = f"iptables has `{name}`, beside what keeps pods from the platform's services"
            yield name, SURPLUS, what, "leave the firewall to K3s"


def _check_limits(facts: NodeFacts) -> Iterator[Fault]:
    found = {**map_at(facts.facts, "after_reboot.sysctl"), **map_at(facts.facts, "sysctl")}
    for name in sorted(found.keys() - node.KERNEL_LIMITS.value.keys()):
        yield name, SURPLUS, f"the kernel's {name} is set, which AIO has no need of", "leave it as it is"


def _check_objects(facts: NodeFacts, commands: Sequence[Entry]) -> Iterator[Fault]:
    """Compare the objects on the cluster with those that were asked for; a Bundle may outlive its set on purpose."""
    given = (decode_parameter(parameters(command.inputs).get("OBJECTS", "")) for command in commands)
    asked = {name_object(one) for objects in given for one in objects}
    found = {name_object(one) for one in facts.objects if text_at(one, "kind") != "Bundle"}
    for name in sorted(found - asked):
        yield name, SURPLUS, f"{name} is on the cluster, and in no OBJECTS", "apply what the program lists, and no more"


def _check_run(command: Entry) -> Iterator[tuple[str, str, str]]:
    run = map_at(command.facts, "run")
    seen = map_at(run, "traces")
    for address in texts_at(seen, traces.URLS):
        if not _is_listed_address(address, node_files.DOWNLOADS):
            yield SURPLUS, f"fetches from {address}, which no node needs", "fetch from the listed servers only"
    for kind, (what, remedy) in _SEEN.items():
        yield from ((SURPLUS, what.format(one), remedy) for one in texts_at(seen, kind))
    for stream in ("stdout", "stderr"):
        if kind := _find_secret(text_at(run, stream)):
            what = f"prints {kind} on {stream}, which every reader of the Run Command sees"
            yield SECRET, what, "print no secret"


def _is_listed(name: str, patterns: Sequence[Fact[str]]) -> bool:
    parts = name.split("/")
    return any(
        len(wanted) == len(parts) and all(map(fnmatchcase, parts, wanted))
        for wanted in (pattern.value.split("/") for pattern in patterns)
    )


def _is_listed_address(address: str, patterns: Sequence[Fact[str]]) -> bool:
    return any(fnmatchcase(address, pattern.value) for pattern in patterns)


def _find_secret(text: str) -> str:
    """Return what kind of secret a text has, also in base64, as Kubernetes writes it; empty if none."""
    decoded = (_decode(word[start:]) for word in _BASE64.findall(text) for start in range(4))
    if any(_KEY.search(one) for one in (text, *decoded)):
        return "a private key"
    return "a token" if _TOKEN.search(text) else ""


def _decode(word: str) -> str:
    """Return what a part of a base64 text says; its length may be any, as the beginning of an output is cut off."""
    return base64.b64decode(word[: len(word) // 4 * 4]).decode("latin-1")
