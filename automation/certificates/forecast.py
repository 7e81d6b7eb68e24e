"""What the next `up` makes of each certificate: what the state has, beside what the program wants now."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from automation.certificates.published import (
    Certificate,
    find_request,
    list_certificates,
    read_renewal_windows,
    window_of_roots,
)
from automation.certificates.uses import Use, find_certificates, find_uses
from graph.graph import Graph, Resource
from graph.inputs import map_at
from graph.property_diff import known
from graph.tls_values import IN_PLACE, SELF_SIGNED

NextUp = Literal["nothing", "renew", "issue", "remove", "sign"]
"""renew: the same subject and key, a later end. issue: another certificate than the state has. remove: it is wanted no
more. sign: an external CA has to, again or for the first time."""
_GENERATION = re.compile(r"-g(\d+)$")


@dataclass(frozen=True)
class Foreseen:
    """One certificate, and what becomes of it."""

    certificate: Certificate
    due_from: datetime | None
    """Its window begins: `up` renews it from then on. A root is to be replaced by then."""
    is_due: bool
    is_root: bool
    next_up: NextUp
    why: str
    uses: Sequence[Use]

    @property
    def name(self) -> str:
        return self.certificate.name

    @property
    def generation(self) -> int | None:
        """Return what its subject says."""
        return read_generation(self.certificate.subject)


def read_generation(subject: str) -> int | None:
    """Return the generation in a subject; None if there is none."""
    found = _GENERATION.search(subject)
    return int(found[1]) if found else None


def foresee(
    state: Graph,
    wanted: Graph,
    now: datetime,
    within: timedelta = timedelta(),
    outside: Mapping[str, timedelta] | None = None,
) -> list[Foreseen]:
    """Return every certificate that is there or wanted, nearest expiry first.

    Args:
        state: what the stack has (`graph_of_state`).
        wanted: what the program registers with the settings of today.
        now: the time.
        within: what is due so soon is due already.
        outside: subject of what an external CA signs -> how long before its end it is to be signed again.
    """
    outside = outside or {}
    windows = read_renewal_windows(state) | read_renewal_windows(wanted) | dict(outside)
    of_roots = window_of_roots(windows.values())
    has, wants = _Side.of(state), _Side.of(wanted)
    uses = find_uses(state)
    rows: dict[str, Foreseen] = {}
    for one in list_certificates(has.published, windows, now):
        resource = has.find(one.name)
        is_root = resource is not None and resource.type == SELF_SIGNED
        window = of_roots if is_root else windows.get(one.subject, timedelta())
        due_from = one.not_after - window if one.not_after else None
        next_up, why = _decide(one, has, wants)
        if next_up in ("renew", "issue") and wants.published[one.name].get("subject") in outside:
            next_up = "sign"
        rows[one.name] = Foreseen(
            one, due_from, due_from is not None and due_from <= now + within, is_root, next_up, why,
            uses.get(one.sha256, []),
        )  # fmt: skip
    # While a generation is replaced, the old one goes on under another name.
    there = {one.certificate.subject for one in rows.values()}
    for name, entry in wants.published.items():
        if name not in rows and entry.get("subject") not in there:
            new = Certificate(name, str(entry.get("subject")), str(entry.get("issuer")), None, "", None, "unknown")
            rows[name] = Foreseen(
                new, None, False, False, "issue", "the settings ask for it, the state has none yet", []
            )
    return _with_issuers(rows)


@dataclass(frozen=True)
class _Side:
    """A graph's certificates by the names of the output."""

    graph: Graph
    published: Mapping[str, Mapping[str, Any]]
    urns: Mapping[str, str]
    """Fingerprint -> URN."""

    @classmethod
    def of(cls, graph: Graph) -> _Side:
        published = {name: one for name, one in map_at(known(graph.outputs), "certificates").items() if one}
        return cls(graph, published, {sha256: urn for urn, sha256 in find_certificates(graph).items()})

    def find(self, name: str) -> Resource | None:
        urn = self.urns.get(str(self.published[name].get("sha256")))
        return self.graph.resources[urn] if urn else None


def _decide(one: Certificate, has: _Side, wants: _Side) -> tuple[NextUp, str]:
    wanted = wants.published.get(one.name)
    if wanted is None:
        return "remove", "the settings have it no more"
    subject = str(wanted.get("subject"))
    if subject != one.subject:
        generation = read_generation(subject)
        return "issue", f"the settings ask for generation {generation}" if generation else f"it is to be {subject}"
    if one.state == "unknown":
        return "issue", "the last up has not finished"
    if changed := _find_changes(has, wants, one.name):
        return "issue", f"the settings ask for another {', '.join(changed)}"
    if one.state == "expired":
        return "renew", "it has ended"
    if one.state == "renew":
        return "renew", "it is inside its renewal window"
    if str(wanted.get("issuer")) != one.issuer:
        return "renew", f"{wanted.get('issuer')} is to sign it"
    return "nothing", _tell_why_kept(one.name, wants)


def _tell_why_kept(name: str, wants: _Side) -> str:
    """Return what keeps a root beside the wanted one: who trusts it accepts what it has signed."""
    owner, _, signer = name.rpartition("/g")
    signed = [match[1] for key in wants.published if (match := re.fullmatch(rf"{owner}/g(\d+)-by-g{signer}", key))]
    return f"it has signed the root of generation {', '.join(signed)}, and goes when that does" if signed else ""


def _find_changes(has: _Side, wants: _Side, name: str) -> list[str]:
    """Return what the settings want otherwise; texts that are issued anew at each evaluation are not compared."""
    before, after = has.find(name), wants.find(name)
    if before is None or after is None:
        return []
    asked = _read_inputs(before, find_request(has.graph, before)), _read_inputs(after, find_request(wants.graph, after))
    return sorted(key for key, value in asked[1].items() if asked[0].get(key) != value)


def _read_inputs(certificate: Resource, request: Resource | None) -> dict[str, Any]:
    inputs = {**certificate.plain_inputs, **(request.plain_inputs if request else {})}
    inputs["keyAlgorithm"] = certificate.plain_outputs.get("keyAlgorithm")
    return {key: value for key, value in inputs.items() if not key.endswith("Pem") and key not in IN_PLACE}


def _with_issuers(rows: Mapping[str, Foreseen]) -> list[Foreseen]:
    """Let what is signed follow its issuer: another text of that replaces it (`graph.tls_values`)."""
    found = dict(rows)
    while True:
        anew = {row.certificate.subject: row for row in found.values() if row.next_up in ("renew", "issue")}
        follow = {
            name: replace(row, next_up="renew", why=f"{issuer.name} signs it, and is made anew")
            for name, row in found.items()
            if row.next_up == "nothing"
            and (issuer := anew.get(row.certificate.issuer)) is not None
            and issuer.name != name
        }
        if not follow:
            return list(found.values())
        found |= follow
