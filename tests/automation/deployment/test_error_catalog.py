"""What passes by itself, on messages that others have recorded, and what to do about the rest."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from automation.deployment.error_catalog import REMEDIES, TRANSIENTS, Transient
from automation.deployment.failure import Failure
from automation.deployment.find_remedy import LONGEST_WAIT, find_remedy, find_transient, read_wait
from rehearsal.azure.faults import KINDS

RECORDED: list[dict[str, Any]] = yaml.safe_load(
    Path(__file__).with_name("recorded_errors.yaml").read_text(encoding="utf-8")
)
PASSING = [record for record in RECORDED if record["expect"]]
LASTING = [record for record in RECORDED if not record["expect"]]
ROWS = {transient.id: transient for transient in TRANSIENTS}
ROLE_SPREAD_SECONDS = 600

ARM_ID = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/vnet"
ROLE_ID = f"{ARM_ID}/providers/Microsoft.Authorization/roleAssignments/9a6b0c54-0000-4000-8000-000000000001"


def found(message: str) -> str | None:
    transient = find_transient(message)
    return transient.id if transient else None


@pytest.mark.parametrize("record", RECORDED, ids=lambda record: record["where"])
def test_a_recorded_message_is_told_apart(record: dict[str, Any]) -> None:
    assert found(record["text"]) == record["expect"]


@pytest.mark.parametrize("record", LASTING, ids=lambda record: record["where"])
def test_a_recorded_message_has_its_remedy(record: dict[str, Any]) -> None:
    remedies = {remedy.id: remedy.remedy for remedy in REMEDIES}
    general = find_remedy("something else")

    assert find_remedy(record["text"]) == (remedies[record["remedy"]] if "remedy" in record else general)


def test_there_are_recordings_enough() -> None:
    assert len(PASSING) >= 25
    assert len(LASTING) >= 15
    assert len(TRANSIENTS) >= 12
    assert all(record["where"] and record["text"] for record in RECORDED)


def test_every_row_is_recorded_and_no_row_hides_another() -> None:
    assert {found(record["text"]) for record in PASSING} == set(ROWS)


def test_every_lasting_remedy_is_recorded() -> None:
    assert {record["remedy"] for record in LASTING if "remedy" in record} == {
        remedy.id for remedy in REMEDIES if remedy.is_permanent and not remedy.of
    }


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("site-prove-site-to-enterprise-g2-g1", "REMEDY-37"),
        ("site-settle-site-to-enterprise-g2-g1", "REMEDY-37"),
        ("site-apply-objects", "REMEDY-37"),
        ("site-virtual-network", "REMEDY-24"),
        ("", "REMEDY-24"),
    ],
)
def test_who_meets_a_refusal_while_keys_change_is_not_sent_to_the_settings(name: str, row: str) -> None:
    message = str(KINDS["bad-request"].error(ARM_ID))
    urn = f"urn:pulumi:dev::p::azure-native:compute:VirtualMachineRunCommandByVirtualMachine::{name}" if name else ""
    remedy = next(one.remedy for one in REMEDIES if one.id == row)
    assert Failure(urn, message, None).remedy == find_remedy(message, name) == remedy


@pytest.mark.parametrize("rows", [TRANSIENTS, REMEDIES], ids=["transients", "remedies"])
def test_rows_are_complete_and_their_ids_unique(rows: tuple[Any, ...]) -> None:
    assert max(Counter(row.id for row in rows).values()) == 1
    assert all(row.title and row.pattern and row.source and "://" not in row.source for row in rows)


@pytest.mark.parametrize("transient", TRANSIENTS, ids=lambda transient: transient.id)
def test_nothing_is_waited_for_longer_than_a_role_takes_to_spread(transient: Transient) -> None:
    assert transient.wait > 0
    assert transient.limit > 0
    assert transient.wait <= LONGEST_WAIT
    assert transient.wait * transient.limit <= ROLE_SPREAD_SECONDS


@pytest.mark.parametrize("arm_id", [ARM_ID, ROLE_ID], ids=["vnet", "role"])
@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("bad-request", None),
        ("forbidden", "TRANSIENT-06"),
        ("not-found", "TRANSIENT-11"),
        ("conflict", "TRANSIENT-01"),
        ("throttled", "TRANSIENT-05"),
        ("server-error", "TRANSIENT-17"),
        ("accepted-then-failed", "TRANSIENT-17"),
        ("connection-cut", "TRANSIENT-20"),
        ("cut-while-running", "TRANSIENT-20"),
        ("role-spreading", "TRANSIENT-07"),
        ("token-ended", "TRANSIENT-22"),
        ("token-ended-while-running", "TRANSIENT-22"),
        ("token-ended-by-skew", "TRANSIENT-22"),
    ],
)
def test_faults_of_the_rehearsal_are_told_apart(kind: str, expected: str | None, arm_id: str) -> None:
    assert found(str(KINDS[kind].error(arm_id))) == expected


def test_every_fault_of_the_rehearsal_is_known() -> None:
    unknown = {kind for kind in KINDS if not found(str(KINDS[kind].error(ARM_ID)))}

    assert unknown == {"bad-request"}


@pytest.mark.parametrize("kind", [kind for kind in KINDS if KINDS[kind].after])
def test_what_may_have_been_written_is_looked_for(kind: str) -> None:
    transient = find_transient(str(KINDS[kind].error(ARM_ID)))

    assert transient is not None
    assert transient.exists


@pytest.mark.parametrize("row", ["TRANSIENT-01", "TRANSIENT-09", "TRANSIENT-20"])
def test_what_was_seen_to_exist_after_a_failure_is_looked_for(row: str) -> None:
    """The three of which a recording says so."""
    assert ROWS[row].exists


@pytest.mark.parametrize("record", [record for record in LASTING if "remedy" in record], ids=lambda one: one["where"])
def test_one_lasting_error_makes_the_whole_message_lasting(record: dict[str, Any]) -> None:
    passing = str(KINDS["throttled"].error(ARM_ID))

    assert found(f"{passing}\n{record['text']}") is None
    assert found(f"{record['text']}\n{passing}") is None


def test_the_output_of_a_failed_script_makes_nothing_pass() -> None:
    message = "Run Command setup failed with exit code 1: curl: read: connection reset by peer, 503 Service Unavailable"

    assert found(message) is None
    assert "az vm run-command show" in find_remedy(message)


@pytest.mark.parametrize("record", [record for record in PASSING if "wait" in record], ids=lambda one: one["where"])
def test_a_recorded_wait_is_honoured(record: dict[str, Any]) -> None:
    assert read_wait(ROWS[record["expect"]], record["text"]) == record["wait"]


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("retry after 17 seconds", 17),
        ("Retry-After: 17", 17),
        ("can be retried in 9 seconds. retry after 40 seconds", 40),
        ("Please try again after '900' seconds", LONGEST_WAIT),
        ("Please retry after 5 minutes", 60),
        ("Please retry after 15 minutes", 60),
        ("Please retry later", 60),
        ("retry after sometime", 60),
        ("7 requests", 60),
    ],
)
def test_the_wait_is_what_the_message_asks_for_within_bounds(message: str, expected: int) -> None:
    assert read_wait(ROWS["TRANSIENT-05"], message) == expected


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
@pytest.mark.parametrize(
    "form",
    [
        'Status={status} Message="x"',
        "cannot check existence of resource '/subscriptions/s/x': status code {status}, x",
    ],
)
def test_what_azure_native_itself_tries_again_passes(status: int, form: str) -> None:
    """Its own codes and forms (provider/pkg/azure, client_azcore.go)."""
    assert found(form.format(status=status)) == ("TRANSIENT-05" if status == 429 else "TRANSIENT-17")


def test_an_answer_of_a_gateway_on_the_way_passes() -> None:
    """Anything but JSON is told in this form, by the same source."""
    assert found("unexpected response from Azure: '<html>x</html>', HTTP status: 502 Bad Gateway") == "TRANSIENT-17"


@pytest.mark.parametrize(
    ("code", "remedy"),
    [
        ("QuotaExceeded", "REMEDY-02"),
        ("ResourceGroupQuotaExceeded", "REMEDY-02"),
        ("PeeringLimitReached", "REMEDY-02"),
        ("RoleAssignmentLimitExceeded", "REMEDY-02"),
        ("MaxStorageAccountsCountPerSubscriptionExceeded", "REMEDY-02"),
        ("ZonalAllocationFailed", "REMEDY-03"),
        ("UnauthorizedNamespaceError", "REMEDY-11"),
        ("MissingResourceVersionOnHost", "REMEDY-12"),
        ("InUseNetworkSecurityGroupCannotBeDeleted", "REMEDY-14"),
        ("PublicIPAddressCannotBeDeleted", "REMEDY-14"),
        ("NicInUse", "REMEDY-14"),
        ("RoleAssignmentUpdateNotPermitted", "REMEDY-17"),
        ("BadRequest", "REMEDY-24"),
        ("InvalidRequestContent", "REMEDY-24"),
        ("InvalidParameter", "REMEDY-24"),
        ("ValidationError", "REMEDY-24"),
    ],
)
def test_a_code_is_enough_to_tell_the_remedy(code: str, remedy: str) -> None:
    """For codes of which no message was found; Microsoft documents them, or the rehearsal's Azure answers so."""
    message = f'Status=400 Code="{code}" Message="x"'

    assert found(message) is None
    assert find_remedy(message) == next(row.remedy for row in REMEDIES if row.id == remedy)


def test_broken_lines_and_case_do_not_matter() -> None:
    assert found("if ACCESS was recently\n    granted,   please refresh your credentials") == "TRANSIENT-06"


@pytest.mark.parametrize("message", ["", "Everything is fine", "geofence", "Status=5020", "InternalErrorReport"])
def test_anything_else_does_not_pass(message: str) -> None:
    assert found(message) is None


@pytest.mark.parametrize("row", ["TRANSIENT-06", "TRANSIENT-07"])
def test_a_right_that_stays_missing_has_a_remedy_of_its_own(row: str) -> None:
    for record in PASSING:
        if record["expect"] == row:
            assert "az role assignment list" in find_remedy(record["text"])


def test_other_errors_that_pass_are_tried_again_later() -> None:
    assert "run the same command again in a few minutes" in find_remedy(str(KINDS["conflict"].error(ARM_ID)))
