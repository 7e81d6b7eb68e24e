"""The stand-in for AIO's dataflow connects and sends as the endpoint and the dataflow say."""

from __future__ import annotations

import socket
import ssl
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rehearsal.cluster.model import ClusterView
from rehearsal.mqtt import wire
from rehearsal.mqtt.authority import Authority, to_pem
from rehearsal.mqtt.bodies import UnmappedError
from rehearsal.mqtt.client import ClientPlan, Flow, read_client, tls_context
from rehearsal.mqtt.delivery import _compare, build_message
from rehearsal.mqtt.mosquitto import run_broker
from rehearsal.mqtt.observer import Observer, observe
from rehearsal.mqtt.private import private_folder
from rehearsal.mqtt.proof import prove
from rehearsal.mqtt.translate import read_ports
from rehearsal.mqtt.wire import Connection, LostError, Message, Options, Tls
from tests.conftest import TWO_BROKERS, TWO_CLUSTERS
from tests.rehearsal.mqtt.plant import Plant, changed

Deployed = Callable[[dict[str, Any]], Plant]


def _plan(view: ClusterView, **settings: Any) -> ClientPlan:
    """Of the link to the enterprise, with these settings of its endpoint."""

    def change(open_view: Any) -> None:
        open_view.endpoints["mqtt-enterprise"]["mqttSettings"].update(settings)

    return read_client(changed(view, change), "mqtt-enterprise")


def test_the_connection_is_as_the_endpoint_says(deployed: Deployed) -> None:
    view = deployed(TWO_CLUSTERS).views["site"]
    plan = _plan(view, keepAliveSeconds=17, maxInflightMessages=5, sessionExpirySeconds=99)
    tls = Tls(ssl.PROTOCOL_TLS_CLIENT)

    assert plan.options("x", tls) == Options(
        "x", tls, keep_alive=17, max_inflight=5, session_expiry=99, clean_start=False
    )


def test_each_dataflow_has_its_client_id_topics_and_destination(deployed: Deployed) -> None:
    assert read_client(deployed(TWO_BROKERS).views["site"], "mqtt-enterprise").flows == (
        Flow("to-enterprise-a-de526", "site.to-enterprise-a-de526", ("a/+",), "x"),
        Flow("to-enterprise-b", "site.to-enterprise-b", ("b",), "y"),
    )


def test_a_dataflow_with_a_transformation_lets_json_alone_pass(deployed: Deployed) -> None:
    topics = [{"from": "a", "to": "x", "payload": "json"}, {"from": "b", "to": "y"}]
    settings = {**TWO_CLUSTERS, "links": [{"from": "site", "to": "enterprise", "topics": topics}]}

    plan = read_client(deployed(settings).views["site"], "mqtt-enterprise")

    assert [flow.only_json for flow in plan.flows] == [True, False]


_SETTINGS = "operations.1.builtInTransformationSettings"


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        (f"{_SETTINGS}.filter", [{"inputs": ["a"]}], "is not one of"),
        (f"{_SETTINGS}.map", [], "is not one of"),
        (f"{_SETTINGS}.serializationFormat", "Parquet", "'Parquet' is not one of"),
        ("operations.0.sourceSettings.serializationFormat", "Avro", "'Avro' is not one of"),
        ("operations.1.operationType", "Source", "'Source' is not one of"),
    ],
)
def test_another_transformation_is_not_carried_over(deployed: Deployed, path: str, value: Any, reason: str) -> None:
    topics = [{"from": "a", "to": "x", "payload": "json"}]
    settings = {**TWO_CLUSTERS, "links": [{"from": "site", "to": "enterprise", "topics": topics}]}

    def change(view: Any) -> None:
        (flow,) = view.dataflows.values()
        *steps, last = path.split(".")
        parent = flow.properties
        for step in steps:
            parent = parent[int(step) if step.isdigit() else step]
        parent[last] = value

    with pytest.raises(UnmappedError, match=reason):
        read_client(changed(deployed(settings).views["site"], change), "mqtt-enterprise")


def test_a_source_with_wildcards_gets_a_topic_that_it_matches() -> None:
    flow = Flow("name", "id", ("a/+/b", "c/#", "d"), "x")

    assert flow.concrete_sources == ["a/any/b", "c/any", "d"]


@pytest.mark.parametrize(
    ("retain", "retained", "sent"), [("Keep", True, True), ("Keep", False, False), ("Never", True, False)]
)
def test_the_retain_flag_is_kept_or_not(deployed: Deployed, retain: str, retained: bool, sent: bool) -> None:
    plan = _plan(deployed(TWO_CLUSTERS).views["site"], retain=retain)

    assert build_message(plan, plan.flows[0], 1, "input", retained=retained).retain is sent


@pytest.mark.parametrize("retain", ["Keep", "Never"])
def test_messages_arrive_with_the_retain_flag_that_they_should_have(deployed: Deployed, retain: str) -> None:
    def change(view: Any) -> None:
        view.endpoints["mqtt-enterprise"]["mqttSettings"]["retain"] = retain

    assert prove(deployed(TWO_CLUSTERS).with_change("site", change), messages=10).ok


def test_tls_is_1_3_and_for_the_deployed_host(deployed: Deployed) -> None:
    plan = _plan(deployed(TWO_CLUSTERS).views["site"])
    with private_folder() as folder:
        tls = tls_context(plan, plan.credentials, folder)

    assert tls.host == "10.2.1.10"
    assert tls.minimum_version == ssl.TLSVersion.TLSv1_3
    assert (tls.check_hostname, tls.verify_mode) == (True, ssl.CERT_REQUIRED)
    assert len(tls.get_ca_certs()) == 1


def test_every_key_of_a_trust_config_map_counts(deployed: Deployed) -> None:
    def put_an_older_root_first(view: Any) -> None:
        (config_map,) = view.config_maps.values()
        older = to_pem([Authority.root("older root").certificate])
        view.config_maps[config_map.name] = replace(config_map, data={"a.crt": older.strip(), **config_map.data})

    made = deployed(TWO_CLUSTERS)
    views = [changed(view, put_an_older_root_first) for view in made.all]

    assert prove(views, messages=4).ok


def test_a_refused_connection_is_lost() -> None:
    with pytest.raises(LostError):
        Connection(1, Options("x")).open()


def count_open_files() -> int:
    return len([*Path("/proc/self/fd").iterdir()])


def test_a_connection_that_is_closed_leaves_no_socket_open(deployed: Deployed) -> None:
    (port,) = read_ports(deployed(TWO_CLUSTERS).views["enterprise"])
    with run_broker(port) as broker:
        before, kept = count_open_files(), list[Observer]()
        for _ in range(3):
            with observe(broker) as observer:
                observer.take_messages()
                kept.append(observer)
        assert count_open_files() == before


@pytest.mark.parametrize("tls", [None, Tls(ssl.PROTOCOL_TLS_CLIENT)])
def test_a_server_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch, tls: Tls | None) -> None:
    monkeypatch.setattr(wire, "_WAIT_SECONDS", 0.2)
    if tls:
        tls.host = "10.2.1.10"
    with socket.create_server((wire.LOOPBACK, 0)) as silent, pytest.raises(LostError):
        Connection(silent.getsockname()[1], Options("x", tls)).open()


_EXPECTED = {number: Message("topic", b"%d" % number) for number in (1, 2, 3)}


@pytest.mark.parametrize(
    ("seen", "counts", "problem"),
    [
        ({1: _EXPECTED[1], 2: _EXPECTED[2]}, [1, 2], "1 of 3 messages did not arrive, among them [3]"),
        (_EXPECTED, [1, 2, 3, 2], "1 messages arrived more than once, among them [2]"),
        ({**_EXPECTED, 2: Message("other", b"2")}, [1, 2, 3], "another topic"),
        ({**_EXPECTED, 2: Message("topic", b"2", retain=True)}, [1, 2, 3], "another flag"),
        ({**_EXPECTED, 2: Message("topic", b"x")}, [1, 2, 3], "another flag or text"),
        ({**_EXPECTED, 4: Message("topic", b"4")}, [1, 2, 3, 4], "among them [4]"),
    ],
)
def test_what_arrives_otherwise_is_told(seen: dict[int, Message], counts: list[int], problem: str) -> None:
    found = list(_compare(_EXPECTED, seen, Counter(counts)))

    assert len(found) == 1
    assert problem in found[0]


def test_what_arrives_as_sent_is_no_problem() -> None:
    assert list(_compare(_EXPECTED, _EXPECTED, Counter([1, 2, 3]))) == []
