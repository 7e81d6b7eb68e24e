"""Resources over a world: read, list, write, delete."""

from __future__ import annotations

from functools import partial

from arm import ids
from arm.types import ResourceType
from arm.types.authorization import ROLE_ASSIGNMENT
from rehearsal.arm_rest import filters, views
from rehearsal.arm_rest.api_versions import GROUP_ROW, check_type, shape_to_write
from rehearsal.arm_rest.exchange import Answer, Request, method_not_allowed
from rehearsal.arm_rest.operations import Operations
from rehearsal.arm_rest.pages import page
from rehearsal.arm_rest.paths import Place
from rehearsal.azure.errors import ArmError, OperationFailedError
from rehearsal.azure.refusals.existence import not_found
from rehearsal.azure.world import World

_DELETED_AT_ONCE = frozenset({
    "Microsoft.Authorization/roleAssignments",
    "Microsoft.Authorization/roleDefinitions",
    "Microsoft.KeyVault/vaults",
    "Microsoft.ManagedIdentity/userAssignedIdentities",
    "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials",
    "Microsoft.Storage/storageAccounts",
    "Microsoft.Storage/storageAccounts/blobServices/containers",
})  # fmt: skip
"""Types whose DELETE is no long-running operation (Azure/azure-rest-api-specs: no x-ms-long-running-operation)."""
_STATES = ("provisioningState", "properties.provisioningState")


class Resources:
    """Those of a world; `page_size` is the most that a list gives at once."""

    def __init__(self, world: World, operations: Operations, page_size: int) -> None:
        self._world, self._operations, self._page_size = world, operations, page_size
        # What is answered is written from what is there and changes nothing of it.
        self._find = partial(world.find, shared=True)
        self._get = partial(world.get, shared=True)
        self._entries = partial(world.entries, shared=True)

    def answer(self, request: Request, place: Place) -> Answer:
        """Answer a request about a resource or a list of one type.

        Raises:
            ArmError: what Azure would say.
        """
        check_type(request, place.row, self._location(place))
        if not place.arm_id:
            if request.method != "GET":
                raise method_not_allowed(request)
            return self._list(request, place)
        if request.method == "GET":
            return Answer(200, views.whole(request, self._get(place.arm_id), self._find))
        if request.method == "HEAD":
            return Answer(204 if self._find(place.arm_id) else 404)
        if request.method == "PUT":
            return self._put(request, place)
        if request.method == "DELETE":
            return self._delete(request, place)
        raise method_not_allowed(request)

    def list_all(self, request: Request, scope: str) -> Answer:
        """List what has a location, in a group or the subscription."""
        self._check_scope(scope)
        tracked = [one for one in self._entries(below=scope) if one.row is not GROUP_ROW and views.is_tracked(one)]
        kept = filters.keep(tracked, request.query.get("$filter", ""))
        return page(request, kept, self._page_size, lambda entry: views.generic(request, entry, self._find))

    def list_groups(self, request: Request, subscription: str) -> Answer:
        """List the resource groups."""
        groups = self._entries(GROUP_ROW, below=subscription)
        return page(request, groups, self._page_size, lambda entry: views.whole(request, entry, self._find))

    def _list(self, request: Request, place: Place) -> Answer:
        self._check_scope(place.scope)
        wanted = request.query.get("$filter", "")
        found = self._entries(place.row, below=place.scope)
        if place.row is ROLE_ASSIGNMENT:  # those above count at a scope too; `atScope()` leaves out those below
            roles = self._entries(place.row)
            above = [entry for entry in roles if ids.is_below(place.scope, ids.parent_of(entry.id))]
            below = [entry for entry in found if entry not in above]
            at_scope, wanted = wanted.startswith("atScope()"), wanted.removeprefix("atScope()").removeprefix(" and ")
            found = above if at_scope else above + below
        kept = filters.keep(found, wanted)
        return page(request, kept, self._page_size, lambda entry: views.whole(request, entry, self._find))

    def _check_scope(self, scope: str) -> None:
        """Refuse a list below what is not there."""
        if ids.type_of(scope) == "Microsoft.Resources/subscriptions" or self._find(scope):
            return
        if ids.type_of(scope) == ids.RESOURCE_GROUP or not self._find(ids.group_of(scope)):
            raise not_found(ids.group_of(scope))
        message = f"Can not perform requested operation on nested resource. Parent resource '{scope}' not found."
        raise ArmError(404, "ParentResourceNotFound", message)

    def _put(self, request: Request, place: Place) -> Answer:
        if not isinstance(request.body, dict):
            message = "The request content was invalid and could not be deserialized: a JSON object is expected."
            raise ArmError(400, "InvalidRequestContent", message)
        shape = shape_to_write(request, place.row)
        old = self._find(place.arm_id)
        failure: ArmError | None = None
        try:
            inputs = shape.inputs(place.arm_id, request.body)
            self._world.put(shape, old.id if old else place.arm_id, inputs, update=old is not None)
        except OperationFailedError as error:  # accepted: told by the operation
            failure = error
        body = views.whole(request, self._get(place.arm_id), self._find)
        status = 200 if old else 201
        if not _is_long_running(place.row):
            return Answer(status, body)
        headers = self._operations.start(request, _namespace(place.row), body, failure)
        going_on = {**body["properties"], "provisioningState": "Updating" if old else "Creating"}
        return Answer(status, {**body, "properties": going_on}, headers)

    def _delete(self, request: Request, place: Place) -> Answer:
        if not self._find(place.arm_id):
            if place.row is GROUP_ROW or not self._find(ids.group_of(place.arm_id)):
                raise not_found(ids.group_of(place.arm_id))
            return Answer(204)
        failure: ArmError | None = None
        try:
            self._world.delete(place.arm_id, force=request.query.get("forcedelete", "").lower() == "true")
        except OperationFailedError as error:
            failure = error
        if place.row.arm_type in _DELETED_AT_ONCE and not failure:
            return Answer(200)
        return Answer(202, None, self._operations.start(request, _namespace(place.row), None, failure))

    def _location(self, place: Place) -> str:
        group = self._find(ids.group_of(place.arm_id or place.scope))
        return str(group.inputs.get("location")) if group else ""


def _is_long_running(row: ResourceType) -> bool:
    """Return whether clients wait for a PUT: what has a state goes through others before."""
    return row is not GROUP_ROW and not set(_STATES).isdisjoint(row.computed)


def _namespace(row: ResourceType) -> str:
    return row.arm_type.split("/")[0]
