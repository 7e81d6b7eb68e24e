"""Who somebody is: subjects, and client ids."""

from __future__ import annotations

from cryptography import x509
from cryptography.x509.oid import NameOID

from rehearsal.mqtt.authority import common_name
from rehearsal.mqtt.bodies import Credentials
from rehearsal.mqtt.probe import BY_POLICY, DELIVERED
from tests.attacks.certificates import issue
from tests.attacks.lab import OTHER, OWN, SUBJECT, TEN, Lab, refusal
from tests.attacks.row import Attempt, Row
from tests.attacks.settings_attempts import refuse

CN, OU, ORGANIZATION = NameOID.COMMON_NAME, NameOID.ORGANIZATIONAL_UNIT_NAME, NameOID.ORGANIZATION_NAME


def name_of(*parts: tuple[x509.ObjectIdentifier, str]) -> x509.Name:
    return x509.Name([x509.NameAttribute(oid, value, _validate=False) for oid, value in parts])


def publish(credentials: Credentials, lab: Lab, stage: str, topic: str = OWN) -> str:
    """Publish one message; Mosquitto and the policy oracle have to agree."""
    allowed = lab.decide(stage, credentials, None, "Publish", topic).allowed
    case = lab.probe(stage).publish("", DELIVERED, lab.options(stage, credentials), topic)
    return refusal(case) if allowed == case.ok else f"oracle: {allowed}, Mosquitto: {case.observed}"


def signed(subject: x509.Name, stage: str = "deployed", topic: str = OWN) -> Attempt:
    """Publish with a leaf of this subject that the deployed client authority has signed."""

    def attempt(lab: Lab) -> str:
        authority = lab.stage(stage).authority(generation=2 if stage.startswith("authorities") else 1)
        return publish(issue(authority, subject), lab, stage, topic)

    return attempt


def holds(stage: str, *, key_of: str = "", site: str = "", topic: str = OWN) -> Attempt:
    """Publish with the credentials that a site had at a stage."""

    def attempt(lab: Lab) -> str:
        plan = lab.stage(key_of or stage).client(site) if site else lab.stage(key_of or stage).client()
        return publish(plan.credentials, lab, stage, topic)

    return attempt


def connect_as(client_id: str, *, site: str = "") -> Attempt:
    """Ask AIO's policy whether a site's certificate may connect under this id; Mosquitto does not ask for it."""

    def attempt(lab: Lab) -> str:
        plan = lab.stage().client(site) if site else lab.stage().client()
        decision = lab.decide("deployed", plan.credentials, client_id, "Connect")
        return "" if decision.allowed else decision.reason

    return attempt


PREVIOUS, UNMAPPED, ACTS = (
    "previous leaf after an emergency replacement", "trusted leaf with an unmapped subject", "site-1 acting as site-10"
)  # fmt: skip
TAKEOVER, SIGNS, ORDER = "takeover of a live session's client id", "CN with + # /", "reordered DN"
ESCAPES, NUL = "escapes in a CN", "NUL in a CN"
_MAPPED = signed(common_name(SUBJECT))


def _subject(case: str, who: str, subject: x509.Name) -> Row:
    """The subject is all that differs from what the broker knows."""
    return Row(case, who, "broker", signed(subject), BY_POLICY, _MAPPED)


def _named(case: str, who: str, name: str) -> Row:
    refused = "by names of up to 24 lower-case letters, digits and single dashes"
    return Row(case, who, "settings", _link_from(name), refused, _link_from("plant-1"))


def _link_from(name: str) -> Attempt:
    spaces = ((name, "a", "10.8.0.0/16"), ("enterprise", "e", "10.9.0.0/16"))
    clusters = {one: {"code": code, "address_space": space} for one, code, space in spaces}
    return refuse({"clusters": clusters, "links": [{"from": name, "to": "enterprise"}]})


ROWS = [
    Row(PREVIOUS, "the stolen leaf, after its link was revoked", "broker",
        holds("link revoked", key_of="deployed"), BY_POLICY, holds("link revoked")),
    Row(PREVIOUS, "the stolen leaf, from the first step on that reaches the broker", "broker",
        holds("first step of: link revoked", key_of="deployed"), BY_POLICY,
        holds("first step of: link revoked", key_of="link revoked")),
    Row(PREVIOUS, "the old leaf, after a planned renewal is over", "broker",
        holds("link renewed", key_of="deployed"), BY_POLICY, holds("link renewed")),
    Row(PREVIOUS, "a copy of the old leaf with a fresh key, after its link was revoked", "broker",
        signed(common_name(SUBJECT), "link revoked"), BY_POLICY,
        signed(common_name("site-1-to-enterprise-g2"), "link revoked")),
    _subject(UNMAPPED, "a leaf of the deployed authority for somebody else", common_name("somebody-else")),
    _subject(UNMAPPED, "the subject of a generation that is not there yet", common_name("site-1-to-enterprise-g2")),
    _subject(UNMAPPED, "the subject without its generation", common_name("site-1-to-enterprise")),
    _subject(UNMAPPED, "the subject in capitals", common_name(SUBJECT.upper())),
    _subject(UNMAPPED, "the subject with a space behind", common_name(f"{SUBJECT} ")),
    _subject(UNMAPPED, "no subject at all", x509.Name([])),
    _subject(UNMAPPED, "the name as organization, without a CN", name_of((ORGANIZATION, SUBJECT))),
    _subject(ACTS, "a subject that begins like another one", common_name(f"{SUBJECT}0")),
    Row(ACTS, "site-1's leaf, to site-10's topic", "broker",
        holds("deployed", topic=OTHER), BY_POLICY, holds("deployed", site=TEN, topic=OTHER)),
    Row(ACTS, "site-10's leaf, to site-1's topic", "broker",
        holds("deployed", site=TEN, topic=OWN), BY_POLICY, holds("deployed", topic=OWN)),
    Row(ACTS, "site-1's leaf, to a topic below its own", "broker",
        holds("deployed", topic=f"{OWN}/0"), BY_POLICY, holds("deployed", topic=OWN)),
    Row(TAKEOVER, "site-1 connects with the client id of site-10's dataflow", "model",
        connect_as("site-10.to-enterprise-input"), "no rule lets it connect",
        connect_as("site-10.to-enterprise-input", site=TEN)),
    Row(TAKEOVER, "site-10 connects with the client id of site-1's dataflow", "model",
        connect_as("site-1.to-enterprise-input", site=TEN), "no rule lets it connect",
        connect_as("site-1.to-enterprise-input")),
    Row(TAKEOVER, "site-1 connects with a wildcard as its id", "model",
        connect_as("*"), "no rule lets it connect", connect_as("site-1.*")),
    *(_subject(SIGNS, f"a CN of {sign}", common_name(sign)) for sign in ("+", "#", "/", "site-1/output")),
    *(_subject(SIGNS, f"the CN and {sign}", common_name(SUBJECT + sign)) for sign in ("/+", "/#", "+OU=x")),
    *(_named(SIGNS, f"a cluster with {sign} in its name", f"plant{sign}1") for sign in "+#/"),
    _subject(ORDER, "another attribute before the CN", name_of((OU, "x"), (CN, SUBJECT))),
    _subject(ORDER, "another attribute behind the CN", name_of((CN, SUBJECT), (OU, "x"))),
    _subject(ORDER, "the CN behind another one", name_of((CN, "x"), (CN, SUBJECT))),
    _subject(ORDER, "the CN before another one", name_of((CN, SUBJECT), (CN, "x"))),
    _subject(ORDER, "the CN beside another attribute, in one part of the name", x509.Name([
        x509.RelativeDistinguishedName([x509.NameAttribute(CN, SUBJECT), x509.NameAttribute(OU, "x")])
    ])),
    _subject(ESCAPES, "a CN that holds a comma and the subject", common_name(f"x,CN={SUBJECT}")),
    _subject(ESCAPES, "a CN that holds the subject and a comma", common_name(f"{SUBJECT},OU=x")),
    _subject(ESCAPES, "a CN that holds an escaped comma", common_name(f"{SUBJECT}\\,OU=x")),
    _subject(ESCAPES, "a CN that begins with CN=", common_name(f"CN={SUBJECT}")),
    _subject(ESCAPES, "a CN with a line break", common_name(f"{SUBJECT}\nCN=x")),
    _named(ESCAPES, "a cluster with a comma in its name", "plant,CN=x"),
    _subject(NUL, "a CN with NUL behind the subject", name_of((CN, f"{SUBJECT}\0.example"))),
    _subject(NUL, "a CN with NUL before the subject", name_of((CN, f"\0{SUBJECT}"))),
    _named(NUL, "a cluster with NUL in its name", "plant\0"),
]  # fmt: skip
