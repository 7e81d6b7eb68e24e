"""kubectl answers as it does against the API server of a K3s, in the words of kubectl and of the server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from graph.inputs import map_at
from rehearsal.node.tools import kubectl_apply
from rehearsal.node.tools.kubernetes_objects import KINDS
from tests.rehearsal.node.tool_bench import ToolBench

APPLY = ("apply", "--server-side", "--force-conflicts", "--field-manager=edge-stamps", "--filename")
BINDING: dict[str, Any] = {
    "apiVersion": "rbac.authorization.k8s.io/v1",
    "kind": "ClusterRoleBinding",
    "metadata": {"name": "admins", "labels": {"edge-stamps/object-set": "cluster"}},
    "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
    "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "some"}],
}
BUNDLE: dict[str, Any] = {
    "apiVersion": "trust.cert-manager.io/v1alpha1",
    "kind": "Bundle",
    "metadata": {"name": "trust"},
    "spec": {"sources": [{"inLine": "no certificate"}], "target": {"configMap": {"key": "ca.crt"}}},
}


@pytest.fixture
def node(tmp_path: Path) -> ToolBench:
    node = ToolBench(tmp_path)
    node.start_k3s()
    return node


def write(node: ToolBench, *items: dict[str, Any]) -> str:
    file = node.work / "objects.json"
    file.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))
    return str(file)


def give_trust_manager(node: ToolBench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(node.machine.azure, "extensions", lambda: frozenset({"microsoft.certmanagement"}))


@pytest.mark.parametrize("line", ["--insecure-skip-tls-verify get node", "get node --as x", "apply --validate=false"])
def test_a_flag_whose_effect_the_model_lacks_is_refused_by_name(node: ToolBench, line: str) -> None:
    with pytest.raises(ValueError, match=r"^kubectl (get|apply): the model does not know --(insecure|as|validate)"):
        node.kubectl(*line.split())


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("gte node", 'error: unknown command "gte" for "kubectl"'),
        ("get node --slector a=b", "error: unknown flag: --slector\nSee 'kubectl get --help' for usage."),
        ("get -x node", "error: unknown shorthand flag: 'x' in -x\nSee 'kubectl get --help' for usage."),
        ("get node --output", "error: flag needs an argument: --output\nSee 'kubectl get --help' for usage."),
        ("get node --for=condition=Ready", "error: unknown flag: --for"),
        ("get", "error: Required resource not specified."),
        ("get nodse", 'error: the server doesn\'t have a resource type "nodse"'),
        ("get node other", 'Error from server (NotFound): nodes "other" not found'),
        ("get node --output jsno", 'error: unable to match a printer suitable for the output format "jsno"'),
        ("get bundles", 'error: the server doesn\'t have a resource type "bundles"'),
        ("get --raw /x", "Error from server (NotFound): the server could not find the requested resource"),
        ("--request-timeout=soon get node", "error: Invalid timeout value."),
        ("wait node --all", 'error: unrecognized condition: ""'),
        ("wait --for=condition=Ready node", "error: resource(s) were provided, but no name was specified"),
        ("wait --for=condition=Available deployment --all", "error: no matching resources found"),
        ("wait --for=condition=Raedy node --all", "error: timed out waiting for the condition on nodes/node"),
        ("delete clusterrolebinding", "error: resource(s) were provided, but no name was specified"),
        ("apply", "error: must specify one of -f and -k"),
        ("apply extra", "error: Unexpected args: [extra]\nSee 'kubectl apply -h' for help and examples"),
        ("apply --force-conflicts -f x", "error: --force-conflicts only works with --server-side"),
        ("apply --server-side --dry-run=client -f x", "(did you mean --dry-run=server instead?)"),
        ("apply --server-side --dry-run=yes -f x", 'error: Invalid dry-run value (yes). Must be "none", "server", or'),
    ],
)
def test_a_wrong_line_is_refused_in_kubectls_words(node: ToolBench, line: str, words: str) -> None:
    reply = node.kubectl(*line.split())
    assert (reply.code, words in reply.stderr) == (1, True), reply


def test_a_kubeconfig_that_nobody_wrote_leads_nowhere(node: ToolBench) -> None:
    missing = str(node.root / "root/.kube/config")
    reply = node.call("kubectl", "get", "node", environment={"KUBECONFIG": missing})
    assert "The connection to the server localhost:8080 was refused" in reply.stderr
    assert node.kubectl("--kubeconfig", missing, "get", "node").stderr == (
        f"error: stat {missing}: no such file or directory\n"
    )


def test_what_is_not_there_is_no_failure_when_that_is_said(node: ToolBench) -> None:
    asked = ("-n", "azure-arc", "get", "configmap", "azure-clusterconfig", "-o", "jsonpath={.data.A}/{.data.B}")
    assert node.kubectl(*asked, "--ignore-not-found").stdout == ""
    assert node.kubectl(*asked).code == 1
    node.facts["arc"] = {"subscription": "sub", "group": "rg", "name": "arck"}
    template = "jsonpath={.data.AZURE_RESOURCE_GROUP}/{.data.AZURE_RESOURCE_NAME}/{.data.NONE}"
    assert node.kubectl(*asked[:-1], template).stdout == "rg/arck/"


def test_one_name_gives_the_object_and_several_give_a_list(node: ToolBench) -> None:
    names = ["clusterrolebinding/cluster-admin", "clusterrolebinding/system:node"]
    assert json.loads(node.kubectl("get", names[0], "-o", "json").stdout)["kind"] == "ClusterRoleBinding"
    found = json.loads(node.kubectl("get", *names, "-o", "json").stdout)
    assert [one["metadata"]["name"] for one in found["items"]] == ["cluster-admin", "system:node"]
    partly = node.kubectl("get", names[0], "clusterrolebinding/none", "-o", "name")
    assert (partly.code, partly.stdout) == (1, "clusterrolebinding.rbac.authorization.k8s.io/cluster-admin\n")


def test_applied_objects_are_found_by_their_label_and_can_be_deleted(node: ToolBench) -> None:
    name = "clusterrolebinding.rbac.authorization.k8s.io/admins"
    assert node.kubectl(*APPLY, write(node, BINDING)).stdout == f"{name} serverside-applied\n"
    select = ("get", "clusterrolebindings.rbac.authorization.k8s.io", "-o", "name", "--selector")
    assert node.kubectl(*select, "edge-stamps/object-set=cluster").stdout == f"{name}\n"
    assert node.kubectl(*select, "edge-stamps/object-set=other").stdout == ""
    assert node.kubectl("delete", name).stdout == f'{name.partition("/")[0]} "admins" deleted\n'
    assert node.kubectl("delete", name).code == 1
    assert node.kubectl("delete", name, "--ignore-not-found", "--timeout=60s").code == 0
    assert not node.facts.get("deleted_own")


def test_deleting_what_is_the_clusters_own_is_remembered(node: ToolBench) -> None:
    node.kubectl("delete", "clusterrolebinding/cluster-admin")
    assert node.kubectl("get", "clusterrolebinding/cluster-admin").code == 1
    assert node.facts["deleted_own"] == ["clusterrolebinding.rbac.authorization.k8s.io/cluster-admin"]


def test_a_second_apply_changes_nothing_and_another_manager_conflicts(node: ToolBench) -> None:
    file = write(node, BINDING)
    node.kubectl(*APPLY, file)
    node.kubectl(*APPLY, file)
    assert [map_at(one, "metadata")["generation"] for one in node.facts["objects"]] == [1]
    changed = write(node, {**BINDING, "subjects": []})
    other = node.kubectl("apply", "--server-side", "--field-manager=other", "-f", changed)
    assert 'Apply failed with 1 conflict: conflict with "edge-stamps"' in other.stderr
    assert node.kubectl(*APPLY, changed).code == 0
    assert [map_at(one, "metadata")["generation"] for one in node.facts["objects"]] == [2]


def test_a_dry_run_stores_nothing(node: ToolBench) -> None:
    reply = node.kubectl(*APPLY, write(node, BINDING), "--dry-run=server")
    assert reply.stdout.endswith("serverside-applied (server dry run)\n")
    assert not node.facts.get("objects")


def test_a_kind_that_is_not_served_does_not_stop_the_others(node: ToolBench) -> None:
    reply = node.kubectl(*APPLY, write(node, BUNDLE, BINDING))
    assert 'no matches for kind "Bundle" in version "trust.cert-manager.io/v1alpha1"' in reply.stderr
    assert [one["kind"] for one in node.facts["objects"]] == ["ClusterRoleBinding"]


@pytest.mark.parametrize(
    ("item", "words"),
    [
        ({**BINDING, "subject": []}, ".subject: field not declared in schema"),
        ({**BINDING, "subjects": [{"kind": "Grop", "name": "a"}]}, 'subjects[0].kind: Unsupported value: "Grop"'),
        ({**BUNDLE, "spec": {"source": []}}, ".spec.source: field not declared in schema"),
        ({**BUNDLE, "metadata": {"name": "Trust"}}, 'The Bundle "Trust" is invalid: metadata.name: Invalid value'),
    ],
)
def test_an_object_that_the_server_refuses(
    node: ToolBench, monkeypatch: pytest.MonkeyPatch, item: dict[str, Any], words: str
) -> None:
    give_trust_manager(node, monkeypatch)
    reply = node.kubectl(*APPLY, write(node, item))
    assert (reply.code, words in reply.stderr) == (1, True), reply


def test_the_role_of_a_binding_never_changes(node: ToolBench) -> None:
    node.kubectl(*APPLY, write(node, BINDING))
    reply = node.kubectl(*APPLY, write(node, {**BINDING, "roleRef": {**BINDING["roleRef"], "name": "view"}}))
    assert "cannot change roleRef" in reply.stderr


def test_a_bundle_is_synced_once_it_has_a_certificate(node: ToolBench, monkeypatch: pytest.MonkeyPatch) -> None:
    give_trust_manager(node, monkeypatch)
    assert node.kubectl(*APPLY, write(node, BUNDLE)).code == 0
    shown = json.loads(node.kubectl("get", "bundle.trust.cert-manager.io/trust", "-o", "json").stdout)
    condition = shown["status"]["conditions"][0]
    assert (condition["status"], condition["reason"]) == ("False", "SourceNotFound")
    assert condition["observedGeneration"] == shown["metadata"]["generation"]


def test_every_schema_is_one_of_a_kind_that_can_be_served() -> None:
    assert {kind.kind for kind in KINDS} >= set(kubectl_apply._SCHEMAS)


@pytest.mark.parametrize(("given", "why"), [("5", "missing unit in"), ("soon", "invalid")])
def test_a_wait_needs_the_unit_of_its_timeout(node: ToolBench, given: str, why: str) -> None:
    node.start_k3s()
    reply = node.kubectl("wait", "--for=condition=Ready", f"--timeout={given}", "node", "--all")
    assert reply.code == 1
    assert f'invalid argument "{given}" for "--timeout" flag: time: {why} duration "{given}"' in reply.stderr


def test_a_wait_in_vain_takes_its_timeout(node: ToolBench) -> None:
    node.start_k3s()
    for given, took in (("--timeout=1m5s", 65), ("--timeout=500ms", 0.5), ("--timeout=-1s", 7 * 86400), ("", 30)):
        words = [given] if given else []
        assert node.kubectl("wait", "--for=condition=Raedy", *words, "node", "--all").took == took


def put_pod(node: ToolBench, state: dict[str, Any], before: dict[str, Any]) -> None:
    container = {"name": "main", "state": state, "lastState": before}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "broker", "namespace": "aio"}}
    node.facts["objects"] = [{**pod, "status": {"containerStatuses": [container]}}]
    node.facts["logs"] = {"aio/broker/main": "a\nb\nc\n", "aio/broker/main/previous": "before\n"}


LOGS = ("logs", "broker", "-n", "aio", "-c", "main")
RUNS: dict[str, Any] = {"running": {}}
WAITS: dict[str, Any] = {"waiting": {"reason": "CrashLoopBackOff"}}
ENDED: dict[str, Any] = {"terminated": {"exitCode": 1}}


@pytest.mark.parametrize(
    ("state", "before", "options", "printed"),
    [
        (RUNS, {}, (), "a\nb\nc\n"),
        (RUNS, {}, ("--tail=2",), "b\nc\n"),
        (RUNS, {}, ("--tail=0",), ""),
        (RUNS, {}, ("--tail=9",), "a\nb\nc\n"),
        (RUNS, ENDED, ("--previous",), "before\n"),
        (WAITS, ENDED, (), "before\n"),
    ],
)
def test_a_log_is_what_the_container_has_printed(
    node: ToolBench, state: dict[str, Any], before: dict[str, Any], options: tuple[str, ...], printed: str
) -> None:
    put_pod(node, state, before)
    reply = node.kubectl(*LOGS, *options)
    assert (reply.code, reply.stdout) == (0, printed), reply


@pytest.mark.parametrize(
    ("state", "words", "said"),
    [
        (WAITS, LOGS, 'container "main" in pod "broker" is waiting to start: CrashLoopBackOff'),
        ({"waiting": {"reason": "ImagePullBackOff"}}, LOGS, "is waiting to start: trying and failing to pull image"),
        (RUNS, (*LOGS, "-p"), 'previous terminated container "main" in pod "broker" not found'),
        (RUNS, ("logs", "broker", "-n", "aio", "-c", "other"), "container other is not valid for pod broker"),
        (RUNS, ("logs", "other", "-n", "aio", "-c", "main"), 'pods "other" not found in namespace "aio"'),
    ],
)
def test_where_there_is_no_log_the_kubelet_or_the_server_says_why(
    node: ToolBench, state: dict[str, Any], words: tuple[str, ...], said: str
) -> None:
    put_pod(node, state, {})
    reply = node.kubectl(*words)
    assert (reply.code, said in reply.stderr) == (1, True), reply


def test_logs_of_several_containers_are_not_in_the_model(node: ToolBench) -> None:
    put_pod(node, RUNS, {})
    with pytest.raises(ValueError, match="extend kubectl_logs"):
        node.kubectl("logs", "broker", "-n", "aio")
    with pytest.raises(ValueError, match="the model does not know --follow"):
        node.kubectl(*LOGS, "--follow")


def review(node: ToolBench, right: dict[str, str], *groups: str) -> bool:
    """What the API server answers for these groups."""
    spec = {"groups": groups, "resourceAttributes": right}
    file = write(node, {"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": spec})
    reply = node.kubectl("create", "--filename", file, "--output", "json")
    assert reply.code == 0, reply
    allowed: bool = json.loads(reply.stdout)["status"]["allowed"]
    return allowed


def test_a_right_is_answered_by_the_roles_that_a_group_is_bound_to_in_that_namespace(node: ToolBench) -> None:
    rbac = {"apiVersion": "rbac.authorization.k8s.io/v1"}
    rules = [
        {"apiGroups": [""], "resources": ["pods", "pods/log"], "verbs": ["get"]},
        {"apiGroups": ["apps"], "resources": ["*"], "verbs": ["*"]},
    ]
    there = {"name": "look", "namespace": "default"}
    role = {**rbac, "kind": "Role", "metadata": there, "rules": rules}
    ref = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "look"}
    some = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "lookers"}
    binding = {**rbac, "kind": "RoleBinding", "metadata": there, "roleRef": ref, "subjects": [some]}
    assert node.kubectl(*APPLY, write(node, role, binding, BINDING)).code == 0
    pods = {"namespace": "default", "verb": "get", "group": "", "resource": "pods"}
    assert review(node, pods, "lookers")
    assert review(node, {**pods, "subresource": "log"}, "lookers")
    assert review(node, {**pods, "group": "apps", "resource": "deployments", "verb": "delete"}, "lookers")
    assert review(node, {**pods, "resource": "secrets"}, "others", "some"), "bound to cluster-admin everywhere"
    for refused in (
        {"namespace": "kube-system"}, {"verb": "list"}, {"resource": "secrets"}, {"subresource": "exec"},
        {"group": "x"},
    ):  # fmt: skip
        assert not review(node, {**pods, **refused}, "lookers"), refused
    assert not review(node, pods, "others")


def test_who_asks_for_an_object_by_name_is_logged_as_the_policy_says(tmp_path: Path) -> None:
    node = ToolBench(tmp_path)
    node.put("policy.yaml", "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n"
             "- {level: None, resources: [{resources: [pods]}]}\n- {level: Request}\n")  # fmt: skip
    node.start_k3s("kube-apiserver-arg: [audit-policy-file=/policy.yaml, audit-log-path=/var/log/audit.log]\n")
    node.kubectl("get", "secrets/one", "pods/two", "--ignore-not-found")
    lines = [json.loads(line) for line in (node.root / "var/log/audit.log").read_text().splitlines()]
    assert [(one["level"], one["objectRef"]) for one in lines] == [("Request", {"resource": "secrets", "name": "one"})]
