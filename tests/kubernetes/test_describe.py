"""Warnings and logs of a real API server: events that were made by hand, and pods of which no kubelet has a log."""

from __future__ import annotations

import base64
import json
import zlib
from typing import Any

import pytest

from automation.verify.inside import LOGGED
from settings.well_known import AIO_NAMESPACE
from tests.kubernetes.cluster import Cluster
from tests.kubernetes.node import Node
from tests.kubernetes.test_verify import ByHand

_SECRET = "Vx7-short.one"


def ask(node: Node, after: str = "") -> tuple[list[dict[str, Any]], str]:
    """The items of a page, and where the next one begins."""
    run = node.run("describe", {"NAMESPACES": " ".join(LOGGED), "AFTER": after})
    assert run.code == 0, run
    page = json.loads(run.stdout)
    return json.loads(zlib.decompress(base64.b64decode(page["items"]))), page["after"]


@pytest.fixture
def by_hand(cluster: Cluster) -> ByHand:
    cluster.kubectl("delete", "events", "--all", "--namespace", AIO_NAMESPACE)
    return ByHand(cluster)


def of_tests(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Without what trust-manager warns of, which it does whenever it likes."""
    return [one for one in items if one.get("about", "Pod broken") == "Pod broken"]


def put_event(by_hand: ByHand, name: str, message: str, kind: str = "Warning", **rest: Any) -> None:
    about = {"kind": "Pod", "name": "broken", "namespace": AIO_NAMESPACE}
    by_hand.put(
        "v1", "Event", name, AIO_NAMESPACE, involvedObject=about, type=kind, reason="BackOff", message=message, **rest
    )


def test_a_cluster_without_anything_unusual_has_nothing_to_tell(by_hand: ByHand, node: Node) -> None:
    put_event(by_hand, "calm", "all is well", kind="Normal")
    by_hand.flush()
    items, after = ask(node)
    assert (of_tests(items), after) == ([], "")


def test_warnings_are_told_and_why_there_is_no_log(by_hand: ByHand, node: Node) -> None:
    by_hand.secret("any", **{"tls.crt": "public", "tls.key": _SECRET})
    by_hand.node()
    by_hand.pod("broken", reason="CrashLoopBackOff", finished="1970-01-12T13:36:40Z", on="vm-enterprise")
    by_hand.pod("well")
    by_hand.pod("elsewhere", "default", reason="CrashLoopBackOff")
    put_event(by_hand, "old", f"it cannot use {_SECRET}", count=3, lastTimestamp="2100-01-01T10:00:00Z")
    series = {"count": 7, "lastObservedTime": "2100-01-01T11:00:00.000000Z"}
    put_event(by_hand, "new", "again and again", series=series, eventTime="2100-01-01T10:30:00.000000Z",
              reportingComponent="kubelet", reportingInstance="node", action="Pulling")  # fmt: skip
    by_hand.flush()
    items, after = ask(node)
    assert after == ""
    told = {one["name"]: one for one in of_tests(items)}
    assert [*told] == ["new", "old", "broken/main/previous"]
    assert (told["new"]["time"], told["new"]["count"]) == ("2100-01-01T11:00:00.000000Z", 7)
    assert (told["old"]["time"], told["old"]["about"]) == ("2100-01-01T10:00:00Z", "Pod broken")
    assert told["old"]["message"] == "it cannot use [value of a Secret]"
    assert "no preferred addresses found" in told["broken/main/previous"]["error"]


def test_no_form_of_a_value_leaves_the_node(by_hand: ByHand, node: Node) -> None:
    login = {"auths": {"registry.example": {"username": "pull-user-1", "password": "pull one/two"}}}
    values = {
        ".dockerconfigjson": json.dumps(login),
        "env": "USER=open\nKEY='right-side'",
        "yaml": "key: side-of-colon",
        "json": 'quo"ted one',
        "many": "\n".join(f"word-number-{number}" for number in range(300)),
        "tls.crt": "-----BEGIN CERTIFICATE-----\nMIIBpublic\n-----END CERTIFICATE-----",
        "tls.key": _SECRET,
        "ca.crt": "no-certificate",
        "namespace": "some-namespace",
    }
    by_hand.secret("forms", **values)
    shown = {
        "pull one/two": False,
        "pull%20one%2Ftwo": False,
        "right-side": False,
        "side-of-colon": False,
        r"quo\"ted one": False,
        "no-certificate": False,
        "word-number-299": True,
        "MIIBpublic": True,
        "some-namespace": True,
    }
    for number, text in enumerate(shown):
        put_event(by_hand, f"e{number}", f"it says {text}")
    by_hand.flush()
    told = {one["name"]: one["message"] for one in of_tests(ask(node)[0])}
    assert {text: told[f"e{number}"] == f"it says {text}" for number, text in enumerate(shown)} == shown
    assert {told[f"e{number}"] for number, is_shown in enumerate(shown.values()) if not is_shown} == {
        "it says [value of a Secret]"
    }


def test_what_does_not_fit_comes_with_the_next_page(by_hand: ByHand, node: Node) -> None:
    for number in range(40):
        noise = " ".join(f"{(number * 7919 + word * 104729) ** 3:x}" for word in range(25))
        put_event(by_hand, f"e{number:02d}", noise, lastTimestamp=f"2100-01-01T10:{number:02d}:00Z")
    by_hand.flush()
    names, after, pages = [], "", 0
    while pages == 0 or after:
        items, after = ask(node, after)
        names += [one["name"] for one in of_tests(items)]
        pages += 1
    assert names == [f"e{number:02d}" for number in range(10, 40)]
    assert pages > 2


def test_the_words_of_kubectl_are_those_of_the_stand_in(cluster: Cluster) -> None:
    done = cluster.try_kubectl("logs", "other", "--namespace", AIO_NAMESPACE, "--container", "main")
    assert (
        done.stderr == f'error: error from server (NotFound): pods "other" not found in namespace "{AIO_NAMESPACE}"\n'
    )


def test_whoever_may_not_read_is_told_so(by_hand: ByHand, node: Node) -> None:
    put_event(by_hand, "any", "any")
    by_hand.flush()
    node.sign_in("stranger")
    run = node.run("describe", {"NAMESPACES": " ".join(LOGGED)})
    assert (run.code, run.stdout) == (1, "")
    assert "events and logs are: Error from server (Forbidden): secrets is forbidden" in run.stderr
