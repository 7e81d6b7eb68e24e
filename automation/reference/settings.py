"""The reference of all settings, docs/settings.md: `python -m automation.reference.settings` prints it."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from automation.commands.explain import PROTECTION
from automation.reference.pages import serve, table
from settings.defaults import WELL_KNOWN_CLUSTERS, by_environment
from settings.environments import PROFILES
from settings.errors import as_yaml
from settings.fields import About
from settings.paths import leaves
from settings.regions import REGIONS
from settings.releases import RELEASES
from settings.schema import TENANT_KEYS, StackInput
from settings.sections import fields_of, section_in, sections
from settings.sizing import VM_SIZES

PAGE = Path(__file__).parents[2] / "docs" / "settings.md"

_COMPUTED: Mapping[str, str] = {
    "profile": "the environment, if that is `dev` or `prod`",
    "clusters": "`site` and `enterprise`",
    "links": "from `site` to `enterprise`, where both exist",
    "clusters.<name>.location": "that of the stack",
    "clusters.<name>.subnet": "the second /24 of the address space; all of one that has no two",
    "clusters.<name>.node.address": "`.10` of the subnet; its first usable one where it is too small",
    "clusters.<name>.listener.dns_name": "none: clients connect to the node's address",
    "links[].topics": "`input` to `<from>/output`",
    "links[].client_id_prefix": "`<from>-`",
}
"""Place of a setting -> its default in words, where code computes it (`settings/defaults.py`)."""

EXAMPLE = """\
config:
  edge-stamps:settings:
    prefix: myorg
    environment: dev
    location: eastus2

    # Your tenant's own values.
{tenant}

    clusters:
      site:                       # code a and 10.1.0.0/16, if nothing else is said
      enterprise:                 # code b and 10.2.0.0/16
        listener: {{port: 28884}}
      plant2:                     # any other cluster states these two
        code: c
        address_space: 10.3.0.0/16
        node: {{vm_size: Standard_D16s_v6}}   # all else of the node stays as it is by default

    links:
      - {{from: site, to: enterprise}}
      - from: plant2
        to: enterprise
        topics:
          - {{from: line/+/telemetry, to: plant2/telemetry}}
          - {{from: alarms, to: plant2/alarms}}
"""
"""A whole stack file, but for the tenant's values."""

_INTRODUCTION = """\
# Settings

Written by `make docs` from `settings/schema.py`, `settings/environments.py` and `settings/defaults.py`. Change those,
not this page.

A stack's settings are in `Pulumi.<stack>.yaml`, beside `Pulumi.yaml`, below the one key `edge-stamps:settings`.
`make rehearse` and the commands with `--offline` also take the files in `examples/`. Nothing else beside that key is
read, so it is refused; so are unknown keys and keys that occur twice.

```console
$ .venv/bin/python -m automation check --stack dev
$ .venv/bin/python -m automation explain --stack dev
```

`check` names every problem at once, with its line. `explain` prints every value in effect with where it comes from, and
all that follows: names in Azure, addresses, listeners, links, certificates.

## How a value comes about

1. A default: the same for all, or computed from other settings.
2. The profile, `dev` or `prod`, says something else for sizes and the life of certificates. The environment's name
   chooses it; an environment of another name states `profile`.
3. The stack file overrides both.

* Maps are merged key by key: `node: {vm_size: Standard_D16s_v6}` changes the size and nothing else. A map with nothing
  in it changes nothing.
* Lists are replaced as a whole: whoever writes `links` writes all of them.
* `null` is a value: it switches off what the profile sets (`zone`, `persistence_gib`).
* Which clusters there are is what `clusters` says. Where the file has it, `site` and `enterprise` exist only if they
  are named there.
* Texts that look like numbers stand in quotes: `instance: "001"`.

## An example: a third cluster

```yaml
"""

_CHANGES = """\
```

## What a change does to what exists

| change of | effect |
| --- | --- |
| `prefix`, `environment`, `instance`, `location` | replaces everything: Azure can neither rename nor move |
| `clusters.<name>.code`, `clusters.<name>.location` | replaces the cluster with everything it owns |
| `clusters.<name>.broker` | replaces the broker, which loses the messages it holds |
| `clusters.<name>.broker.persistence_gib` | Azure refuses it: a broker keeps the volumes that it was made with |
| `clusters.<name>.node.zone` | Azure refuses it: it is for good |
| `clusters.<name>.node.vm_size` | restarts the node; without `persistence_gib` the broker loses what it \
holds. Azure may refuse (not modelled) a v6 size (NVMe) after a v5 one (SCSI), and one with a local disk (`ds`, `ads`) \
after one without or the other way round [1] |
| `clusters.<name>.node.os_disk_gib` | smaller: Azure refuses it, a disk never shrinks (not modelled). Larger: Azure \
takes it only while the VM is deallocated (not modelled) [2] |
| `clusters.<name>.node.os_disk_sku` | Azure refuses it through the VM (not modelled): deallocate the VM, change the \
disk itself, start the VM, then change the setting [3] |
| `clusters.<name>.address_space`, `clusters.<name>.subnet` | Azure refuses to take a network away to which a node is \
attached (`InUsePrefixCannotBeDeleted`; not modelled). Only a new cluster has a new network [4] |
| `ssh_public_key` | nothing: a node keeps the key that it was made with |
| a `generation` | makes a new key and certificate, and deletes the old ones once nothing refers to them |
| anything else | updates in place, or issues certificates anew |

Tried on the [modelled Azure](world.md), but for `persistence_gib`, which is what Microsoft documents, and for what is
called "not modelled": there `rehearse` and `up --offline` take what Azure refuses. Sources of those:

* [1] [Resize a VM](https://learn.microsoft.com/azure/virtual-machines/sizes/resize-vm), Limitations; whether Linux is
  exempt from the one about local disks is [disputed](https://github.com/MicrosoftDocs/azure-compute-docs/pull/427).
  From SCSI to NVMe: [NVMe FAQ](https://learn.microsoft.com/azure/virtual-machines/enable-nvme-remote-faqs).
* [2] [Expand disks](https://learn.microsoft.com/azure/virtual-machines/linux/expand-disks).
* [3] Azure's own message, quoted in
  [azurerm 921](https://github.com/hashicorp/terraform-provider-azurerm/issues/921).
* [4] Azure's own message, quoted in
  [azurerm 11211](https://github.com/hashicorp/terraform-provider-azurerm/issues/11211).

Production protects resource groups, vaults, storage, networks, nodes, brokers and CA keys: there a replacement of these
is refused. `python -m automation preview --stack <stack>` says what a change would do.

"""


def page() -> str:
    """The whole page."""
    return "".join(
        [
            _INTRODUCTION,
            example(),
            _CHANGES,
            *(_section(place, section) for place, section in sections()),
            _profiles(),
            _known_words(),
        ]
    )


def example() -> str:
    """A whole stack file with a third cluster, the tenant's values being those of the schema's examples."""
    fields = fields_of(StackInput)
    tenant = "\n".join(f"    {key}: {_about(fields[key]).example}" for key in TENANT_KEYS)
    return EXAMPLE.format(tenant=tenant)


def _section(place: str, section: type[BaseModel]) -> str:
    heading = f"## `{place or 'edge-stamps:settings'}`\n\n{section.__doc__}\n\n"
    rows = (_row(f"{place}.{key}".removeprefix("."), key, field) for key, field in fields_of(section).items())
    return heading + table(("key", "default", "expected", "example", "hint"), rows) + "\n"


def _row(place: str, key: str, field: FieldInfo) -> tuple[str, ...]:
    about = _about(field)
    return f"`{key}`", _default(place, field), _text(about.expected), f"`{as_yaml(about.example)}`", _text(about.hint)


def _about(field: FieldInfo) -> About:
    return next(each for each in field.metadata if isinstance(each, About))


def _default(place: str, field: FieldInfo) -> str:
    """What holds where the stack file says nothing."""
    if place in _COMPUTED:
        return _COMPUTED[place]
    by_profile = {name: values[place] for name, values in _by_profile().items() if place in values}
    by_cluster = {
        name: value
        for name, values in WELL_KNOWN_CLUSTERS.items()
        for key, value in values.items()
        if place == f"clusters.<name>.{key}"
    }
    if by_cluster:
        return f"{_side_by_side(by_cluster)}; required for others"
    if by_profile:
        return _side_by_side(by_profile)
    if section_in(field.annotation)[1]:
        return "see below"
    return "**required**" if field.is_required() else f"`{as_yaml(field.default)}`"


def _by_profile() -> dict[str, dict[str, object]]:
    """Profile -> place of a setting -> default."""
    any_cluster: dict[str, Any] = {"clusters": {"<name>": {}}}
    return {name: dict(leaves(by_environment(any_cluster, profile))) for name, profile in PROFILES.items()}


def _side_by_side(values: Mapping[str, object]) -> str:
    """Once where all are the same."""
    texts = {name: f"`{as_yaml(value)}`" for name, value in values.items()}
    if len(set(texts.values())) == 1:
        return next(iter(texts.values()))
    return ", ".join(f"{name} {text}" for name, text in texts.items())


def _text(text: str) -> str:
    """As Markdown, in a cell of a table."""
    return text.replace("|", "\\|").replace("<", "\\<")


def _profiles() -> str:
    rows = ((f"`{key}`", *(f"`{as_yaml(getattr(each, key))}`" for each in PROFILES.values())) for key in PROTECTION)
    return (
        "## Profiles\n\nBeside the defaults above, a profile fixes what no setting changes:\n\n"
        + table(("", *PROFILES), rows)
        + "\n"
    )


def _known_words() -> str:
    regions = (
        (f"`{name}`", region.display_name, "yes" if region.has_zones else "no") for name, region in REGIONS.items()
    )
    releases = ((f"`'{name}'`", release.aio_version) for name, release in RELEASES.items())
    sizes = ((f"`{name}`", str(size.cpus), str(size.memory_gib)) for name, size in VM_SIZES.items())
    return "\n".join(
        [
            "## Regions\n\n" + table(("location", "name", "availability zones"), regions),
            "## Releases\n\n" + table(("release", "Azure IoT Operations"), releases),
            "## VM sizes\n\n" + table(("vm_size", "vCPU", "GiB"), sizes),
        ]
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Print, write or check the page."""
    return serve(page, PAGE, arguments)


if __name__ == "__main__":
    sys.exit(main())
