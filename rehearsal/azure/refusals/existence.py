"""Refusals that hold for every type: what must exist, what must be free, what must not change, what is in use."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from arm import ids
from arm.types.compute import IMAGE_ID, VIRTUAL_MACHINE
from arm.types.resource_type import Refusal
from rehearsal.azure.entries import body_references
from rehearsal.azure.errors import ArmError, refused
from rehearsal.azure.refusals import clusters
from rehearsal.azure.state import AzureState, Call


def resource_group(state: AzureState, call: Call) -> Iterator[ArmError]:
    """Refuse what is put into a resource group that is not there."""
    group = ids.group_of(call.arm_id)
    if call.type != ids.RESOURCE_GROUP and group and not state.find(group):
        message = f"Resource group '{ids.name_of(group)}' could not be found."
        yield ArmError(404, "ResourceGroupNotFound", message)


def parent(state: AzureState, call: Call) -> Iterator[ArmError]:
    """Refuse a child without its parent, and an extension resource without its scope."""
    above = ids.parent_of(call.arm_id)
    if ids.type_of(above).startswith("Microsoft.Resources/") or state.find(above):
        return  # resource groups are WORLD-01's
    if call.type.lower().startswith(ids.type_of(above).lower()):
        message = (
            f"Failed to perform 'write' on resource(s) of type '{call.type}', because the parent resource"
            f" '{above}' could not be found."
        )
        yield ArmError(404, "ParentResourceNotFound", message)
    else:
        yield not_found(above)


def not_found(arm_id: str) -> ArmError:
    """Return the answer to a write or GET of what is not there."""
    what, group = f"{ids.type_of(arm_id)}/{ids.name_of(arm_id)}", ids.name_of(ids.group_of(arm_id))
    if ids.type_of(arm_id) == ids.RESOURCE_GROUP:
        return ArmError(404, "ResourceGroupNotFound", f"Resource group '{group}' could not be found.")
    message = (
        f"The Resource '{what}' under resource group '{group}' was not found. For more details please go to"
        " https://aka.ms/ARMResourceNotFoundFix"
    )
    return ArmError(404, "ResourceNotFound", message)


def body_form(_: AzureState, call: Call) -> Iterator[ArmError]:
    """Refuse a body without the form that the schema asks for."""
    findings = call.shape.check(call.inputs) if call.shape else []
    if findings:
        yield ArmError(400, "InvalidRequestContent", "; ".join(map(str, findings)))


def references(state: AzureState, call: Call) -> Iterator[ArmError]:
    """Refuse a body with an ARM id that leads to nothing."""
    for reference in body_references(call.shape, call.inputs) if call.shape else []:
        if not _exists(state, reference) and not ids.is_below(reference, call.arm_id):
            message = (
                f"Resource {reference} referenced by resource {call.arm_id} was not found. Please make sure that the"
                " referenced resource exists, and that both resources are in the same region."
            )
            yield ArmError(400, "InvalidResourceReference", message)


def _exists(state: AzureState, reference: str) -> bool:
    """Return whether it is a resource, or a part of its parent's body, e.g. a NIC's ipConfigurations."""
    if state.find(reference) or ids.type_of(reference).lower() == "microsoft.compute/galleries/images/versions":
        return True  # of an image, `image_is_in_region` says it, in Azure's own words
    above = state.find(ids.parent_of(reference))
    return above is not None and ids.key(reference) in map(ids.key, ids.references_in(above.outputs))


def image_is_in_region(state: AzureState, call: Call) -> Iterator[ArmError]:
    """Refuse a new VM whose image its gallery does not have, or not in the region of the VM."""
    if call.row is not VIRTUAL_MACHINE or not call.is_new:
        return
    image, region = str(ids.at(call.inputs, IMAGE_ID) or ""), str(call.inputs.get("location"))
    there = [place for one, place in state.surroundings.images if ids.key(one) == ids.key(image)]
    if image and not any(ids.same_place(place, region) for place in there):
        message = (
            f"The gallery image {image} is not available in {region} region. Please contact image owner to replicate to"
            " this region, or change your requested region."
        )
        yield ArmError(404, "GalleryImageNotFound", message)


def global_names(state: AzureState, call: Call) -> Iterator[ArmError]:
    """Refuse the name of a vault or storage account that is taken anywhere in Azure."""
    if call.row is None or call.row.taken_refusal is None or not call.is_new:
        return
    elsewhere = {entry.name.lower() for entry in state.of_type(call.row)}
    deleted = [record.entries[0] for key, record in state.soft_deleted.items() if state.blocked(key)]
    elsewhere |= {
        entry.name.lower() for entry in deleted if entry.type == call.type and ids.key(entry.id) != ids.key(call.arm_id)
    }
    elsewhere |= {name.lower() for name in state.surroundings.taken_names.get(call.type, ())}
    if call.name.lower() in elsewhere:
        yield refused(call.row.taken_refusal, name=call.name)


def immutable(_: AzureState, call: Call) -> Iterator[ArmError]:
    """Refuse to change what Azure keeps as it is; a value that is left out is kept."""
    if call.old is None or call.shape is None:
        return
    before, after = call.old.shape.body(call.old.inputs), call.shape.body(call.inputs)
    for path in call.shape.immutable:
        old, new = ids.at(before, path), ids.at(after, path)
        if path == "location" and old and new and not ids.same_place(old, new):
            yield _moved(call, old, new)
        elif path != "location" and new and _comparable(old) != _comparable(new):
            default = Refusal(409, "PropertyChangeNotAllowed", f"Changing property '{path}' is not allowed.")
            yield refused(call.shape.type.immutable_refusal or default)


def _comparable(value: Any) -> Any:
    """Return ids without their case, nothing and empty alike."""
    if isinstance(value, dict):
        return {name: _comparable(item) for name, item in value.items() if item}
    if isinstance(value, list):
        return [_comparable(item) for item in value]
    return ids.key(value) if isinstance(value, str) and value.startswith("/") else value or None


def _moved(call: Call, old: str, new: str) -> ArmError:
    if call.type == ids.RESOURCE_GROUP:
        message = f"Invalid resource group location '{new}'. The Resource group already exists in location '{old}'."
        return ArmError(409, "InvalidResourceGroupLocation", message)
    message = (
        f"The resource '{call.name}' already exists in location '{old}' in resource group"
        f" '{ids.name_of(ids.group_of(call.arm_id))}'. A resource with the same name cannot be created in location"
        f" '{new}'. Please select a new resource name."
    )
    return ArmError(409, "InvalidResourceLocation", message)


def not_running(state: AzureState, call: Call) -> Iterator[ArmError]:
    """Refuse to write or delete what is still being created or updated."""
    if ids.key(call.arm_id) in state.running:
        yield _busy(call, call.arm_id)


def parent_not_running(state: AzureState, call: Call) -> Iterator[ArmError]:
    """Refuse to put something below what is still being created or updated."""
    for running in state.running:
        if ids.is_below(call.arm_id, running) and running != ids.key(call.arm_id):
            yield _busy(call, state.entries[running].id)


def _busy(call: Call, running_id: str) -> ArmError:
    if call.type.startswith("Microsoft.Network/"):
        message = f"Another operation on this or dependent resource is in progress. Resource: {running_id}"
        return ArmError(409, "AnotherOperationInProgress", message)
    message = (
        f"Cannot modify resource with id '{running_id}' because the resource entity provisioning state is not terminal."
        " Please wait for the provisioning state to become terminal and then retry the request."
    )
    return ArmError(409, "RequestConflict", message)


def in_use(state: AzureState, call: Call) -> Iterator[ArmError]:
    """Refuse to delete what something outside still uses, and what it is part of.

    Not an extension by force: Microsoft's CLI deletes one before the custom location that lists it
    (Azure/azure-iot-ops-cli-extension, deletion2.py). Nor a cluster that was given up so.
    """
    if call.is_forced or clusters.is_given_up(state, call):
        return
    going = {ids.key(entry.id): entry for entry in state.below(call.arm_id)}
    for user in state.entries.values():
        if ids.key(user.id) in going:
            continue
        for reference in sorted(user.references & going.keys()):
            used = going[reference]
            refusals = used.shape.type.in_use_refusals
            if refusal := refusals.get(user.type) or refusals.get("*"):
                yield refused(refusal, id=used.id, name=used.name, user=user.id)
