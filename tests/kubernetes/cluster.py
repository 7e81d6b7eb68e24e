"""A real Kubernetes API with nothing behind it: etcd, kube-apiserver, and trust-manager with its webhook.

There is no node, no controller but trust-manager and those inside of the API server, and no secret sync.
"""

from __future__ import annotations

import base64
import json
import secrets
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rehearsal.cluster.model import ClusterView
from settings import well_known
from tests.kubernetes import certificate
from tests.kubernetes.processes import LOOPBACK, Server, answers, find_free_port, wait_until
from tests.kubernetes.setup_k3s import audit_arguments

PROGRAMS = ("etcd", "kube-apiserver", "kubectl", "trust-manager")
ADMIN, STRANGER = "admin", "stranger"
"""Users: one may everything, one nothing."""
_SECRET_SYNC = Path(__file__).with_name("secret_sync.yaml")
_SERVED_SECONDS = 30
_WEBHOOK_PATH = "/validate-trust-cert-manager-io-v1alpha1-bundle"


class Cluster:
    """The API of one cluster. Parts of it can be ended and started, as in the life of a node."""

    def __init__(self, folder: Path, programs: Mapping[str, Path]) -> None:
        self.folder, self.programs = folder, programs
        self._tokens = {user: secrets.token_hex(16) for user in (ADMIN, STRANGER)}
        self._ports = {name: find_free_port() for name in ("etcd", "peers", "api", "webhook", "metrics", "ready")}
        self._servers: dict[str, Server] = {}
        certificate.write(folder, LOOPBACK)
        lines = [f"{self._tokens[ADMIN]},{ADMIN},1,system:masters\n", f"{self._tokens[STRANGER]},{STRANGER},2,\n"]
        (folder / "tokens.csv").write_text("".join(lines))
        for user in self._tokens:
            self.kubeconfig(user).write_text(json.dumps(self._connection(user)))

    def start(self) -> None:
        """Start everything, and make the namespaces that are AIO's and cert-manager's on a real cluster."""
        client, peers = (f"http://{LOOPBACK}:{self._ports[name]}" for name in ("etcd", "peers"))
        self._serve(
            "etcd",
            *("--data-dir", self.folder / "etcd", "--unsafe-no-fsync", "--log-level=error"),
            *("--listen-client-urls", client, "--advertise-client-urls", client, "--listen-peer-urls", peers),
            *("--initial-advertise-peer-urls", peers, "--initial-cluster", f"default={peers}"),
        ).wait_until(lambda: answers(self._ports["etcd"]))
        self.start_api()
        self._apply_text(_SECRET_SYNC.read_text())
        for name in (well_known.AIO_NAMESPACE, "cert-manager"):
            self.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
        self._await_kinds("crd", "--all")
        self.start_trust_manager()

    def stop(self) -> None:
        for name in reversed(list(self._servers)):
            self._servers.pop(name).stop()

    # The API server

    def start_api(self, *, audited: bool = True) -> None:
        file = self.folder / "tls"
        self._serve(
            "kube-apiserver",
            *("--etcd-servers", f"http://{LOOPBACK}:{self._ports['etcd']}", "--endpoint-reconciler-type=none"),
            *("--bind-address", LOOPBACK, "--advertise-address", LOOPBACK, "--secure-port", str(self._ports["api"])),
            *("--tls-cert-file", file / "tls.crt", "--tls-private-key-file", file / "tls.key"),
            *("--token-auth-file", self.folder / "tokens.csv", "--authorization-mode=RBAC"),
            *("--service-account-issuer=https://kubernetes.default.svc", "--service-cluster-ip-range=10.43.0.0/16"),
            *("--service-account-key-file", file / "tls.key", "--service-account-signing-key-file", file / "tls.key"),
            *("--disable-admission-plugins=ServiceAccount", "--profiling=false"),
            *(audit_arguments(self.folder) if audited else ()),
        ).wait_until(self._is_ready)

    def restart_api(self, *, audited: bool = True) -> None:
        self._servers.pop("kube-apiserver").kill()
        self.start_api(audited=audited)

    @property
    def api_process(self) -> int:
        return self._servers["kube-apiserver"].pid

    def _is_ready(self) -> bool:
        return self.try_kubectl("get", "--raw=/readyz", "--request-timeout=5s").returncode == 0

    # trust-manager

    def start_trust_manager(self) -> None:
        """Install what the cert-manager extension brings for Bundles: kind, controller and webhook."""
        self._apply_text(
            (self.programs["trust-manager"].resolve().parent / "trust.cert-manager.io_bundles.yaml").read_text()
        )
        self._await_kinds("crd/bundles.trust.cert-manager.io")
        # Flags say no host for metrics and readiness: both listen on every address, with nothing but numbers.
        self._serve(
            "trust-manager",
            *("--kubeconfig", self.kubeconfig(ADMIN), "--leader-elect=false"),
            *("--webhook-host", LOOPBACK, "--webhook-port", str(self._ports["webhook"])),
            *("--webhook-certificate-dir", self.folder / "tls"),
            *("--metrics-port", str(self._ports["metrics"]), "--readiness-probe-port", str(self._ports["ready"])),
        ).wait_until(lambda: answers(self._ports["webhook"]))
        self.apply(self._webhook())

    def _await_kinds(self, *kinds: str) -> None:
        """Wait until they are served; kubectl itself gives up at once where a kind has no conditions yet."""
        last: list[str] = []

        def are_served() -> bool:
            done = self.try_kubectl("wait", "--for=condition=Established", *kinds, "--timeout=10s")
            last[:] = [done.stderr]
            return done.returncode == 0

        wait_until(are_served, _SERVED_SECONDS, lambda: last[0])

    def stop_trust_manager(self, *, leave_webhook: bool = False) -> None:
        """Take it away; with the webhook left, it is installed and does not answer."""
        self._servers.pop("trust-manager").stop()
        if not leave_webhook:
            self.kubectl("delete", "validatingwebhookconfiguration", "trust-manager", "--ignore-not-found")
            self.kubectl("delete", "crd", "bundles.trust.cert-manager.io", "--timeout=30s")

    def _webhook(self) -> dict[str, Any]:
        """Return what the chart of trust-manager installs, with an address in the place of its Service."""
        authority = base64.b64encode((self.folder / "tls/tls.crt").read_bytes()).decode()
        url = f"https://{LOOPBACK}:{self._ports['webhook']}{_WEBHOOK_PATH}"
        rule = {"apiGroups": ["trust.cert-manager.io"], "apiVersions": ["v1alpha1"], "resources": ["bundles"]}
        return {
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": "ValidatingWebhookConfiguration",
            "metadata": {"name": "trust-manager"},
            "webhooks": [
                {
                    "name": "trust.cert-manager.io",
                    "rules": [{**rule, "operations": ["CREATE", "UPDATE"]}],
                    "admissionReviewVersions": ["v1"],
                    "timeoutSeconds": 5,
                    "failurePolicy": "Fail",
                    "sideEffects": "None",
                    "clientConfig": {"url": url, "caBundle": authority},
                }
            ],
        }

    # What tests ask and do

    def kubeconfig(self, user: str) -> Path:
        return self.folder / f"{user}.json"

    def kubectl(self, *arguments: str, stdin: str = "") -> str:
        done = self.try_kubectl(*arguments, stdin=stdin)
        assert done.returncode == 0, f"kubectl {' '.join(arguments)}: {done.stderr}"
        return done.stdout

    def try_kubectl(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        command: list[str | Path] = [self.programs["kubectl"], "--kubeconfig", self.kubeconfig(ADMIN), *arguments]
        environment = {"HOME": str(self.folder), "PATH": "/usr/bin:/bin"}
        return subprocess.run(
            command, input=stdin, env=environment, capture_output=True, text=True, timeout=60, check=False
        )

    def apply(self, *items: Mapping[str, object], manager: str = "tests") -> None:
        """Apply objects as another manager than ours."""
        text = json.dumps({"apiVersion": "v1", "kind": "List", "items": items}, default=dict)
        self._apply_text(text, manager)

    def apply_status(self, *items: Mapping[str, object]) -> None:
        """Say how objects are, as their controllers do; what else they have is left alone."""
        if not items:
            return
        told = [{key: one[key] for key in ("apiVersion", "kind", "metadata", "status") if key in one} for one in items]
        text = json.dumps({"apiVersion": "v1", "kind": "List", "items": told}, default=dict)
        arguments = ("--server-side", "--field-manager=controller", "--force-conflicts", "--subresource=status")
        self.kubectl("apply", *arguments, "--filename=-", stdin=text)

    def break_bundle(self, name: str) -> None:
        """Take the certificate out of a Bundle, and wait until trust-manager has seen it."""
        source = [{"useDefaultCAs": False}, {"inLine": "no certificate"}]
        patch = json.dumps({"spec": {"sources": source}})
        self.kubectl("patch", "bundle", name, "--type=merge", "--patch", patch)
        self.kubectl("wait", f"bundle/{name}", "--for=condition=Synced=false", "--timeout=30s")

    def _apply_text(self, text: str, manager: str = "tests") -> None:
        self.kubectl("apply", "--server-side", f"--field-manager={manager}", "--filename=-", stdin=text)

    def read(self, kind: str, namespace: str = "") -> list[dict[str, Any]]:
        """Return all objects of a kind."""
        where = ["--namespace", namespace] if namespace else []
        text = self.kubectl(*where, "get", kind, "--show-managed-fields", "--output", "json")
        found: list[dict[str, Any]] = json.loads(text)["items"]
        return found

    def names(self, kind: str) -> list[str]:
        return [item["metadata"]["name"] for item in self.read(kind)]

    def read_versions(self) -> dict[str, str]:
        """Return kind and name -> resourceVersion, of everything that scripts and trust-manager make."""
        found = {kind: self.read(kind) for kind in ("bundles", "clusterrolebindings", "clusterroles", "namespaces")}
        found["configmaps"] = self.read("configmaps", well_known.AIO_NAMESPACE)
        metadata = [(kind, item["metadata"]) for kind, items in found.items() for item in items]
        return {f"{kind}/{one['name']}": one["resourceVersion"] for kind, one in metadata}

    def put_secrets(self, view: ClusterView) -> None:
        """Make what secret sync has made in the model, and what it says of it."""
        secrets = [_item("v1", "Secret", one.name, type=one.type, stringData=one.data) for one in view.secrets.values()]
        syncs = [
            _item("secret-sync.x-k8s.io/v1alpha1", "SecretSync", name, status={"conditions": [vars(condition)]})
            for name, condition in view.conditions.items()
        ]
        self.apply(*secrets, *syncs)

    def empty(self) -> None:
        """Take away what scripts and tests have made."""
        bound = "--timeout=30s"
        self.kubectl("delete", "bundles", "--all", bound)
        self._await_trust_manager()
        self.kubectl("delete", "clusterrolebindings,clusterroles", "--selector", "edge-stamps/object-set", bound)
        self.kubectl("delete", "networkpolicies", "--all-namespaces", "--all", bound)
        kinds = "configmaps,secrets,secretsyncs,services"
        self.kubectl("--namespace", well_known.AIO_NAMESPACE, "delete", kinds, "--all", bound)
        by_hand = ("nodes,storageclasses,pods,persistentvolumeclaims", "--all-namespaces")
        self.kubectl("delete", *by_hand, "--all", "--force", "--grace-period=0", "--wait=false")

    def _await_trust_manager(self) -> None:
        """Wait until it has seen what went before.

        It answers changes in their order. A ConfigMap that is deleted before it knows that the Bundle is gone returns,
        and stays: no garbage collector runs here.
        """
        target = {"configMap": {"key": "ca.crt"}, "namespaceSelector": {"matchLabels": {"no-namespace": "has-this"}}}
        source = {"inLine": (self.folder / "tls/tls.crt").read_text()}
        named = {"apiVersion": "trust.cert-manager.io/v1alpha1", "kind": "Bundle", "metadata": {"name": "answered"}}
        self.apply({**named, "spec": {"sources": [source], "target": target}})
        self.kubectl("wait", "bundle/answered", "--for=condition=Synced", "--timeout=30s")
        self.kubectl("delete", "bundle/answered", "--timeout=30s")

    def _connection(self, user: str) -> dict[str, Any]:
        authority = {"certificate-authority": str(self.folder / "tls/tls.crt")}
        server = {"server": f"https://{LOOPBACK}:{self._ports['api']}", **authority}
        return {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "one", "cluster": server}],
            "users": [{"name": user, "user": {"token": self._tokens[user]}}],
            "contexts": [{"name": "one", "context": {"cluster": "one", "user": user}}],
            "current-context": "one",
        }

    def _serve(self, program: str, *arguments: str | Path) -> Server:
        server = Server([self.programs[program], *arguments], self.folder / f"{program}.log")
        self._servers[program] = server
        return server


def _item(version: str, kind: str, name: str, **fields: object) -> dict[str, object]:
    metadata = {"name": name, "namespace": well_known.AIO_NAMESPACE}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **fields}
