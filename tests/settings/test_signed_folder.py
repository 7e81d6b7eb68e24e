"""What an external CA has signed is read from a folder; what it has not is held back."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from graph.stand_in_ca import sign_made_up
from settings import Settings, SettingsError, stack_file
from settings.external_ca import Request
from settings.high_water import Mark, raise_marks, read_marks
from settings.rotation import Deployed, find_live
from tests.conftest import PROGRAM
from tests.settings.samples import MINIMAL

LINK, BROKER = "site-to-enterprise", "enterprise"


def load(folder: Path, *, before: Mapping[str, Mark] | None = None, signs: str = "leaves", **more: Any) -> Settings:
    """Return the settings of a stack with an external CA."""
    settings = {**MINIMAL, **more, "pki": {"external_ca": signs, "signed_folder": str(folder), **more.get("pki", {})}}
    return stack_file.load(PROGRAM, "dev", settings, before=before)


def sign(settings: Settings, folder: Path, *, other_root: bool = False) -> None:
    """Have all signed that waits, below the root of the folder."""
    if other_root:
        (folder / "stand-in-ca.pem").unlink(missing_ok=True)
    sign_made_up(settings.pki, tuple(settings.external.waiting), folder)


def marks(settings: Settings) -> dict[str, Mark]:
    """Return what a deployment of these settings leaves, the first one."""
    live = find_live(settings, {}, Deployed()).by_owner
    return read_marks(json.loads(json.dumps(raise_marks(settings, {}, live))))


def raised(link: int = 1, broker: int = 1, **revoked: int) -> dict[str, Any]:
    listener = {"generation": broker, **({"revoked_generation": revoked["broker_revoked"]} if revoked else {})}
    return {
        "links": [{"from": "site", "to": BROKER, "generation": link}],
        "clusters": {"site": {}, BROKER: {"listener": listener}},
    }


@pytest.fixture
def first(tmp_path: Path) -> Iterator[dict[str, Mark]]:
    """The marks of a stack whose first generation is signed and deployed."""
    sign(load(tmp_path), tmp_path)
    yield marks(load(tmp_path))


@pytest.mark.parametrize(
    ("signs", "expected"),
    [
        ("leaves", ["enterprise-server-leaf-g1", "site-to-enterprise-client-leaf-g1"]),
        ("intermediates", ["client-intermediate-g1", "enterprise-server-intermediate-g1"]),
    ],
)
def test_what_was_never_signed_is_left_out_with_what_hangs_on_it(
    signs: str, expected: list[str], tmp_path: Path
) -> None:
    held = load(tmp_path, signs=signs)
    assert sorted(one.name for one in held.external.waiting) == expected
    assert (held.links, held.peerings, held.clusters[BROKER].listener) == ({}, (), None)

    sign(held, tmp_path)
    whole = load(tmp_path, signs=signs)
    assert (list(whole.links), len(whole.peerings), whole.external.waiting) == ([LINK], 1, [])
    assert whole.clusters[BROKER].listener


def test_a_link_waits_for_its_broker(tmp_path: Path) -> None:
    sign(load(tmp_path), tmp_path)
    (tmp_path / "enterprise-server-leaf-g1.pem").unlink()
    assert load(tmp_path).links == {}


def test_a_new_generation_stays_away_until_it_is_signed(first: dict[str, Mark], tmp_path: Path) -> None:
    held = load(tmp_path, before=first, **raised(link=2, broker=3))
    listener = held.clusters[BROKER].listener
    assert listener and (listener.generation, listener.common_name) == (1, "myorg-dev-001--enterprise-broker-g1")
    link = held.links[LINK]
    assert (link.generation, link.common_name, link.server_ca_config_map) == (
        1,
        f"myorg-dev-001--{LINK}-g1",
        "server-ca-enterprise-g1",
    )
    assert {one.name for one in held.external.waiting} == {f"{LINK}-client-leaf-g2", "enterprise-server-leaf-g3"}

    sign(held, tmp_path)
    signed = load(tmp_path, before=first, **raised(link=2, broker=3))
    assert signed.links[LINK].generation == 2
    assert signed.links[LINK].server_ca_config_map == "server-ca-enterprise-g3"


def test_new_authorities_stay_away_until_they_are_signed(tmp_path: Path) -> None:
    sign(load(tmp_path, signs="intermediates"), tmp_path)
    first = marks(load(tmp_path, signs="intermediates"))
    held = load(tmp_path, before=first, signs="intermediates", pki={"generation": 2})
    assert (held.pki.generation, held.links[LINK].generation) == (1, 1)
    assert held.authorities.client_root.endswith("-g1")
    assert {one.number for one in held.external.waiting} == {2}


def test_a_chain_that_is_still_in_use_must_stay(first: dict[str, Mark], tmp_path: Path) -> None:
    sign(load(tmp_path, before=first, **raised(link=2)), tmp_path)
    (tmp_path / f"{LINK}-client-leaf-g1.pem").unlink()
    assert "its key is in use" in refusal(tmp_path, before=first, **raised(link=2))


def test_a_second_root_is_refused_as_nobody_trusts_it_meanwhile(first: dict[str, Mark], tmp_path: Path) -> None:
    for one in ({"link": 2}, {"broker": 2}):
        sign(load(tmp_path, before=first, **raised(**one)), tmp_path, other_root=True)
        assert "ends with another root than" in refusal(tmp_path, before=first, **raised(**one))


def test_what_is_not_replaced_yet_is_not_taken_away(first: dict[str, Mark], tmp_path: Path) -> None:
    told = refusal(tmp_path, before=first, **raised(broker=2, broker_revoked=1))
    assert "revoked_generation takes generation 1" in told
    told = refusal(tmp_path, before=first, pki={"generation": 2, "revoked_generation": 1})
    assert told.count("revoked_generation takes generation 1") == 2, "the broker's and the link's"


def test_a_stolen_key_of_a_link_is_not_said_to_be_gone_while_its_successor_waits(tmp_path: Path) -> None:
    other = {"code": "o", "address_space": "10.9.0.0/16"}
    ends: dict[str, Any] = {"clusters": {"site": {}, BROKER: {}, "other": other}, "signs": "intermediates"}
    links = [{"from": "site", "to": BROKER}, {"from": "other", "to": BROKER}]
    sign(load(tmp_path, links=links, **ends), tmp_path)
    first = marks(load(tmp_path, links=links, **ends))
    stolen = {**links[0], "generation": 2, "revoked_generation": 1}
    told = refusal(tmp_path, before=first, pki={"generation": 2}, links=[stolen, links[1]], **ends)
    assert "links[0].revoked_generation" in told and "it would go on to work" in told


def test_a_stolen_key_of_an_intermediate_is_not_taken_away_below_the_same_root(tmp_path: Path) -> None:
    sign(load(tmp_path, signs="intermediates"), tmp_path)
    first = marks(load(tmp_path, signs="intermediates"))
    sign(load(tmp_path, before=first, signs="intermediates", pki={"generation": 2}), tmp_path)
    changed = {"generation": 2, "revoked_generation": 1}
    told = refusal(tmp_path, before=first, signs="intermediates", pki=changed)
    assert told.count("every site would go on to trust the key") == 2, "of the links' CA and of the broker's"


def test_a_mark_never_falls_while_something_is_held_back(first: dict[str, Mark], tmp_path: Path) -> None:
    higher = {**first, "authorities": replace(first["authorities"], generation=2)}
    held = load(tmp_path, before=higher, pki={"generation": 2})
    assert held.pki.generation == 1
    live = find_live(held, higher, Deployed()).by_owner
    assert raise_marks(held, higher, live)["authorities"]["generation"] == 2


def test_a_chain_in_use_is_judged_also_while_its_successor_waits(first: dict[str, Mark], tmp_path: Path) -> None:
    chain = (tmp_path / "enterprise-server-leaf-g1.pem").read_text()
    (tmp_path / f"{LINK}-client-leaf-g1.pem").write_text(chain)
    told = refusal(tmp_path, before=first, **raised(link=2))
    assert "the file is the chain for enterprise-server-leaf-g1.pem" in told


def test_chains_that_were_swapped_are_told_by_whose_they_are(tmp_path: Path) -> None:
    sign(load(tmp_path), tmp_path)
    files = [tmp_path / name for name in (f"{LINK}-client-leaf-g1.pem", "enterprise-server-leaf-g1.pem")]
    texts = [file.read_text() for file in files]
    for file, text in zip(files, reversed(texts), strict=True):
        file.write_text(text)
    assert refusal(tmp_path).count("the file is the chain for ") == 2
    assert "has the subject" not in refusal(tmp_path)


@pytest.mark.parametrize(
    ("was", "wanted"),
    [(was, wanted) for was in ("none", "intermediates", "leaves") for wanted in ("none", "intermediates", "leaves")],
)
def test_what_is_signed_outside_is_chosen_for_good(was: str, wanted: str, tmp_path: Path) -> None:
    sign(load(tmp_path, signs=was), tmp_path)
    first = marks(load(tmp_path, signs=was))
    if was == wanted:
        load(tmp_path, before=first, signs=wanted)
        return
    with pytest.raises(SettingsError) as refused:
        load(tmp_path, before=first, signs=wanted)
    (problem,) = refused.value.problems
    assert (problem.where, problem.given, problem.example) == ("pki.external_ca", wanted, was)
    assert f"as it was ({was})" in problem.expected


def test_before_a_link_is_deployed_another_choice_is_free(tmp_path: Path) -> None:
    """Nothing is signed yet, and so nobody trusts a root."""
    before = marks(load(tmp_path))
    assert load(tmp_path, before=before, signs="none").links


def test_another_root_of_a_link_alone_is_refused(first: dict[str, Mark], tmp_path: Path) -> None:
    changed = {**raised(), "links": [{"from": "site", "to": BROKER, "generation": 2, "revoked_generation": 1}]}
    held = load(tmp_path, before=first, **raised(link=2))
    sign(held, tmp_path, other_root=True)
    assert "ends with another root than the last up has had" in refusal(tmp_path, before=first, **changed)


def test_another_root_for_the_same_generation_is_refused(first: dict[str, Mark], tmp_path: Path) -> None:
    whole = load(tmp_path, before=first)
    other = tmp_path / "other"
    sign_made_up(whole.pki, whole.external.requests, other)
    for file in other.glob("*-g1.pem"):
        (tmp_path / file.name).write_text(file.read_text())
    assert refusal(tmp_path, before=first).count("ends with another root than the last up has had") == 2


def test_a_stolen_key_of_a_broker_is_not_taken_away_below_the_same_root(first: dict[str, Mark], tmp_path: Path) -> None:
    held = load(tmp_path, before=first, **raised(broker=2))
    sign(held, tmp_path)
    changed = raised(broker=2, broker_revoked=1)
    assert "every site would go on to trust the key" in refusal(tmp_path, before=first, **changed)
    (tmp_path / "enterprise-server-leaf-g1.pem").unlink()
    assert "every site would go on to trust the key" in refusal(tmp_path, before=first, **changed), "without its file"

    other = tmp_path / "other"
    sign_made_up(held.pki, held.external.waiting, other)
    replaced = tmp_path / "enterprise-server-leaf-g2.pem"
    replaced.write_text((other / replaced.name).read_text())
    assert load(tmp_path, before=first, **changed).links[LINK]


def test_a_stolen_key_that_has_retired_is_not_taken_away_below_the_same_root(
    first: dict[str, Mark], tmp_path: Path
) -> None:
    second = renew(tmp_path, first, broker=2)
    assert [one.number for one in second[f"broker/{BROKER}"].live] == [2]
    for broker in (2, 3):
        changed = raised(broker=broker, broker_revoked=1)
        told = refusal(tmp_path, before=second, **changed)
        assert "ends with the root of enterprise-server-leaf-g1.pem, so that every site would go on to trust" in told, (
            broker
        )

    held = load(tmp_path, before=second, **raised(broker=3))
    sign(held, tmp_path, other_root=True)
    assert load(tmp_path, before=second, **raised(broker=3, broker_revoked=2)).links[LINK]


def test_a_root_that_was_left_does_not_come_back(first: dict[str, Mark], tmp_path: Path) -> None:
    old = (tmp_path / "stand-in-ca.pem").read_text()
    second = renew(tmp_path, first, other_root=True, broker=2, broker_revoked=1)
    sign(load(tmp_path, before=second, **raised(broker=3, broker_revoked=1)), tmp_path)
    assert load(tmp_path, before=second, **raised(broker=3, broker_revoked=1)).links[LINK], "the root of today"

    (tmp_path / "enterprise-server-leaf-g3.pem").unlink()
    (tmp_path / "stand-in-ca.pem").write_text(old)
    sign(load(tmp_path, before=second, **raised(broker=3)), tmp_path)
    told = refusal(tmp_path, before=second, **raised(broker=3, broker_revoked=2))
    assert "ends with the root of enterprise-server-leaf-g1.pem, which was left" in told


def test_a_mark_remembers_the_roots_of_what_is_gone(first: dict[str, Mark]) -> None:
    settings = load_alone()
    gone = read_marks(
        json.loads(json.dumps(raise_marks(settings, first, find_live(settings, {}, Deployed()).by_owner)))
    )
    mark = gone[f"broker/{BROKER}"]
    assert (mark.in_use, mark.root, mark.roots) == (False, "", first[f"broker/{BROKER}"].roots)
    assert mark.roots


def test_a_root_of_links_that_was_left_does_not_come_back(first: dict[str, Mark], tmp_path: Path) -> None:
    old = (tmp_path / "stand-in-ca.pem").read_text()
    second = renew(tmp_path, first, other_root=True, pki={"generation": 2, "revoked_generation": 1})
    third: dict[str, Any] = {"pki": {"generation": 3, "revoked_generation": 2}}
    (tmp_path / "stand-in-ca.pem").write_text(old)
    sign(load(tmp_path, before=second, pki={"generation": 3}), tmp_path)
    told = refusal(tmp_path, before=second, **third)
    assert f"CN=myorg-dev-001--{LINK}-g3" in told and "ends with a root that was left" in told


def test_a_broker_s_only_link_is_not_exchanged_for_one_that_waits(first: dict[str, Mark], tmp_path: Path) -> None:
    other = {"code": "o", "address_space": "10.9.0.0/16"}
    clusters: dict[str, Any] = {"clusters": {"site": {}, BROKER: {}, "other": other}}
    old, new = {"from": "site", "to": BROKER}, {"from": "other", "to": BROKER}
    told = refusal(tmp_path, before=first, links=[new], **clusters)
    assert f"clusters.{BROKER}.listener" in told and f"beside other-to-{BROKER} a link" in told

    beside = load(tmp_path, before=first, links=[old, new], **clusters)
    assert (list(beside.links), bool(beside.clusters[BROKER].listener)) == ([LINK], True)
    sign(beside, tmp_path)
    assert list(load(tmp_path, before=first, links=[new], **clusters).links) == [f"other-to-{BROKER}"]
    assert load(tmp_path, before=first, links=[], clusters={"site": {}}).links == {}, "what is taken away goes"


def renew(
    folder: Path, before: dict[str, Mark], *, other_root: bool = False, pki: Any = None, **raise_: int
) -> dict[str, Mark]:
    """Return the marks once new generations are signed, deployed and seen in use."""
    plain = {key: number for key, number in raise_.items() if "revoked" not in key}
    asked: dict[str, Any] = {**raised(**plain), "pki": {"generation": (pki or {}).get("generation", 1)}}
    sign(load(folder, before=before, **asked), folder, other_root=other_root)
    settings = load(folder, before=before, **(raised(**raise_) | {"pki": pki or {}}))
    live = {owner: each[-1:] for owner, each in find_live(settings, before, Deployed()).by_owner.items()}
    return read_marks(json.loads(json.dumps(raise_marks(settings, before, live))))


def test_another_name_of_a_broker_waits_with_its_certificate(tmp_path: Path) -> None:
    named: dict[str, Any] = {"clusters": {"site": {}, BROKER: {"listener": {"dns_name": "old.example"}}}}
    sign(load(tmp_path, **named), tmp_path)
    first = marks(load(tmp_path, **named))
    renamed: dict[str, Any] = {
        "clusters": {"site": {}, BROKER: {"listener": {"dns_name": "new.example", "generation": 2}}}
    }
    held = load(tmp_path, before=first, **renamed)
    listener = held.clusters[BROKER].listener
    assert listener and (listener.host, listener.dns_names, listener.generation) == ("old.example", ("old.example",), 1)
    sign(held, tmp_path)
    listener = load(tmp_path, before=first, **renamed).clusters[BROKER].listener
    assert listener and (listener.host, listener.generation) == ("new.example", 2)


def test_a_chain_in_use_that_is_lost_is_missed(first: dict[str, Mark], tmp_path: Path) -> None:
    (tmp_path / f"{LINK}-client-leaf-g1.pem").unlink()
    assert "its key is in use" in refusal(tmp_path, before=first)


def test_what_was_signed_for_another_stacks_keys_counts_as_not_signed(tmp_path: Path) -> None:
    sign(load(tmp_path), tmp_path)
    held = stack_file.load(PROGRAM, "dev", given(tmp_path), keys={})
    assert (held.links, len(held.external.waiting)) == ({}, 2)


def test_another_algorithm_than_that_of_the_keys_is_refused(tmp_path: Path) -> None:
    sign(load(tmp_path), tmp_path)
    assert refusal(tmp_path, pki={"algorithm": "rsa"}).count("is of another kind of key than pki.algorithm") == 2


def test_a_key_that_the_stack_does_not_have_is_refused(tmp_path: Path) -> None:
    keys = {name: public(text) for name, text in signed_keys(tmp_path).items()}
    stack_file.load(PROGRAM, "dev", given(tmp_path), keys=keys)
    swapped = dict(zip(keys, reversed(keys.values()), strict=True))
    with pytest.raises(SettingsError) as error:
        stack_file.load(PROGRAM, "dev", given(tmp_path), keys=swapped)
    assert str(error.value).count("is of another key than the request's") == 2


def test_what_is_wrong_with_every_file_is_told_at_once(tmp_path: Path) -> None:
    sign(load(tmp_path), tmp_path)
    (tmp_path / f"{LINK}-client-leaf-g1.pem").write_text("hello")
    (tmp_path / "enterprise-server-leaf-g1.pem").write_bytes(b"\xff\xfe")
    told = refusal(tmp_path)
    assert told.startswith("2 problems") and "no PEM text" in told and "more than ASCII" in told
    (tmp_path / "enterprise-server-leaf-g1.pem").unlink()
    (tmp_path / "enterprise-server-leaf-g1.pem").mkdir()
    assert "cannot be read" in refusal(tmp_path)


def ask(request: Request, key: ec.EllipticCurvePrivateKey) -> bytes:
    """Return the signing request as the stack makes it."""
    builder = x509.CertificateSigningRequestBuilder().subject_name(
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, request.common_name)])
    )
    if hosts := [*map(x509.DNSName, request.dns_names), *map(x509.IPAddress, request.ip_addresses)]:
        builder = builder.add_extension(x509.SubjectAlternativeName(hosts), critical=False)
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)


@pytest.mark.parametrize("signs", ["leaves", "intermediates"])
def test_what_the_example_signs_with_openssl_is_fit(signs: str, tmp_path: Path) -> None:
    folder, asked = tmp_path / "signed", dict[str, str]()
    folder.mkdir()
    for request in load(folder, signs=signs).external.waiting:
        key = ec.generate_private_key(ec.SECP256R1())
        asked[request.key_name] = (
            key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
        )
        (folder / f"{request.name}.csr").write_bytes(ask(request, key))
    script = PROGRAM / "examples" / "sign-with-openssl.sh"
    for _ in range(2):  # the CA that it has made is taken again
        done = subprocess.run(["bash", script, folder, tmp_path / "ca"], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
    given = {**MINIMAL, "pki": {"external_ca": signs, "signed_folder": str(folder)}}
    whole = stack_file.load(PROGRAM, "dev", given, keys=asked)
    assert (list(whole.links), whole.external.waiting) == ([LINK], [])


def load_alone() -> Settings:
    """Return settings without any link."""
    return stack_file.load(PROGRAM, "dev", {**MINIMAL, "links": []})


def refusal(folder: Path, **more: Any) -> str:
    with pytest.raises(SettingsError) as error:
        load(folder, **more)
    return str(error.value)


def given(folder: Path) -> dict[str, Any]:
    return {**MINIMAL, "pki": {"external_ca": "leaves", "signed_folder": str(folder)}}


def signed_keys(folder: Path) -> Mapping[str, str]:
    settings = load(folder)
    return sign_made_up(settings.pki, tuple(settings.external.waiting), folder)


def public(private: str) -> str:
    from graph import tls_values

    _, described = tls_values.describe_key(tls_values.load_key(private), {})
    return str(described["publicKeyPem"])
