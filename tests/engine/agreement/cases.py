"""What is done with a stack on both engines, and compared after each operation."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from automation.deployment.operations import EngineResult
from tests.engine.conftest import Deployment

Steps = Iterator[EngineResult]
Case = Callable[[Deployment], Steps]


def sender(deployment: Deployment) -> str:
    """The cluster that sends over the first link."""
    return str(deployment.stack.settings["links"][0]["from"])


def _changed(deployment: Deployment, **sections: Any) -> EngineResult:
    """`up` with these settings on top of the stack's own."""
    deployment.stack.settings = _merged(deployment.stack.settings, sections)
    return deployment.stack.up(may_fail=True)


def _merged(settings: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(settings)
    for key, value in changes.items():
        nested = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = _merged(merged[key], value) if nested else value
    return merged


def _without_protection(deployment: Deployment, tried: EngineResult) -> Steps:
    """What was tried; where protection refuses it, an `up` that gives protection up."""
    yield tried
    if not tried.ok:
        yield _changed(deployment, protection={"protect": False})


def _unprotect(deployment: Deployment) -> None:
    with deployment.stack.deployer() as deployer:
        deployer.unprotect()


def _remove_sender(deployment: Deployment) -> None:
    gone, settings = sender(deployment), deployment.stack.settings
    settings["clusters"].pop(gone)
    settings["links"] = [link for link in settings["links"] if link["from"] != gone]
    if not settings["links"]:
        settings["clusters"]["enterprise"].pop("listener", None)
    deployment.stack.settings = settings


def another_vm_size(deployment: Deployment) -> Steps:
    yield _changed(deployment, clusters={sender(deployment): {"node": {"vm_size": "Standard_D32s_v6"}}})


def another_broker(deployment: Deployment) -> Steps:
    change = {"clusters": {sender(deployment): {"broker": {"frontend_workers": 3}}}}
    yield from _without_protection(deployment, _changed(deployment, **change))


def another_tag(deployment: Deployment) -> Steps:
    yield _changed(deployment, tags={"costCenter": "0815"})


def a_further_site_with_its_link(deployment: Deployment) -> Steps:
    links = [*deployment.stack.settings["links"], {"from": "plant", "to": "enterprise"}]
    yield _changed(deployment, clusters={"plant": {"code": "p1", "address_space": "10.99.0.0/16"}}, links=links)


def a_shorter_life_of_certificates(deployment: Deployment) -> Steps:
    yield _changed(deployment, pki={"leaf_days": 100})


def a_replaced_node(deployment: Deployment) -> Steps:
    node = deployment.urn(f"{sender(deployment)}-node")
    tried = deployment.stack.up(replace=[node], may_fail=True)
    yield from _without_protection(deployment, tried)
    if not tried.ok:
        yield deployment.stack.up(replace=[node])


def a_removed_cluster(deployment: Deployment) -> Steps:
    _remove_sender(deployment)
    first = deployment.stack.up(may_fail=True)
    yield first
    if not first.ok:  # settings no longer speak of it
        _unprotect(deployment)
        yield deployment.stack.up()


def a_refresh_after_drift(deployment: Deployment) -> Steps:
    deployment.azure.delete_behind_the_stack("/listeners/default-loadbalancer")
    group = deployment.resource("enterprise-resource-group")["id"]
    token, inputs, *_ = deployment.azure.seen()[group]
    deployment.azure.put_behind_the_stack(token, inputs, tags={"owner": "somebody else"})
    yield deployment.stack.refresh()
    yield deployment.stack.up()


def a_failed_create(fresh: Deployment) -> Steps:
    fresh.azure.order(f"{sender(fresh)}-setup-k3s", "accepted-then-failed")
    fresh.azure.order("enterprise-key-vault", "bad-request")
    yield fresh.stack.up(may_fail=True)
    yield fresh.stack.up()


def a_failed_update(deployment: Deployment) -> Steps:
    deployment.azure.order(f"{sender(deployment)}-key-vault", "bad-request", "update")
    yield _changed(deployment, tags={"costCenter": "0815"})
    yield deployment.stack.up()


def a_failed_replacement(deployment: Deployment) -> Steps:
    yield _changed(deployment, protection={"protect": False})
    deployment.azure.order(f"{sender(deployment)}-node", "bad-request")
    yield deployment.stack.up(replace=[deployment.urn(f"{sender(deployment)}-node")], may_fail=True)
    yield deployment.stack.up()


def a_failed_delete(deployment: Deployment) -> Steps:
    _unprotect(deployment)
    deployment.azure.order(f"{sender(deployment)}-key-vault", "bad-request", "delete")
    _remove_sender(deployment)
    yield deployment.stack.up(may_fail=True)
    yield deployment.stack.up()


def an_error_of_the_program(deployment: Deployment) -> Steps:
    """In its body, then in an apply: nothing is deleted, whatever it has not come to."""
    program = deployment.stack.project / "__main__.py"
    text = program.read_text(encoding="utf-8")
    _unprotect(deployment)
    _remove_sender(deployment)
    for error in ("1 / 0", "next(iter(stamps.values())).vault.id.apply(lambda _: 1 / 0)"):
        program.write_text(f"{text}\n{error}\n", encoding="utf-8")
        yield deployment.stack.up(may_fail=True)
    program.write_text(text, encoding="utf-8")
    yield deployment.stack.up()


def a_destroy(deployment: Deployment) -> Steps:
    _unprotect(deployment)  # the engine would delete what is not protected; our own command does nothing then
    yield deployment.stack.destroy()


CHANGES: tuple[Case, ...] = (
    another_vm_size,
    another_broker,
    another_tag,
    a_further_site_with_its_link,
    a_shorter_life_of_certificates,
    a_replaced_node,
    a_removed_cluster,
    a_refresh_after_drift,
    a_destroy,
)
"""Of the stack as it was deployed."""
FAILURES: tuple[Case, ...] = (a_failed_update, a_failed_replacement, a_failed_delete, an_error_of_the_program)
"""Of changes. What engines do after one depends on the resource, and not on how many clusters a stack has."""
