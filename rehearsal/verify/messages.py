"""What a rehearsed stack's clusters hold, and whether messages go where they should and nowhere else."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from arm.values import reveal
from graph.stand_in_ca import StandInCa
from graph.urns import name_of
from rehearsal.azure.world import World
from rehearsal.cluster.build import build_views
from rehearsal.cluster.model import ClusterView, Symptom
from rehearsal.engine import State
from rehearsal.mqtt.authority import Authority
from rehearsal.mqtt.proof import prove
from rehearsal.mqtt.result import Proof
from rehearsal.node.drills.run import run_drills
from rehearsal.verify.settings_match import Roots, differences
from settings import Settings
from settings.high_water import broker_key


@dataclass(frozen=True)
class Verification:
    """What was found out."""

    clusters: Sequence[ClusterView]
    proof: Proof | None
    """None where messages were not wanted."""
    differences: Sequence[str] = ()
    """Where what is deployed is not what the settings want."""
    drills: Sequence[Symptom] = ()
    """What scripts let pass on nodes where they had to fail."""

    @property
    def problems(self) -> list[str]:
        """What is not as it must be, one text each."""
        named = [str(problem) for view in self.clusters for problem in view.problems]
        of_links = self.proof.problems if self.proof else []
        return [
            *named,
            *map(str, self.drills),
            *self.differences,
            *(text for text in of_links if not any(one in text for one in named)),
        ]


def verify_messages(
    settings: Settings, azure: World, state: State, *, messages: int, external_ca: StandInCa | None = None
) -> Verification:
    """Look into the clusters of a stack that was rehearsed; send so many messages over each link, none for 0.

    Args:
        azure: what the stack was deployed into.
        state: the stack's, with its private keys.
        external_ca: the stand-in for one, where one signs.

    Raises:
        MosquittoMissingError: messages are wanted, and there is no broker to send them to.
    """
    entries = azure.entries()
    clusters = build_views(entries, azure.is_effective, routes=azure.surroundings.routes)
    # Where the model names something, a difference is what follows from it.
    healthy = not any(view.problems for view in clusters)
    with ThreadPoolExecutor(1) as beside:
        drills = beside.submit(run_drills, entries if healthy else [], azure.surroundings)
        more = differences(settings, clusters, roots_of(state, settings)) if healthy else []
        proof = None
        if messages:
            authority = _root_of(external_ca) if external_ca else client_authority(state, settings.pki.generation)
            proof = prove(clusters, messages=messages, sign=authority.sign)
        return Verification(clusters, proof, more, drills.result())


def roots_of(state: State, settings: Settings) -> Roots:
    """Return the root authorities as the stack has issued them, whatever Azure and the clusters hold."""
    if settings.pki.has_external_ca:
        return _roots_outside(settings)
    outputs = {name_of(resource.urn): reveal(resource.outputs) for resource in state.resources}
    return Roots(
        outputs[f"client-root-g{settings.pki.generation}"]["certPem"],
        {
            name: outputs[f"{name}-server-root-g{cluster.listener.generation}"]["certPem"]
            for name, cluster in settings.clusters.items()
            if cluster.listener
        },
    )


def _roots_outside(settings: Settings) -> Roots:
    """Return the roots of an external CA, from what it has given back."""
    signed = [(one, settings.external.signed[one.name].pems[-1]) for one in settings.external.requests]
    clients = [root for one, root in signed if not one.is_server]
    servers = {one.owner: root for one, root in signed if one.is_server}
    return Roots(
        clients[0], {name: servers[broker_key(name)] for name, one in settings.clusters.items() if one.listener}
    )


def _root_of(external_ca: StandInCa) -> Authority:
    """Return what signs for others of the company as well: an attacker may have a certificate of it."""
    return Authority(external_ca.root, external_ca.key, ())


def client_authority(state: State, generation: int) -> Authority:
    """Return the deployed authority that signs clients, to sign attackers with; only the stack's state has its key."""
    outputs = {name_of(resource.urn): reveal(resource.outputs) for resource in state.resources}
    key = load_pem_private_key(
        outputs[f"client-intermediate-key-g{generation}"]["privateKeyPemPkcs8"].encode(), password=None
    )
    assert isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey)
    certificate = x509.load_pem_x509_certificate(outputs[f"client-intermediate-g{generation}"]["certPem"].encode())
    return Authority(certificate, key, (certificate,))
