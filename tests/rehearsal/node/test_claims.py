"""What connect-arc was asked for is held against what az remembers of it."""

from __future__ import annotations

from typing import Any

import pytest

from rehearsal.azure.entries import Entry
from rehearsal.cluster.node_claims import find_false_claims
from rehearsal.cluster.node_facts import NodeFacts
from tests.rehearsal.azure.samples import SITE, arm_id

GIVEN = {
    "SUBSCRIPTION_ID": "sub",
    "RESOURCE_GROUP": "rg",
    "CLUSTER_NAME": "arck",
    "LOCATION": "East US 2",
    "IDENTITY_CLIENT_ID": "id-1",
    "CUSTOM_LOCATIONS_OBJECT_ID": "oid",
}
ARC = {"subscription": "sub", "group": "rg", "name": "arck", "location": "eastus2", "custom_locations_oid": "oid"}
LOGIN = {"client_id": "ID-1", "principal_id": "p", "named": True}


def claims(arc: dict[str, Any], login: dict[str, Any]) -> list[str]:
    parameters = [{"name": name, "value": value} for name, value in GIVEN.items()]
    command = Entry(
        arm_id("connect"), SITE["connect"][0], {"parameters": parameters}, {}, 0, facts={"run": {"stdout": "{}\n"}}
    )
    return list(find_false_claims(command, NodeFacts({"arc": arc, "az": {"login": login}}, {})))


def test_what_was_asked_for_was_done() -> None:
    assert claims(ARC, LOGIN) == []


@pytest.mark.parametrize(
    ("arc", "login", "what"),
    [
        ({"location": "westeurope"}, {}, "the connected cluster was made in westeurope; expected East US 2"),
        ({"name": "other"}, {}, "K3s is connected as sub/rg/other; expected sub/rg/arck"),
        ({"custom_locations_oid": "id-1"}, {}, "custom locations are for id-1; expected oid"),
        ({}, {"named": False}, "az logged in with whatever identity the VM has; expected id-1"),
        ({}, {"client_id": "id-2"}, "az is logged in as id-2; expected id-1"),
    ],
)
def test_a_claim_that_is_not_so_is_named(arc: dict[str, Any], login: dict[str, Any], what: str) -> None:
    found = claims({**ARC, **arc}, {**LOGIN, **login})
    assert len(found) == 1
    assert found[0].startswith(what)


def test_what_is_the_clusters_own_is_never_deleted() -> None:
    parameters = [{"name": "OBJECTS", "value": "W10="}, {"name": "OBJECT_SET", "value": "cluster"}]
    inputs = {"parameters": parameters, "runCommandName": "apply-objects"}
    done = {"run": {"stdout": '{"applied": 0, "pruned": 1}\n'}}
    command = Entry(arm_id("connect", runCommandName="apply-objects"), SITE["connect"][0], inputs, {}, 0, facts=done)
    gone = {"deleted_own": ["clusterrolebinding.rbac.authorization.k8s.io/cluster-admin"]}
    assert list(find_false_claims(command, NodeFacts({}, {}))) == []
    assert [what.partition(" is gone")[0] for what in find_false_claims(command, NodeFacts(gone, {}))] == gone[
        "deleted_own"
    ]
