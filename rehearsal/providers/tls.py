"""pulumi-tls: real keys and certificates that live in the stack's state and nowhere else.

Semantics from hashicorp/terraform-provider-tls, which pulumi-tls bridges: every changed input replaces, except
`earlyRenewalHours` of a certificate (internal/provider/resource_locally_signed_cert.go); a certificate inside its
early-renewal window is replaced at the next `up` and says `readyForRenewal` after a refresh (common_cert.go).
"""
# ruff: noqa: ARG002 - the interface gives more than a provider without a cloud needs

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from graph import tls_values
from rehearsal.providers import Diff, ExistingResource, Properties, ProviderError, ReadResult

_CERTIFICATE = {"earlyRenewalHours": 0, "isCaCertificate": False, "setSubjectKeyId": False}
_DEFAULTS: Mapping[str, Properties] = {
    "PrivateKey": {"rsaBits": 2048, "ecdsaCurve": "P224"},
    "CertRequest": {},
    "SelfSignedCert": {**_CERTIFICATE, "setAuthorityKeyId": False},
    "LocallySignedCert": _CERTIFICATE,
}


def compare(old: Mapping[str, Any], new: Mapping[str, Any], in_place: Collection[str] = ()) -> Diff:
    """Return a bridged provider's diff: what changed replaces, unless it is named; an absent input equals a null."""
    changed = tuple(sorted(name for name in {*old, *new} if old.get(name) != new.get(name)))
    replaces = tuple(name for name in changed if name not in in_place)
    detailed = {}
    for name in changed:
        kind = "add" if old.get(name) is None else "delete" if new.get(name) is None else "update"
        detailed[name] = f"{kind}_replace" if name in replaces else kind
    return Diff(changed, replaces, detailed=detailed)


class TlsProvider:
    """The `ResourceProvider` of pulumi-tls."""

    def __init__(self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        """`clock` decides about renewal; certificates are issued at the machine's own time."""
        self._clock = clock

    def check(self, urn: str, type_token: str, old_inputs: Properties, inputs: Properties) -> Properties:
        return _defaults(type_token) | {name: value for name, value in inputs.items() if value is not None}

    def diff(self, old: ExistingResource, inputs: Properties, ignore_changes: Sequence[str]) -> Diff:
        kept = {name: old.inputs.get(name) for name in ignore_changes}
        found = compare(old.inputs, inputs | kept, in_place=tls_values.IN_PLACE)
        if found.replaces or not self._is_ready_for_renewal(old.outputs, inputs):
            return found
        return Diff(
            (*found.changed, "readyForRenewal"),
            ("readyForRenewal",),
            detailed={**found.detailed, "readyForRenewal": "update_replace"},
        )

    def create(self, urn: str, type_token: str, inputs: Properties, *, preview: bool) -> tuple[str, Properties]:
        _defaults(type_token)
        if preview:
            return "", tls_values.preview(_name(type_token), inputs)
        try:
            return tls_values.create(_name(type_token), inputs)
        except KeyError as missing:
            raise ProviderError(f"{type_token}: {missing} is missing or not known to the rehearsal") from missing
        except (ValueError, LookupError) as refused:
            raise ProviderError(str(refused)) from refused

    def read(self, old: ExistingResource) -> ReadResult:
        ready = {"readyForRenewal": True} if self._is_ready_for_renewal(old.outputs, old.outputs) else {}
        return ReadResult(old.id, old.inputs, old.outputs | ready)

    def update(self, old: ExistingResource, inputs: Properties, *, preview: bool) -> Properties:
        return old.outputs | inputs

    def delete(self, old: ExistingResource) -> None:
        """Nothing to do: what there is lives in the state."""

    def invoke(self, token: str, arguments: Properties) -> Properties:
        raise ProviderError(f"the rehearsal does not know the function {token}")

    def _is_ready_for_renewal(self, outputs: Properties, inputs: Properties) -> bool:
        """Return whether a certificate (nothing else has an end) is inside its early-renewal window, or expired."""
        end, hours = outputs.get("validityEndTime"), inputs.get("earlyRenewalHours") or 0
        if not isinstance(end, str) or not isinstance(hours, int | float):
            return False
        return self._clock() >= datetime.fromisoformat(end) - timedelta(hours=hours)


def _name(type_token: str) -> str:
    return type_token.rsplit(":", 1)[-1]


def _defaults(type_token: str) -> Properties:
    defaults = _DEFAULTS.get(_name(type_token))
    if defaults is None:
        raise ProviderError(f"the rehearsal does not know {type_token}; known: {', '.join(_DEFAULTS)}")
    return dict(defaults)
