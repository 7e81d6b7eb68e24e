"""pulumi-tls for the engines: defaults, what replaces, renewal by the clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509

from arm.values import UNKNOWN
from rehearsal.providers import Diff, ExistingResource, Properties, ProviderError
from rehearsal.providers.tls import TlsProvider, compare

KEY, SELF_SIGNED, REQUEST, SIGNED = (
    f"tls:index/{name[0].lower()}{name[1:]}:{name}"
    for name in ("PrivateKey", "SelfSignedCert", "CertRequest", "LocallySignedCert")
)
NOW = datetime.now(UTC)


class Clock:
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def tls(clock: Clock) -> TlsProvider:
    return TlsProvider(clock)


def make(tls: TlsProvider, type_token: str, **given: object) -> tuple[Properties, Properties]:
    """Checked inputs and outputs of a new resource."""
    inputs = tls.check("urn", type_token, {}, dict(given))
    return inputs, tls.create("urn", type_token, inputs, preview=False)[1]


def certificate(tls: TlsProvider, *, early_renewal_hours: int) -> tuple[Properties, Properties]:
    """A certificate of 100 hours."""
    _, key = make(tls, KEY, algorithm="ECDSA", ecdsaCurve="P256")
    return make(
        tls,
        SELF_SIGNED,
        privateKeyPem=key["privateKeyPem"],
        subject={"commonName": "root"},
        allowedUses=["cert_signing"],
        validityPeriodHours=100,
        isCaCertificate=True,
        earlyRenewalHours=early_renewal_hours,
    )


def diff(tls: TlsProvider, old: tuple[Properties, Properties], new: Properties, *ignore: str) -> Diff:
    return tls.diff(ExistingResource("urn", SELF_SIGNED, "id", *old), new, ignore)


@pytest.mark.parametrize(
    ("type_token", "defaults"),
    [
        (KEY, {"rsaBits": 2048, "ecdsaCurve": "P224"}),
        (REQUEST, {}),
        (SIGNED, {"earlyRenewalHours": 0, "isCaCertificate": False, "setSubjectKeyId": False}),
        (
            SELF_SIGNED,
            {
                "earlyRenewalHours": 0,
                "isCaCertificate": False,
                "setSubjectKeyId": False,
                "setAuthorityKeyId": False,
            },
        ),
    ],
)
def test_check_fills_the_upstream_defaults_in(tls: TlsProvider, type_token: str, defaults: Properties) -> None:
    assert tls.check("urn", type_token, {}, {}) == defaults


def test_check_keeps_what_is_given_and_what_is_unknown_and_drops_nulls(tls: TlsProvider) -> None:
    checked = tls.check("urn", KEY, {}, {"algorithm": UNKNOWN, "ecdsaCurve": "P384", "opensshComment": None})
    assert checked == {"algorithm": UNKNOWN, "ecdsaCurve": "P384", "rsaBits": 2048}


def test_equal_inputs_differ_in_nothing(tls: TlsProvider) -> None:
    made = certificate(tls, early_renewal_hours=10)
    assert diff(tls, made, made[0]) == Diff()


def test_an_unknown_input_replaces(tls: TlsProvider) -> None:
    made = certificate(tls, early_renewal_hours=10)
    found = diff(tls, made, made[0] | {"privateKeyPem": UNKNOWN})
    assert (found.changed, found.replaces, found.delete_before_replace) == (
        ("privateKeyPem",),
        ("privateKeyPem",),
        False,
    )
    assert found.detailed == {"privateKeyPem": "update_replace"}


def test_early_renewal_hours_change_in_place(tls: TlsProvider) -> None:
    made = certificate(tls, early_renewal_hours=10)
    new = made[0] | {"earlyRenewalHours": 20}
    assert diff(tls, made, new) == Diff(("earlyRenewalHours",), detailed={"earlyRenewalHours": "update"})
    updated = tls.update(ExistingResource("urn", SELF_SIGNED, "id", *made), new, preview=True)
    assert updated == made[1] | {"earlyRenewalHours": 20}


def test_early_renewal_hours_that_reach_today_replace(tls: TlsProvider) -> None:
    made = certificate(tls, early_renewal_hours=10)
    assert diff(tls, made, made[0] | {"earlyRenewalHours": 101}).replaces == ("readyForRenewal",)


def test_an_ignored_input_does_not_differ(tls: TlsProvider) -> None:
    made = certificate(tls, early_renewal_hours=10)
    assert diff(tls, made, made[0] | {"validityPeriodHours": 5}, "validityPeriodHours") == Diff()


@pytest.mark.parametrize(("hours", "ready"), [(89, False), (91, True), (500, True)])
def test_a_certificate_is_replaced_from_its_early_renewal_on(
    tls: TlsProvider, clock: Clock, hours: int, ready: bool
) -> None:
    made = certificate(tls, early_renewal_hours=10)
    clock.now = NOW + timedelta(hours=hours)
    assert diff(tls, made, made[0]).replaces == (("readyForRenewal",) if ready else ())
    read = tls.read(ExistingResource("urn", SELF_SIGNED, "id", *made))
    assert read.outputs["readyForRenewal"] is ready
    assert read.outputs == made[1] | {"readyForRenewal": ready}


def test_a_key_never_expires(tls: TlsProvider, clock: Clock) -> None:
    inputs, outputs = make(tls, KEY, algorithm="ED25519")
    clock.now = NOW + timedelta(days=100_000)
    key = ExistingResource("urn", KEY, "id", inputs, outputs)
    assert tls.diff(key, inputs, ()) == Diff()
    assert tls.read(key).outputs == outputs


def test_a_preview_knows_the_inputs_and_nothing_else(tls: TlsProvider) -> None:
    resource_id, outputs = tls.create("urn", KEY, {"algorithm": "ECDSA"}, preview=True)
    assert resource_id == ""
    assert outputs["algorithm"] == "ECDSA"
    assert outputs["privateKeyPem"] is outputs["publicKeyPem"] is UNKNOWN


def test_a_created_certificate_is_a_real_one(tls: TlsProvider) -> None:
    _, outputs = certificate(tls, early_renewal_hours=10)
    parsed = x509.load_pem_x509_certificate(outputs["certPem"].encode())
    assert parsed.subject.rfc4514_string() == "CN=root"
    assert outputs["readyForRenewal"] is False


def test_what_the_provider_would_refuse_says_what(tls: TlsProvider) -> None:
    with pytest.raises(ProviderError, match="algorithm 'DSA'; expected RSA, ECDSA or ED25519"):
        make(tls, KEY, algorithm="DSA")
    with pytest.raises(ProviderError, match="'certRequestPem' is missing"):
        make(tls, SIGNED)
    with pytest.raises(ProviderError, match="does not know tls:index/other:Other; known: PrivateKey"):
        tls.check("urn", "tls:index/other:Other", {}, {})
    with pytest.raises(ProviderError, match="does not know the function tls:index/getCertificate"):
        tls.invoke("tls:index/getCertificate:getCertificate", {})


def test_a_diff_tells_added_deleted_and_updated_inputs_apart() -> None:
    old, new = {"gone": 1, "same": 1, "null": None, "more": 1}, {"more": 2, "same": 1, "come": 1}
    found = compare(old, new, in_place=["more"])
    assert found.detailed == {"come": "add_replace", "gone": "delete_replace", "more": "update"}
    assert found.replaces == ("come", "gone")
