"""VERIFY-37 and VERIFY-68 tell what should have been renewed by now, however long it lives."""

from __future__ import annotations

import functools
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from arm.types.keyvault import SECRET
from automation.verify.checks import CHECKS
from automation.verify.evidence import Evidence
from automation.verify.expected import Expectation, expect
from automation.verify.inside import Inside
from automation.verify.look import Look, Place
from rules.lookup import View
from tests.conftest import TWO_CLUSTERS, evaluate, resolve

NOW = datetime(2026, 11, 27, tzinfo=UTC)
WEEK = {"leaf_days": 7, "early_renewal_days": 2}
YEAR = {"leaf_days": 365, "early_renewal_days": 92}
HOUR = timedelta(hours=1)


@functools.cache
def expectation(leaf_days: int, early_renewal_days: int) -> Expectation:
    settings = {**TWO_CLUSTERS, "pki": {"leaf_days": leaf_days, "early_renewal_days": early_renewal_days}}
    return expect(View(evaluate(settings), resolve(settings)))


def found(check_id: str, pki: dict[str, int], *, secrets: timedelta, items: list[dict[str, Any]]) -> list[str]:
    """What the check tells of site where every vault secret ends so late, and these objects are on the cluster."""
    expected = expectation(**pki)
    body = {"properties": {"attributes": {"enabled": True, "exp": int((NOW + secrets).timestamp())}}}
    bodies = {one.id: body for one in expected.subjects if one.row is SECRET}
    evidence = Evidence(None, {}, bodies, {}, {}, {"site": Inside(items, (0, 0, 0), {})})
    (check,) = (one for one in CHECKS if one.id == check_id)
    return [str(problem) for problem in check.run(Look(expected, evidence, Place("cluster", "site"), NOW))]


def item(kind: str, name: str, key: str, left: timedelta) -> dict[str, Any]:
    end = (NOW + left).timestamp()
    return {"kind": kind, "namespace": "azure-iot-operations", "name": name, "keys": {key: [["ab", end]]}}


def leaf(left: timedelta) -> dict[str, Any]:
    return item("Secret", "client-secret-enterprise-g1", "client_cert.pem", left)


@pytest.mark.parametrize(
    ("pki", "days", "is_told"),
    [(WEEK, 2, False), (WEEK, 1, True), (WEEK, 7, False), (YEAR, 92, False), (YEAR, 91, True), (YEAR, 29, True)],
    ids=lambda value: str(value) if isinstance(value, int) else f"{value['leaf_days']} days",
)
def test_a_leaf_is_told_inside_its_window_alone(pki: dict[str, int], days: int, is_told: bool) -> None:
    left = timedelta(days=days) + HOUR
    window = pki["early_renewal_days"]
    told = f"Secret azure-iot-operations/client-secret-enterprise-g1: client_cert.pem ends in {days} days"
    assert found("VERIFY-68", pki, secrets=left, items=[leaf(left)]) == (
        [f"{told}; expected renewed {window} days before its end"] if is_told else []
    )


def test_of_a_vault_each_secret_has_the_window_of_what_it_holds() -> None:
    """An intermediate is renewed when a leaf below it could outlive it; the leaf's own secrets not yet."""
    (told,) = found("VERIFY-37", WEEK, secrets=timedelta(days=8), items=[])
    where, _, what = told.partition(": ")
    assert where == "site-vault-site-to-enterprise-client-intermediate-crt-g1"
    assert what == "it ends in 8 days; expected renewed 9 days before its end"
    assert len(found("VERIFY-37", WEEK, secrets=timedelta(days=1), items=[])) == 3
    assert found("VERIFY-37", WEEK, secrets=-HOUR, items=[]) == []  # VERIFY-36 says so, as an error


def test_a_root_is_told_before_what_it_signs_would_outlive_it() -> None:
    roots = [item("ConfigMap", "server-ca-enterprise-g1", "ca.crt", timedelta(days=days)) for days in (9, 8)]
    (said,) = found("VERIFY-68", WEEK, secrets=timedelta(days=99), items=roots)
    assert said.startswith("ConfigMap azure-iot-operations/server-ca-enterprise-g1: ca.crt ends in 8 days; expected")
    assert said.endswith(" renewed 9 days before its end")


def test_what_aio_makes_for_itself_is_told_once_it_has_ended() -> None:
    own = [item("Secret", "aio-broker-internal", "tls.crt", left) for left in (HOUR, -HOUR)]
    assert found("VERIFY-68", YEAR, secrets=timedelta(days=999), items=own) == [
        "Secret azure-iot-operations/aio-broker-internal: tls.crt has ended; expected a later end"
    ]
