"""A check that could not look is unknown, with the reason, and never green."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import pytest
from azure.core.credentials import AccessToken

from arm.types.compute import VIRTUAL_MACHINE
from automation.verify.azure import UnreachableError, UnseenError
from automation.verify.resource_manager import Limits, Login, ResourceManager
from rehearsal.arm_rest.exchange import Answer
from rehearsal.arm_rest.service import ArmService
from rehearsal.azure.entries import Entry
from rehearsal.azure.faults import Fault, Faults
from rehearsal.azure.world import World
from tests.automation.verify.living import ONCE, Living, Verifier, outcomes

_CLUSTERS, _LINK = ("enterprise", "site"), "site-to-enterprise"
_LISTS_ONLY = {("VERIFY-01", "")} | {(f"VERIFY-{number}", name) for number in ("04", "05") for name in _CLUSTERS}
"""They ask for no single resource."""
_IN_LISTS = {
    *((f"VERIFY-{number}", name) for number in ("08", "09", "24", "25", "26", "27", "29", "30") for name in _CLUSTERS),
    *((f"VERIFY-{number}", "enterprise") for number in ("49", "50", "51")),
    *((f"VERIFY-{number}", _LINK) for number in ("02", "03", "06", "07", "44", "52", "53", "54")),
}
"""All that they ask for, a provider's list has told: extensions, credentials, roles, peerings, the broker's, links."""
_EVERY_TIME = 10_000
_WRONG = ("failed", "warning", "not-run")


def test_where_azure_refuses_every_read_nothing_is_green_that_needs_one(verifier: Verifier) -> None:
    living = Living("dev")
    living.faults = Faults(Fault("*", "get", "forbidden", _EVERY_TIME))
    results = verifier("dev", living.world())
    assert not outcomes(results, *_WRONG)
    assert outcomes(results, "ok") == _LISTS_ONLY | _IN_LISTS
    unknown = [one for one in results if one.outcome == "unknown"]
    assert len(unknown) > 70
    assert all("403: (AuthorizationFailed)" in one.found for one in unknown), unknown[0].found
    assert not any(one.mend for one in unknown)


def test_where_lists_are_refused_what_they_tell_is_unknown(verifier: Verifier, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = ArmService.answer
    refusal = {"error": {"code": "AuthorizationFailed", "message": "The client does not have authorization."}}

    def refuse_lists(self: ArmService, request: object) -> Answer:
        found = answer(self, request)  # type: ignore[arg-type]
        return Answer(403, refusal) if isinstance(found.body, dict) and "value" in found.body else found

    monkeypatch.setattr(ArmService, "answer", refuse_lists)
    results = verifier("dev", Living("dev").world())
    assert not outcomes(results, *_WRONG)
    unknown = {id_ for id_, where in outcomes(results, "unknown") if where == "site"}
    # Without the list of its group, nobody knows the drawn name of the storage account.
    everything = {"VERIFY-02", "VERIFY-03", "VERIFY-06", "VERIFY-07"}
    assert unknown == {"VERIFY-04", "VERIFY-05", "VERIFY-31", "VERIFY-41", "VERIFY-42", *everything}


def test_one_answer_that_does_not_come_makes_its_own_checks_unknown(
    verifier: Verifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    get = World.get

    def hang(self: World, arm_id: str, *, shared: bool) -> Entry:
        found = get(self, arm_id, shared=shared)
        if found.row is VIRTUAL_MACHINE and "myorga" in arm_id:
            time.sleep(2)
        return found

    monkeypatch.setattr(World, "get", hang)
    results = verifier("dev", Living("dev").world(), limits=Limits(read=0.5, retries=0))
    assert not outcomes(results, *_WRONG)
    assert {where for _, where in outcomes(results, "unknown")} == {"site"}
    assert {id_ for id_, _ in outcomes(results, "unknown")} == {
        "VERIFY-02", "VERIFY-03", "VERIFY-06", "VERIFY-07", "VERIFY-14", "VERIFY-15", "VERIFY-16", "VERIFY-17",
    }  # fmt: skip
    assert all("site-node" in one.found and "timed out" in one.found for one in results if one.outcome == "unknown")


def test_a_login_that_is_none_is_told_everywhere_and_asks_once(
    verifier: Verifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    get = ResourceManager.get

    def count(self: ResourceManager, arm_id: str, api_version: str, expand: str = "") -> object:
        asked.append(arm_id)
        return get(self, arm_id, api_version, expand)

    monkeypatch.setattr(ResourceManager, "get", count)
    results = verifier("dev", Living("dev").world(), token=lambda _: "another")
    assert {one.outcome for one in results} == {"unknown"}
    assert all("401: (InvalidAuthenticationToken)" in one.found for one in results)
    assert len(asked) == 1


def test_health_that_aio_does_not_know_is_unknown(verifier: Verifier) -> None:
    living = Living("dev")
    living.set("instances/iotops-arck-myorga-dev-001", "health", "Unknown", where="facts")
    results = verifier("dev", living.world())
    assert outcomes(results, "unknown", *_WRONG) == {("VERIFY-44", "site")}


class _Token:
    def get_token(self, *_: str, **__: object) -> AccessToken:
        return AccessToken("token", int(time.time()) + 3600)


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of a server that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken: list[socket.socket] = []
        thread = threading.Thread(target=lambda: taken.append(server.accept()[0]), daemon=True)
        thread.start()
        yield f"https://127.0.0.1:{server.getsockname()[1]}"
        for one in taken:
            one.close()


def test_a_server_that_says_nothing_is_left(silent: str) -> None:
    azure = ResourceManager(Login(_Token(), silent), "s", Limits(connect=0.5, read=0.5, retries=0))
    began = time.monotonic()
    with pytest.raises(UnseenError):
        azure.list_group("rg")
    assert time.monotonic() - began < 10


def test_where_nobody_listens_there_is_no_use_in_asking_on() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"https://127.0.0.1:{server.getsockname()[1]}"
    with pytest.raises(UnreachableError, match="refused"):
        ResourceManager(Login(_Token(), address), "s", ONCE).get("/subscriptions/s", "2022-12-01")


def test_after_its_time_nothing_is_asked_any_more() -> None:
    moments = iter([0.0, 601.0])
    azure = ResourceManager(Login(_Token(), "https://127.0.0.1:1"), "s", now=lambda: next(moments))
    with pytest.raises(UnseenError, match="not asked: 600 s were over"):
        azure.get("/subscriptions/s", "2022-12-01")


def test_no_token_goes_to_another_host(verifier: Verifier, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = ArmService.answer

    def lead_away(self: ArmService, request: object) -> Answer:
        found = answer(self, request)  # type: ignore[arg-type]
        if isinstance(found.body, dict) and "nextLink" in found.body and "roleAssignments" in found.body["nextLink"]:
            return Answer(200, {**found.body, "nextLink": "https://elsewhere.example/next"})
        return found

    monkeypatch.setattr(ArmService, "answer", lead_away)
    results = verifier("dev", Living("dev").world(), clusters=["site"], links=[])
    unknown = {one.id: one.found for one in results if one.outcome == "unknown"}
    assert set(unknown) == {"VERIFY-05", "VERIFY-31"}
    assert all("no token of ours is sent: elsewhere.example" in found for found in unknown.values())


def test_no_token_follows_what_the_sdk_is_told(verifier: Verifier, monkeypatch: pytest.MonkeyPatch) -> None:
    """A list of a group in pages, and where the end of a script is told."""
    answer = ArmService.answer

    def lead_away(self: ArmService, request: object) -> Answer:
        found = answer(self, request)  # type: ignore[arg-type]
        if isinstance(found.body, dict) and found.body.get("nextLink", "").partition("?")[0].endswith("/resources"):
            return Answer(200, {**found.body, "nextLink": "https://elsewhere.example/next"})
        if "Location" in found.headers:
            return Answer(202, None, {**found.headers, "Location": "https://elsewhere.example/end"})
        return found

    monkeypatch.setattr(ArmService, "answer", lead_away)
    results = verifier("dev", Living("dev").world(), clusters=["site"], links=[], inside=True)
    unknown = {one.id: one.found for one in results if one.outcome == "unknown"}
    assert {"VERIFY-04", "VERIFY-55"} <= set(unknown)
    assert all("no token of ours is sent: elsewhere.example" in found for found in unknown.values())
