"""Certificates live as long as the settings say and are renewed in time; keys have the form that every reader takes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from arm.types.keyvault import SECRET
from graph import pem
from graph.graph import Resource
from graph.inputs import at, text_at
from graph.tls_values import PRIVATE_KEY, SELF_SIGNED, SIGNED
from rules.facts.pki import KEYS
from rules.lookup import Hits, View

_PKCS8 = "-----BEGIN PRIVATE KEY-----"
_LEAST_BITS = 2048
_LEAST_CURVE_BITS = 256


def renewed_in_time(view: View) -> Hits:
    """Require a renewal between issue and end; a CA's so early that it outlives every leaf that it still signs."""
    pki = view.settings.pki
    early_hours = pki.early_renewal_days * 24
    for one in view.graph.of_type(SELF_SIGNED):
        yield from _hours(view, one, "validityPeriodHours", pki.root_days * 24)
    for one in view.graph.of_type(SIGNED):
        is_ca = at(view.inputs(one), "isCaCertificate") is True
        life, early = (
            (pki.intermediate_days * 24, pki.leaf_days * 24 + early_hours)
            if is_ca
            else (pki.leaf_days * 24, early_hours)
        )
        yield from _hours(view, one, "validityPeriodHours", life)
        yield from _hours(view, one, "earlyRenewalHours", early)
        renewal, whole = (_int(view, one, key) for key in ("earlyRenewalHours", "validityPeriodHours"))
        if not 0 < renewal < whole:
            message = f"earlyRenewalHours: {renewal} of {whole} hours; expected more than none and less than all"
            yield one.name, message
        if is_ca and renewal < pki.leaf_days * 24:
            message = (
                f"earlyRenewalHours: {renewal}; expected at least the {pki.leaf_days * 24} hours of a leaf below it"
            )
            yield one.name, message
    yield from _dates(view)


def _dates(view: View) -> Hits:
    """Require of each vault secret the dates of its first certificate; of a key, those of the certificate with it.

    Source: learn.microsoft.com/azure/key-vault/secrets/about-secrets, Secret attributes.
    """
    published = {one.urn: text_at(view.inputs(one), "properties.value") for one in view.all(SECRET)}
    first = {urn: found[0] for urn, text in published.items() if (found := pem.certificates(text))}
    owners = {pem.key_of(one): one for one in first.values()}
    for secret in view.all(SECRET):
        key = pem.key_of_private(published[secret.urn]) if secret.urn not in first else pem.key_of(first[secret.urn])
        if owner := owners.get(key or b""):
            yield from _date(view, secret, "expires", owner.not_valid_after_utc, "ends")
            yield from _date(view, secret, "notBefore", owner.not_valid_before_utc, "begins")


def _date(view: View, secret: Resource, name: str, expected: datetime, does: str) -> Hits:
    given = at(view.inputs(secret), f"properties.attributes.{name}")
    if given != int(expected.timestamp()):
        when = f"{expected:%Y-%m-%d %H:%M:%S} UTC, when its certificate {does}"
        yield secret.name, f"properties.attributes.{name}: {given}; expected {int(expected.timestamp())} ({when})"


def _hours(view: View, one: Resource, key: str, expected: int) -> Hits:
    given = _int(view, one, key)
    if given != expected:
        yield one.name, f"{key}: {given}; the settings ask for {expected} (pki)"


def _int(view: View, one: Resource, key: str) -> int:
    found = at(view.inputs(one), key)
    return found if isinstance(found, int) else 0


def published_keys(view: View) -> Hits:
    """Require keys as deployed stacks have them; published as PKCS#8, the form of all algorithms, with enough bits."""
    yield from _made_as_always(view)
    for secret in view.all(SECRET):
        text = text_at(view.inputs(secret), "properties.value")
        if pem.PRIVATE_KEY.search(text):
            for problem in _problems(text):
                yield secret.name, f"properties.value: {problem}"


def _made_as_always(view: View) -> Hits:
    """Require the kind of key, and of text that certificates are made from: another one replaces what is in use."""
    expected = dict(KEYS.value[view.settings.pki.algorithm])
    for key in view.graph.of_type(PRIVATE_KEY):
        given = {name: view.inputs(key).get(name) for name in expected}
        if given != expected:
            message = "; deployed stacks have their keys that way, and every one in use would be replaced"
            yield key.name, f"algorithm: {given}; expected {expected}{message}"
    for one in view.resources:
        for name in ("privateKeyPem", "caPrivateKeyPem") if one.type.startswith("tls:") else ():
            text = text_at(view.inputs(one), name)
            if text and not text.startswith(_PKCS8):
                message = f"begins with {text.splitlines()[0]}; deployed stacks have {_PKCS8}, and it would be replaced"
                yield one.name, f"{name}: {message}. Give private_key_pem_pkcs8"


def _problems(text: str) -> Iterator[str]:
    if not text.startswith(_PKCS8):
        yield f"begins with {text.splitlines()[0]}; expected {_PKCS8} (PKCS#8): publish private_key_pem_pkcs8"
    try:
        key = load_pem_private_key(text.encode(), password=None)
    except (ValueError, TypeError):
        yield "is no private key that can be read without a password"
        return
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size < _LEAST_BITS:
        yield f"RSA with {key.key_size} bits; expected at least {_LEAST_BITS}"
    if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.key_size < _LEAST_CURVE_BITS:
        yield f"curve {key.curve.name}; expected P-256 or larger"
