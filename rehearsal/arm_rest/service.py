"""Azure Resource Manager over a world, without HTTP: a request in, an answer out."""

from __future__ import annotations

import re

from rehearsal.arm_rest import subscriptions
from rehearsal.arm_rest.actions import Actions
from rehearsal.arm_rest.api_versions import GROUP_ROW, check_arm
from rehearsal.arm_rest.exchange import Answer, Request, answer_of, method_not_allowed, not_modelled
from rehearsal.arm_rest.operations import Operations
from rehearsal.arm_rest.paths import Place, find_place, spell
from rehearsal.arm_rest.resources import Resources
from rehearsal.azure.errors import ArmError
from rehearsal.azure.world import World

_SUBSCRIPTION = re.compile(r"(/subscriptions/([^/]+))(/.*)?")
_GROUP = re.compile(r"/resourceGroups/[^/]+")
_OPERATION = re.compile(r"/providers/[^/]+/locations/[^/]+/operation(Statuses|Results)/[^/]+")
_RUN_COMMAND = re.compile(r"(/.+/providers/Microsoft\.Compute/virtualMachines/[^/]+)/runCommand", re.I)
_PROVIDER = re.compile(r"/providers/([^/]+)(/register)?")


class ArmService:
    """One Azure; every method may be called from several threads."""

    def __init__(self, world: World, page_size: int) -> None:
        self._around = world.surroundings
        self.tenant_id = world.surroundings.tenant_id
        self._operations = Operations()
        self._resources = Resources(world, self._operations, page_size)
        self._actions = Actions(world, self._operations)
        self.now = world.now

    def answer(self, request: Request) -> Answer:
        """Answer, with Azure's words where it refuses.

        Raises:
            ConnectionCutError: a fault was ordered, and the client must not be told how it ended.
        """
        try:
            return self._route(request, spell(request.path))
        except ArmError as error:
            if not error.status:
                raise
            return answer_of(error)

    def _route(self, request: Request, path: str) -> Answer:
        if path in subscriptions.LISTS:
            _check_get(request)
            return Answer(200, {"value": subscriptions.LISTS[path](self._around)})
        found = _SUBSCRIPTION.fullmatch(path)
        if not found:
            raise not_modelled(f"{path or '/'}, which is outside a subscription")
        subscription, name, rest = found[1], found[2], found[3] or ""
        if name.lower() != self._around.subscription_id.lower():
            raise ArmError(404, "SubscriptionNotFound", f"The subscription '{name}' could not be found.")
        return self._route_below(request, subscription, path, rest)

    def _route_below(self, request: Request, subscription: str, path: str, rest: str) -> Answer:
        """Answer what is below the subscription; `rest` is the path after it."""
        if operation := _OPERATION.fullmatch(rest):
            ask = self._operations.status if operation[1] == "Statuses" else self._operations.result
            return ask(request)
        if provider := _PROVIDER.fullmatch(rest):
            _check_method(request, "POST" if provider[2] else "GET")
            return Answer(200, subscriptions.provider(self._around, provider[1]))
        if action := _RUN_COMMAND.fullmatch(path):
            return self._actions.run_script(request, find_place(action[1]))
        if "/providers/" in rest:
            return self._resources.answer(request, find_place(path))
        if _GROUP.fullmatch(rest):
            return self._resources.answer(request, Place(GROUP_ROW, subscription, path))
        return self._route_lists(request, subscription, path, rest)

    def _route_lists(self, request: Request, subscription: str, path: str, rest: str) -> Answer:
        _check_get(request)
        if rest == "":
            return Answer(200, subscriptions.subscription(self._around))
        if rest == "/providers":
            return Answer(200, {"value": subscriptions.providers(self._around)})
        if rest == "/resourceGroups":
            return self._resources.list_groups(request, subscription)
        if rest.endswith("/resources") and (rest == "/resources" or _GROUP.fullmatch(rest.removesuffix("/resources"))):
            return self._resources.list_all(request, path.removesuffix("/resources"))
        raise not_modelled(path)


def _check_get(request: Request) -> None:
    _check_method(request, "GET")


def _check_method(request: Request, method: str) -> None:
    check_arm(request)
    if request.method != method:
        raise method_not_allowed(request)
