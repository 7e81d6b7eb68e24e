"""pulumi-tls 5.6.2 as it really behaves, its quirks included (https://github.com/pulumi/pulumi-tls/tree/v5.6.2).

* `max_path_length` 0 comes out as no limit, as upstream sets MaxPathLen without MaxPathLenZero.
* A CA signed by `LocallySignedCert` carries no path length of its own unless one is given.
* There are no name constraints.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from arm.values import UNKNOWN
from graph import pem

PRIVATE_KEY = "tls:index/privateKey:PrivateKey"
SELF_SIGNED = "tls:index/selfSignedCert:SelfSignedCert"
SIGNED = "tls:index/locallySignedCert:LocallySignedCert"
REQUEST = "tls:index/certRequest:CertRequest"
IN_PLACE = ("earlyRenewalHours",)
"""Inputs whose change replaces nothing; every other one does (hashicorp/terraform-provider-tls, internal/provider)."""
PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey

_CURVES: dict[str, type[ec.EllipticCurve]] = {"P256": ec.SECP256R1, "P384": ec.SECP384R1, "P521": ec.SECP521R1}
_EXTENDED_USES = {"server_auth": ExtendedKeyUsageOID.SERVER_AUTH, "client_auth": ExtendedKeyUsageOID.CLIENT_AUTH}
_KEY_USES = {
    **{use: use for use in pem.KEY_USES[:5]},
    "cert_signing": "key_cert_sign",
    "crl_signing": "crl_sign",
}
_SUBJECT = {
    "commonName": NameOID.COMMON_NAME,
    "organization": NameOID.ORGANIZATION_NAME,
    "organizationalUnit": NameOID.ORGANIZATIONAL_UNIT_NAME,
    "country": NameOID.COUNTRY_NAME,
}


def create(type_name: str, inputs: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return id and outputs of a tls resource.

    Raises:
        LookupError: pulumi-tls has no such type here.
        ValueError: the provider would refuse the inputs.
    """
    answer = _ANSWERS.get(type_name)
    if answer is None:
        raise LookupError(f"tls has no answer for {type_name}; known: {', '.join(sorted(_ANSWERS))}")
    return answer(inputs)


def preview(type_name: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the inputs, and every computed output unknown."""
    return {**inputs, **dict.fromkeys(_COMPUTED[type_name], UNKNOWN)}


def _private_key(inputs: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    return describe_key(_generate(inputs), inputs)


def describe_key(key: PrivateKey, inputs: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return id and outputs of the resource of a key."""
    public = key.public_key()
    public_pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    digest = hashlib.sha1(  # noqa: S324 the provider's id, not a security property
        public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    ).hexdigest()
    has_openssh = not (isinstance(key, ec.EllipticCurvePrivateKey) and inputs.get("ecdsaCurve") == "P224")
    return digest, {
        **inputs,
        "privateKeyPem": _private_pem(key, PrivateFormat.TraditionalOpenSSL),
        "privateKeyPemPkcs8": _private_pem(key, PrivateFormat.PKCS8),
        "privateKeyOpenssh": _private_pem(key, PrivateFormat.OpenSSH) if has_openssh else "",
        "publicKeyPem": public_pem,
        "publicKeyOpenssh": public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode() + "\n",
        "publicKeyFingerprintMd5": "",
        "publicKeyFingerprintSha256": "",
    }


def _generate(inputs: Mapping[str, Any]) -> PrivateKey:
    algorithm = inputs.get("algorithm")
    if algorithm == "ECDSA":
        return ec.generate_private_key(_CURVES[inputs.get("ecdsaCurve", "P256")]())
    if algorithm == "RSA":
        return rsa.generate_private_key(65537, int(inputs.get("rsaBits", 2048)))
    if algorithm == "ED25519":
        return ed25519.Ed25519PrivateKey.generate()
    raise ValueError(f"tls:PrivateKey: algorithm {algorithm!r}; expected RSA, ECDSA or ED25519")


def _private_pem(key: PrivateKey, private_format: PrivateFormat) -> str:
    if isinstance(key, ed25519.Ed25519PrivateKey) and private_format is PrivateFormat.TraditionalOpenSSL:
        private_format = PrivateFormat.PKCS8
    return key.private_bytes(Encoding.PEM, private_format, NoEncryption()).decode()


def _self_signed(inputs: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    key = load_key(inputs["privateKeyPem"])
    name = _name(inputs.get("subject") or {})
    return _issue(inputs, name, name, key.public_key(), key, None, _alternative_names(inputs))


def _request(inputs: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    key = load_key(inputs["privateKeyPem"])
    builder = x509.CertificateSigningRequestBuilder().subject_name(_name(inputs.get("subject") or {}))
    names = _alternative_names(inputs)
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    pem = builder.sign(key, _hash_for(key)).public_bytes(Encoding.PEM).decode()
    return hashlib.sha1(pem.encode()).hexdigest(), {  # noqa: S324
        **inputs,
        "certRequestPem": pem,
        "keyAlgorithm": _algorithm(key),
    }


def _locally_signed(inputs: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    request = x509.load_pem_x509_csr(inputs["certRequestPem"].encode())
    ca_key = load_key(inputs["caPrivateKeyPem"])
    ca = x509.load_pem_x509_certificate(inputs["caCertPem"].encode())
    if ca.public_key() != ca_key.public_key():
        raise ValueError("tls:LocallySignedCert: caPrivateKeyPem is not the key of caCertPem")
    names = pem.alternative_names(request)
    identifier, outputs = _issue(inputs, request.subject, ca.subject, request.public_key(), ca_key, ca, names)
    return identifier, {**outputs, "caKeyAlgorithm": _algorithm(ca_key)}


def _issue(
    inputs: Mapping[str, Any],
    subject: x509.Name,
    issuer: x509.Name,
    public_key: Any,
    signing_key: PrivateKey,
    ca: x509.Certificate | None,
    names: list[x509.GeneralName],
) -> tuple[str, dict[str, Any]]:
    start = datetime.now(UTC).replace(microsecond=0)
    end = start + timedelta(hours=int(inputs["validityPeriodHours"]))
    is_ca = bool(inputs.get("isCaCertificate"))
    path_length = int(inputs.get("maxPathLength") or 0) or None
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(ca=is_ca, path_length=path_length if is_ca else None), critical=True)
        .add_extension(_key_usage(inputs.get("allowedUses") or []), critical=True)
    )
    extended = [_EXTENDED_USES[use] for use in inputs.get("allowedUses") or [] if use in _EXTENDED_USES]
    if extended:
        builder = builder.add_extension(x509.ExtendedKeyUsage(extended), critical=False)
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    if is_ca or inputs.get("setSubjectKeyId"):
        builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
    if ca is not None:
        builder = builder.add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(ca.public_key()),  # type: ignore[arg-type]
            critical=False,
        )
    certificate = builder.sign(signing_key, _hash_for(signing_key))
    return str(certificate.serial_number), {
        **inputs,
        "certPem": certificate.public_bytes(Encoding.PEM).decode(),
        "keyAlgorithm": _algorithm(signing_key),
        "readyForRenewal": False,
        "validityStartTime": start.isoformat().replace("+00:00", "Z"),
        "validityEndTime": end.isoformat().replace("+00:00", "Z"),
    }


def _name(subject: Mapping[str, Any]) -> x509.Name:
    return x509.Name([x509.NameAttribute(_SUBJECT[key], value) for key, value in subject.items() if value])


def _alternative_names(inputs: Mapping[str, Any]) -> list[x509.GeneralName]:
    return [
        *(x509.DNSName(name) for name in inputs.get("dnsNames") or []),
        *(x509.IPAddress(ip_address(address)) for address in inputs.get("ipAddresses") or []),
    ]


def _key_usage(uses: list[str]) -> x509.KeyUsage:
    given = {_KEY_USES[use] for use in uses if use in _KEY_USES}
    unknown = [use for use in uses if use not in _KEY_USES and use not in _EXTENDED_USES]
    if unknown:
        raise ValueError(f"tls: allowedUses {unknown} not known; expected {sorted({*_KEY_USES, *_EXTENDED_USES})}")
    return pem.key_usage(*given)


def load_key(pem: str) -> PrivateKey:
    """Return a private key.

    Raises:
        ValueError: it is of a kind that the provider does not know.
    """
    key = serialization.load_pem_private_key(pem.encode(), password=None)
    if not isinstance(key, PrivateKey):
        raise ValueError(f"tls: a {type(key).__name__} is none of RSA, ECDSA, ED25519")
    return key


def _hash_for(key: PrivateKey) -> hashes.SHA256 | None:
    return None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()


def _algorithm(key: PrivateKey) -> str:
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return "ECDSA"
    return "RSA" if isinstance(key, rsa.RSAPrivateKey) else "ED25519"


_ANSWERS = {
    "PrivateKey": _private_key,
    "SelfSignedCert": _self_signed,
    "CertRequest": _request,
    "LocallySignedCert": _locally_signed,
}
_CERTIFICATE_OUTPUTS = ("certPem", "keyAlgorithm", "readyForRenewal", "validityStartTime", "validityEndTime")
_COMPUTED = {
    "PrivateKey": (
        "privateKeyPem", "privateKeyPemPkcs8", "privateKeyOpenssh", "publicKeyPem", "publicKeyOpenssh",
        "publicKeyFingerprintMd5", "publicKeyFingerprintSha256",
    ),
    "SelfSignedCert": _CERTIFICATE_OUTPUTS,
    "CertRequest": ("certRequestPem", "keyAlgorithm"),
    "LocallySignedCert": (*_CERTIFICATE_OUTPUTS, "caKeyAlgorithm"),
}  # fmt: skip
