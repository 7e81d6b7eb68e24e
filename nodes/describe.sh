#!/usr/bin/env bash
# What `python -m automation verify --support-bundle` is told of a cluster beside what verify.sh tells: warning events,
# and the last lines of the logs of pods that are not well. Changes nothing.
#
# Parameters: NAMESPACES (whose pods, with blanks between); AFTER and the fact line: as in verify.sh.
# Values of Secrets are taken out of everything before it leaves the node; whoever reads it takes out the rest.
# Bound: about 3 minutes. Run again: reads only, so it takes no lock.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

need NAMESPACES

cat >"$work/describe.py" <<'END'
# asking.py

import itertools, os, re, urllib.parse

SPACES = os.environ["NAMESPACES"].split()
NOW, AFTER = int(os.environ["NOW"]), os.environ.get("AFTER", "")
MOST_EVENTS, MOST_PODS, LINES, LONGEST = 30, 10, 20, 500
DAY, SECONDS, BEGAN = 24 * 60 * 60, 90, time.monotonic()
PUBLIC, SHORTEST = ("ca.crt", "tls.crt"), 8  # of Secrets: keys of what may be a certificate; letters of a word
MOST_LINES, LONGEST_LOG = 200, 64 * 1024  # as each value is looked for in each log


def is_public(key, value):
    is_certificate = value.startswith("-----BEGIN CERTIFICATE-----") and "PRIVATE KEY" not in value
    return key == "namespace" or (key in PUBLIC and is_certificate)


def list_leaves(document):
    if isinstance(document, (dict, list)):
        for one in document.values() if isinstance(document, dict) else document:
            yield from list_leaves(one)
    else:
        yield str(document)


def list_parts(value):
    """What a log may have of a value alone: its lines, what they say after a `=` or `:`, and texts of JSON."""
    lines = [line.strip() for line in value.splitlines() if not line.startswith("---")]
    if len(lines) > MOST_LINES:
        return
    yield from lines
    for mark in "=:":
        yield from (line.partition(mark)[2].strip(" \t\"',") for line in lines)
    try:
        leaves = list(list_leaves(json.loads(value)))
    except (ValueError, RecursionError):
        return
    yield from leaves[:MOST_LINES]


def list_values(secrets):
    """Every value as it is, in base64, in parts, and each as JSON and addresses write it; the longest first."""
    found = set()
    for secret in secrets:
        for key, encoded in (secret.get("data") or {}).items():
            value = base64.b64decode(encoded).decode(errors="replace")
            if not is_public(key, value):
                found |= {encoded, value, *list_parts(value)}
    found |= {form for value in found for form in (json.dumps(value)[1:-1], urllib.parse.quote(value, safe=""))}
    return sorted((value for value in found if len(value) >= SHORTEST), key=len, reverse=True)


def without(values, text):
    for value in values:
        text = text.replace(value, "[value of a Secret]")
    return text


def keep_end(log):
    """The end of a log from the start of a line, as a value that is cut is not known as one."""
    return log if len(log) <= LONGEST_LOG else log[-LONGEST_LOG:].partition("\n")[2] or "(a line of more than 64 KiB)"


def cut(line):
    """A long line ends before a word that would be cut: half a key is not known as one."""
    return line if len(line) <= LONGEST else re.sub(r"[^\s\",;&]*$", "...", line[:LONGEST], count=1)


def time_of(event):
    series = event.get("series") or {}
    times = event.get("lastTimestamp"), series.get("lastObservedTime"), event.get("eventTime")
    return next(filter(None, times), event["metadata"].get("creationTimestamp", ""))


def tell_event(event, values):
    about, where = event.get("involvedObject", {}), event["metadata"]
    return {
        "kind": "Event", "namespace": where.get("namespace", ""), "name": where["name"], "time": time_of(event),
        "count": event.get("count") or (event.get("series") or {}).get("count", 1), "reason": event.get("reason", ""),
        "about": f"{about.get('kind', '')} {about.get('name', '')}", "message": cut(without(values, event.get("message", ""))),
    }


def is_unwell(told):
    is_gone = told["phase"] == "Succeeded" or told["replaced"]
    return (not told["ready"] and not is_gone) or told["restarted"] > NOW - DAY


def list_logs(item):
    """Each container of a pod; one that waits to be started again has no other log than the one before."""
    for container in containers(item):
        ended = container.get("lastState", {}).get("terminated")
        whiches = [*(["current"] if not ended or not container["state"].get("waiting") else []), *(["previous"] if ended else [])]
        for which in whiches:
            where = item["metadata"]
            yield {"kind": "Log", "namespace": where["namespace"], "name": f"{where['name']}/{container['name']}/{which}"}


def tell_log(item, values):
    """The last lines, or why there are none; the oldest go if they do not fit into a page."""
    if time.monotonic() - BEGAN > SECONDS:
        return {**item, "error": f"not asked: {SECONDS} s were over"}
    name, container, which = item["name"].split("/")
    command = ["kubectl", "--request-timeout=10s", "logs", name, "--namespace", item["namespace"], "--container", container,
               f"--tail={LINES}", *(["--previous"] if which == "previous" else [])]
    try:
        result = subprocess.run(command, capture_output=True, timeout=15)
    except subprocess.TimeoutExpired:
        return {**item, "error": "no answer within 15 s"}
    if result.returncode != 0:
        return {**item, "error": cut(without(values, result.stderr.decode(errors="replace").strip()))}
    lines = [cut(line) for line in without(values, keep_end(result.stdout.decode(errors="replace"))).splitlines()]
    told = {**item, "lines": lines, "left_out": 0}
    while len(told["lines"]) > 1 and len(pack([told], place(told))) > LARGEST:
        told = {**told, "lines": told["lines"][1:], "left_out": told["left_out"] + 1}
    return told


found = get("pods,events,secrets", "--all-namespaces")
values = list_values(item for item in found if item["kind"] == "Secret")
warnings = sorted((item for item in found if item["kind"] == "Event" and item.get("type") == "Warning"), key=time_of)
events = sorted((tell_event(item, values) for item in warnings[-MOST_EVENTS:]), key=place)
pods = [(pod(item), item) for item in found if item["kind"] == "Pod" and item["metadata"]["namespace"] in SPACES]
unwell = sorted((each for each in pods if is_unwell(each[0])), key=lambda each: (each[0]["ready"], -each[0]["restarted"]))
logs = sorted((log for _, item in unwell[:MOST_PODS] for log in list_logs(item)), key=place)
rest = [{"kind": "Rest", "namespace": "", "name": "pods", "count": len(unwell) - MOST_PODS}] if unwell[MOST_PODS:] else []
told = itertools.chain(
    (item for item in events if place(item) > AFTER),
    (tell_log(item, values) for item in logs if place(item) > AFTER),
    rest,
)
print(page(told))
END
NOW="$(date +%s)"
export NOW

try python3 "$work/describe.py" ||
  fail "the cluster does not say what its events and logs are: $state. Expected: an answer of its API server." \
    "Next: look whether K3s runs on the node ('systemctl status k3s'), then verify again."
fact "$state"
