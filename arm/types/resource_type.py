"""What one ARM resource type is: everything that is known of it, in one place."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal
from uuid import NAMESPACE_URL, uuid5

GROUP = "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}"
RESOURCE_GROUPS = "Microsoft.Resources/resourceGroups"


@dataclass(frozen=True)
class Estimate:
    """Seconds that creating one resource takes, and where the figure comes from.

    `docs`: a published walk-through with times; `bound`: half of a wait that a published script allows; `guess`: the
    order of magnitude of such calls, nothing measured; `local`: nothing is sent.
    """

    concern: str
    """The heading that people look under."""
    seconds: int
    source: str = "guess"


@dataclass(frozen=True)
class Refusal:
    """Azure's answer when it refuses. The message may use `{id}`, `{name}` and, where it is in use, `{user}`."""

    status: int
    code: str
    message: str


@dataclass(frozen=True)
class Quota:
    """At most `limit` resources of a type in each subscription, in each region of it, or below each parent.

    `rule` is the world's rule (docs/rules.md), `place` is what people call what has the limit. The refusal's message
    may use limit, name, parent, region and subscription.
    """

    rule: str
    name: str
    per: Literal["subscription", "region", "parent"]
    place: str
    limit: int
    refusal: Refusal
    source: str

    @property
    def title(self) -> str:
        """Return the rule's title."""
        return f"At most {self.limit:,} {self.name} per {self.place}"


@dataclass(frozen=True)
class Created:
    """A created resource, as far as its outputs depend on it."""

    id: str
    inputs: Mapping[str, Any]
    tenant_id: str

    @property
    def name(self) -> str:
        """Return the last segment of the id."""
        return self.id.rsplit("/", 1)[1]

    def segment(self, parent: str) -> str:
        """Return the name of an ancestor, by the segment before it."""
        segments = self.id.split("/")
        return segments[segments.index(parent) + 1]

    def guid(self, what: str) -> str:
        """Return one of the resource's GUIDs."""
        return guid(f"{self.id}#{what}")


def guid(text: str) -> str:
    """Return a GUID that depends only on the text, in any case: ARM ids are not case-sensitive."""
    return str(uuid5(NAMESPACE_URL, text.lower()))


def address(arm_id: str, first: int) -> str:
    """Return an IPv4 address that begins with `first` and depends only on the id."""
    return ".".join(str(part) for part in (first, *uuid5(NAMESPACE_URL, arm_id.lower()).bytes[:3]))


Compute = Callable[[Created], Any]

STATE: Mapping[str, Compute] = {"provisioningState": lambda _: "Succeeded"}
STATE_BELOW: Mapping[str, Compute] = {"properties.provisioningState": lambda _: "Succeeded"}
"""Of types whose `properties` the SDK does not lift."""
RESOURCE_GUID: Mapping[str, Compute] = {**STATE, "resourceGuid": lambda created: created.guid("resource")}


@dataclass(frozen=True, eq=False)
class ResourceType:
    """One resource type. Paths of properties are dotted.

    The rows of a service stand in its module; `arm.types` finds them by itself. A type without a row is the finding
    SHAPE-01, which prints the row to add.
    """

    module: str
    """The SDK's module, e.g. `network`."""
    name: str
    """The SDK's class, e.g. `Subnet`."""
    versions: tuple[str, ...]
    """API versions in use; each has a table in arm/schema/tables/."""
    path: str
    """With the names of the inputs as placeholders; below the resource group unless it starts with a slash."""
    estimate: Estimate
    refined_by: str = ""
    """The input by whose value `refined` has other estimates."""
    refined: Mapping[str, Estimate] = field(default_factory=dict)

    prepared: Mapping[str, Estimate] = field(default_factory=dict)
    """The same on a node that starts from an image of somebody's own, which has what would be installed."""

    # How the SDK writes it
    flattened: bool = True
    """Whether the SDK lifts the members of ARM's `properties` to the top."""
    lifted: str = ""
    """An object among them whose members it lifts as well."""
    packaged: bool = False
    """Whether the API version is part of the Pulumi type: a parameterized package."""
    renamed: Mapping[str, str] = field(default_factory=dict)
    """Inputs, by their path, whose name differs in ARM."""
    query: tuple[str, ...] = ()
    """Inputs that are sent in the request's address, not in its body."""

    # What Azure does with it
    name_rule: Mapping[str, Any] = field(default_factory=dict)
    """Keywords of JSON Schema for the name, where Microsoft's schema lacks them; from
    https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules"""
    immutable: tuple[str, ...] = ()
    """ARM paths that an update may not change; `location` and `extendedLocation` need no mention."""
    immutable_refusal: Refusal | None = None
    """None: PropertyChangeNotAllowed."""
    replaced_by: tuple[str, ...] = ()
    """Inputs, besides those in the path, whose change makes azure-native replace the resource."""
    computed: Mapping[str, Compute] = field(default_factory=lambda: STATE)
    """What Azure computes, by its path in the SDK's outputs; an input of the same path wins."""
    restarted_by: tuple[str, ...] = ()
    """Inputs whose change restarts what runs on it."""
    write_only: tuple[str, ...] = ()
    """Inputs that Azure takes and never returns."""
    answered: tuple[str, ...] = ()
    """Inputs of the path that ARM's answer has again among its `properties`."""
    taken_refusal: Refusal | None = None
    """Set where names are unique in all of Azure: what is said of one that is taken."""
    in_use_refusals: Mapping[str, Refusal] = field(default_factory=dict)
    """ARM type of a user, or `*` -> what is said to whoever deletes what it uses."""
    serial_refusal: Refusal | None = None
    """Set where a parent takes one change of its children at a time."""
    quota: Quota | None = None

    # What we do with it
    carries: tuple[str, ...] = ("",)
    """Messages stand still while one is away whose `refined_by` begins like this; empty: they need none."""
    holds_data: bool = False
    """Protected in production: it would take data, or every link, along."""

    @property
    def path_template(self) -> str:
        """Return the whole path."""
        return self.path if self.path.startswith("/") else f"{GROUP}/providers/{self.path}"

    @cached_property
    def arm_type(self) -> str:
        """Return the namespace and every second segment after it: Microsoft.X/as/{a}/bs/{b} is Microsoft.X/as/bs."""
        if self.path == GROUP:
            return RESOURCE_GROUPS
        namespace, *segments = self.path_template.rsplit("/providers/", 1)[1].split("/")
        return "/".join([namespace, *segments[::2]])

    @cached_property
    def path_parameters(self) -> tuple[str, ...]:
        """Return the inputs in the path, in order."""
        return tuple(name for name in re.findall(r"{(\w+)}", self.path_template) if name != "subscriptionId")

    @property
    def scope(self) -> str:
        """Return the input that is the whole id of what it is attached to; empty for what is attached to nothing."""
        return self.path_parameters[0] if self.path.startswith("/{") else ""

    def token(self, version: str) -> str:
        """Return the Pulumi type."""
        package = f"azure-native_{self.module}_v{version.replace('-', '')}" if self.packaged else "azure-native"
        return f"{package}:{self.module}:{self.name}"

    def carries_messages(self, inputs: Mapping[str, Any]) -> bool:
        """Tell whether messages that pass through what is on a resource with these inputs need it."""
        return str(inputs.get(self.refined_by, "")).startswith(self.carries) if self.carries else False

    def estimate_for(self, inputs: Mapping[str, Any], *, is_prepared: bool = False) -> Estimate:
        """Return the estimate for a resource with these inputs, on a node from an image of somebody's own or not."""
        value = str(inputs.get(self.refined_by, ""))
        if is_prepared and value in self.prepared:
            return self.prepared[value]
        begins = (one for begin, one in self.refined.items() if begin.endswith("-") and value.startswith(begin))
        return self.refined.get(value) or next(begins, self.estimate)
