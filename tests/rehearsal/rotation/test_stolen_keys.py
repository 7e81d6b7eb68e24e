"""What a copy of an old key is worth after its generation: to whoever poses as a site, or as the broker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from rehearsal.cluster.model import ClusterView
from rehearsal.mqtt.bodies import Credentials
from rehearsal.mqtt.client import ClientPlan, read_client, tls_context
from rehearsal.mqtt.mosquitto import run_broker
from rehearsal.mqtt.translate import PortPlan, read_ports
from rehearsal.mqtt.wire import Connection, LostError, Message
from rehearsal.rotation.reload import MODELS, Running
from rehearsal.rotation.run import Deployed
from tests.rehearsal.rotation.conftest import (
    Change,
    changed,
    renew_authorities,
    renew_link,
    renew_listener,
    revoke_authorities,
    revoke_link,
    revoke_listener,
)

BROKER, SITE = "arck-myorgb-dev-001", "arck-myorga-dev-001"
MESSAGES = 20


def find(views: Sequence[ClusterView], name: str) -> ClusterView:
    return next(view for view in views if view.name == name)


def read_port(views: Sequence[ClusterView]) -> PortPlan:
    (port,) = read_ports(find(views, BROKER))
    return port


def read_site(views: Sequence[ClusterView]) -> ClientPlan:
    return read_client(find(views, SITE), "mqtt-enterprise")


def count_accepted(port: PortPlan, client: ClientPlan, credentials: Credentials) -> int:
    """How many messages a broker takes from whoever has these credentials, each over a connection of its own."""
    accepted = 0
    with run_broker(port) as broker:
        for number in range(MESSAGES):
            try:
                tls = tls_context(client, credentials, broker.folder)
                with Connection(broker.port, client.options(client.flows[0].client_id, tls)).open() as connection:
                    message = Message(client.flows[0].destination, str(number).encode())
                    accepted += sum(not code.is_failure for code in connection.publish([message]))
            except LostError:
                pass
    return accepted


@pytest.mark.parametrize("change", [renew_link, renew_authorities, revoke_link, revoke_authorities])
def test_a_copy_of_a_link_s_old_key_is_refused(dev: Deployed, change: Change) -> None:
    before, after = dev.views(), dev.change(changed(change))
    assert after.failures == []
    stolen, port, client = read_site(before).credentials, read_port(after.views), read_site(after.views)

    assert count_accepted(port, client, stolen) == 0
    assert count_accepted(port, client, client.credentials) == MESSAGES
    assert count_accepted(read_port(before), read_site(before), stolen) == MESSAGES


@pytest.mark.parametrize("change", [renew_listener, renew_authorities, revoke_listener, revoke_authorities])
def test_a_copy_of_the_broker_s_old_key_deceives_no_site(dev: Deployed, change: Change) -> None:
    before, after = dev.views(), dev.change(changed(change))
    assert after.failures == []
    stolen, port, client = read_port(before).certificate, read_port(after.views), read_site(after.views)
    impostor = replace(port, certificate=stolen, client_ca_pem=None, grants=None)

    assert count_accepted(impostor, client, client.credentials) == 0
    assert count_accepted(replace(impostor, certificate=port.certificate), client, client.credentials) == MESSAGES
    assert count_accepted(impostor, read_site(before), read_site(before).credentials) == MESSAGES


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("change", [revoke_link, revoke_authorities])
def test_a_revoked_key_is_refused_by_a_broker_that_goes_on_running(dev: Deployed, change: Change, model: str) -> None:
    """Whatever it takes up of its certificates' subjects: rules it takes up in every model, and its rule is gone."""
    before, after = dev.views(), dev.change(changed(change), rate=0)
    stolen, running = read_site(before), Running("broker", MODELS[model], find(before, BROKER))
    for now in (0, 1000):
        running.see(find(after.views, BROKER), now)
    (port,) = read_ports(running.loaded)

    assert after.failures == []
    assert count_accepted(port, stolen, stolen.credentials) == 0


@pytest.mark.parametrize("change", [revoke_link, revoke_authorities])
def test_a_revoked_key_is_refused_at_once(dev: Deployed, change: Change) -> None:
    """From the step on that tells the broker, long before the site has its new key."""
    stolen, accepted, steps = read_site(dev.views()), list[int](), list[str]()
    one = dev.copy()

    def look(_: object, after: Any) -> None:
        steps.append(after.what)
        if after.what.startswith("update enterprise-link-authentication") and not accepted:
            accepted.append(count_accepted(read_port(one.views()), stolen, stolen.credentials))

    assert one.change_here(changed(change), hold="site", after_step=look).failures == []
    assert accepted == [0]
    told = next(index for index, what in enumerate(steps) if "link-authentication" in what)
    switched = next(index for index, what in enumerate(steps) if "to-enterprise-endpoint" in what)
    assert told < switched
