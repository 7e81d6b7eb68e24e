"""`up` and `destroy` through trouble that passes by itself, and trouble that does not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pulumi
import pytest

from automation.deployment import deployer as deploy
from automation.deployment.deployment_result import DeploymentResult
from automation.deployment.failure import failures_of
from automation.deployment.operations import EngineResult
from automation.deployment.protection import ProtectedError
from graph.urns import name_of
from rehearsal.azure.faults import KINDS, Fault
from tests.automation.network import ARM_IDS, TYPES, URNS, Site, network

ALL = set(ARM_IDS)

# What the table of transient errors says of each, by hand.
WAITS: dict[str, list[float]] = {
    "forbidden": [60],
    "not-found": [20],
    "conflict": [60],
    "throttled": [60],
    "server-error": [60],
    "accepted-then-failed": [60],
    "connection-cut": [20],
    "role-spreading": [120] * 5,
    "token-ended": [60],
    "token-ended-while-running": [60, 60],
    "token-ended-by-skew": [60] * 3,
    "cut-while-running": [20, 60, 60],  # it goes on for two minutes and refuses to be written meanwhile
}
LASTING = "bad-request"


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def failed(report: DeploymentResult) -> dict[str, str]:
    return {failure.name: failure.remedy for failure in report.failures}


def done(report: DeploymentResult) -> dict[str, str]:
    return {name_of(urn): change for urn, change in report.changes.items() if name_of(urn) in ALL}


def test_every_kind_of_trouble_is_tried() -> None:
    assert WAITS.keys() | {LASTING} == KINDS.keys()


@pytest.mark.parametrize("name", ["vnet", "nsg"])
@pytest.mark.parametrize("kind", WAITS)
def test_what_passes_by_itself_is_waited_for(kind: str, name: str, site: Site) -> None:
    deployer = site.deployer(Fault(name, "create", kind))
    report = deployer.up()

    assert report.ok, failed(report)
    assert site.faults.open == []
    assert site.waits == WAITS[kind]
    assert site.exists() == site.in_stack() == ALL
    assert done(report).keys() == ALL
    assert report.outputs == {"vnet": ARM_IDS["vnet"]}
    assert deployer.preview().changes == {}
    assert deployer.refresh().changes == {}
    assert any(note.startswith(f"{name}: ") and note.endswith("tried again") for note in report.notes)
    assert f"Waiting {WAITS[kind][0]} s: the errors are transient ..." in site.said


@pytest.mark.parametrize("kind", ["server-error", "throttled", "forbidden"])
def test_an_update_is_tried_again_as_well(kind: str, site: Site) -> None:
    site.made()
    site.program = lambda: network(tags={"a": "b"})
    report = site.deployer(Fault("vnet", "update", kind)).up()

    assert report.ok, failed(report)
    assert done(report) == {"vnet": "update"}
    assert site.waits == WAITS[kind]
    vnet = site.world.find(ARM_IDS["vnet"])
    assert vnet is not None
    assert vnet.inputs["tags"] == {"a": "b"}


def test_a_get_that_fails_before_a_create_is_tried_again(site: Site) -> None:
    assert site.deployer(Fault("nsg", "get", "server-error")).up().ok
    assert site.waits == [60]
    assert site.exists() == site.in_stack() == ALL


def test_what_was_cut_off_is_adopted_in_words_and_nothing_is_left_over(site: Site) -> None:
    report = site.deployer(Fault("vnet", "create", "connection-cut")).up()

    assert report.ok
    assert "vnet: its create was cut off after Azure had taken it; it is in the stack now" in report.notes
    assert len(site.world.entries()) == len(ALL)
    assert site.deployer().destroy().ok
    assert site.world.entries() == []


def test_a_create_of_which_azure_knows_nothing_is_done_anew_in_words(site: Site) -> None:
    report = site.deployer(Fault("vnet", "create", "conflict")).up()
    assert "vnet: its create was cut off and Azure does not have it; nothing is left of it" in report.notes
    assert done(report)["vnet"] == "create"


def test_what_never_passes_fails_at_once_with_its_resource_and_remedy(site: Site) -> None:
    report = site.deployer(Fault("vnet", "create", LASTING)).up()

    assert (report.runs, site.waits) == (1, [])
    assert [failure.urn for failure in report.failures] == [URNS["vnet"]]
    assert f'Code="BadRequest" Message="The request for {ARM_IDS["vnet"]}' in report.failures[0].message
    assert failed(report)["vnet"].startswith("Correct the settings in question and check them:")
    assert site.exists() == site.in_stack() == {"group", "nsg"}
    assert done(report) == {"group": "create", "nsg": "create"}

    mended = site.deployer().up()
    assert done(mended) == {"vnet": "create", "subnet": "create"}


# The limit of each row is how often one resource may fail so.
@pytest.mark.parametrize(("kind", "limit"), [("not-found", 3), ("throttled", 5), ("server-error", 3)])
@pytest.mark.parametrize("beyond", [0, 1])
def test_what_passes_has_its_limit(kind: str, limit: int, beyond: int, site: Site) -> None:
    report = site.deployer(Fault("vnet", "create", kind, times=limit + beyond)).up()

    assert report.ok is (beyond == 0)
    assert site.waits == WAITS[kind] * limit
    if beyond:
        assert report.failures[0].urn == URNS["vnet"]
        assert ". The error is usually transient: run the same command again" in failed(report)["vnet"]
        assert site.exists() == site.in_stack() == {"group", "nsg"}
        assert site.deployer().up().ok


def test_each_kind_of_trouble_of_a_resource_has_its_own_limit(site: Site) -> None:
    report = site.deployer(
        Fault("vnet", "create", "throttled", times=3), Fault("vnet", "create", "not-found", times=3)
    ).up()
    assert report.ok, failed(report)
    assert site.waits == [60, 60, 60, 20, 20, 20]


def test_resources_have_their_limits_each_and_the_longest_wait_counts(site: Site) -> None:
    report = site.deployer(
        Fault("vnet", "create", "not-found", times=3), Fault("nsg", "create", "throttled", times=3)
    ).up()
    assert report.ok, failed(report)
    assert site.waits == [60, 60, 60]


def test_trouble_that_lasts_beside_trouble_that_passes_fails_at_once(site: Site) -> None:
    report = site.deployer(Fault("vnet", "create", "throttled"), Fault("nsg", "create", LASTING)).up()

    assert (report.runs, site.waits) == (1, [])
    assert set(failed(report)) == {"vnet", "nsg"}
    assert site.in_stack() == {"group"}


def test_a_program_that_fails_is_not_tried_again(site: Site) -> None:
    def broken() -> None:
        network()
        raise ValueError("Too Many Requests")

    site.program = broken
    report = site.deployer().up()
    assert (report.runs, site.waits) == (1, [])
    assert [failure.message for failure in report.failures] == ["the program failed: Too Many Requests"]
    assert set(failed(report)) == {"the program or the engine"}


def test_the_engine_is_run_so_often_and_no_oftener(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deploy, "MOST_RUNS", 3)
    report = site.deployer(Fault("vnet", "create", "throttled", times=4)).up()
    assert (report.ok, report.runs, len(site.waits)) == (False, 3, 2)
    assert site.faults.open == [Fault("vnet", "create", "throttled", times=1)]


def test_a_wait_that_azure_asks_for_is_kept(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    kind = KINDS["throttled"]
    asking = type(kind)(kind.title, kind.status, kind.code, "The request can be retried in 14 seconds.")
    monkeypatch.setitem(KINDS, "throttled", asking)
    assert site.deployer(Fault("vnet", "create", "throttled")).up().ok
    assert site.waits == [14]


@pytest.mark.parametrize("kind", ["conflict", "server-error", "accepted-then-failed", "connection-cut"])
def test_destroy_is_repeated_as_well(kind: str, site: Site) -> None:
    site.made()
    report = site.deployer(Fault("vnet", "delete", kind)).destroy()

    assert report.ok, failed(report)
    assert site.waits == WAITS[kind]
    assert site.in_stack() == set()
    assert site.world.entries() == []
    assert set(report.changes.values()) == {"delete"}


def test_a_destroy_that_azure_refuses_for_good_fails_and_keeps_what_is_left(site: Site) -> None:
    site.made()
    report = site.deployer(Fault("vnet", "delete", LASTING)).destroy()

    assert (report.runs, set(failed(report))) == (1, {"vnet"})
    assert site.exists() == site.in_stack() == {"group", "vnet"}


def test_one_protected_resource_is_enough_to_delete_nothing(site: Site) -> None:
    def one_protected() -> None:
        network()
        inputs = {"resourceGroupName": "rg-other", "location": "eastus2"}
        pulumi.CustomResource(TYPES["group"], "other", inputs, pulumi.ResourceOptions(protect=True))

    site.program = one_protected
    site.made()
    with pytest.raises(ProtectedError, match=r"\n  other$"):
        site.deployer().destroy()
    assert site.exists() == site.in_stack() == ALL


def test_what_is_protected_is_named_and_goes_when_it_is_unprotected(site: Site) -> None:
    site.program = lambda: network(protect=True)
    site.made()
    with pytest.raises(ProtectedError) as refusal:
        site.deployer().destroy()
    told = str(refusal.value).splitlines()
    assert {line.strip() for line in told[1:]} == ALL
    assert site.exists() == site.in_stack() == ALL

    deployer = site.deployer()
    deployer.unprotect()
    assert deployer.destroy().ok
    assert site.world.entries() == []


def test_a_preview_is_not_repeated(site: Site) -> None:
    site.made()
    assert site.deployer().preview().runs == 1
    assert site.waits == []


def test_a_refresh_waits_for_what_passes(site: Site) -> None:
    site.made()
    report = site.deployer(Fault("vnet", "get", "throttled")).refresh()
    assert (report.runs, report.failures, site.waits) == (2, [], WAITS["throttled"])


def test_a_refresh_does_not_lose_what_is_not_visible_for_a_moment(site: Site) -> None:
    site.made()
    report = site.deployer(Fault("vnet", "get", "not-found")).refresh()
    assert (report.ok, report.changes) == (True, {})
    assert site.exists() == site.in_stack()


def test_progress_is_told_for_each_resource(site: Site) -> None:
    seen: list[tuple[str, str]] = []
    tell: Callable[..., None] = lambda stage, urn, _: seen.append((stage, name_of(urn)))  # noqa: E731
    assert site.deployer(Fault("nsg", "create", "throttled"), progress=tell).up().ok

    assert [stage for stage, name in seen if name == "nsg"] == ["begun", "failed", "begun", "done"]
    assert [stage for stage, name in seen if name == "vnet"] == ["begun", "done", "same"]


@pytest.mark.parametrize(
    ("message", "may_exist"),
    [
        ('Status=500 Code="InternalServerError" Message="An error occurred."', True),
        ('"https://management.azure.com/x": read: connection reset by peer', True),
        ("cannot check existence of resource '/x': status code 503, Service Unavailable", False),
        ('Get "https://management.azure.com/x": read: connection reset by peer', False),
        ('Status=429 Code="TooManyRequests" Message="The request was throttled."', False),
    ],
)
def test_what_failed_while_azure_was_only_asked_cannot_have_been_made(message: str, may_exist: bool) -> None:
    (failure,) = failures_of(
        EngineResult("up", failures={"urn:pulumi:dev::p::azure-native:network:Subnet::s": message})
    )
    assert failure.transient is not None
    assert failure.may_exist == may_exist
