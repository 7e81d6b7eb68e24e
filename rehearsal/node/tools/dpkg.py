"""dpkg and dpkg-query, as far as the scripts ask them.

dpkg, src/query/main.c and lib/dpkg/options.c.
"""

from __future__ import annotations

from rehearsal.node.calls import ToolCall
from rehearsal.node.machine import Machine
from rehearsal.node.tools.flags import Table, Words, read_line
from rehearsal.node.tools.refusal import RefusalError, answering

_DPKG_WORDS = Words(
    unknown="{tool}: error: unknown option {option}\n\nUse --help for help about querying packages.",
    no_value="{tool}: error: {option} option takes a value\n\nUse --help for help about querying packages.",
    surplus_value="{tool}: error: {option} option does not take a value",
    code=2,
)
_DPKG_QUERY = Table("dpkg-query", _DPKG_WORDS).with_flags(
    "--show -W", "--list -l", "--status -s", "--showformat -f VALUE", "--no-pager"
)
_DPKG = Table("dpkg", _DPKG_WORDS).with_flags(
    "--print-architecture", "--configure", "--audit -C", "--list -l", "--status -s", "--pending -a"
)


@answering
def dpkg_query(call: ToolCall, machine: Machine) -> str:
    """Answer `dpkg-query --show`."""
    line = read_line(_DPKG_QUERY, call.arguments)
    if not line.has("--show"):
        raise ValueError("dpkg-query: the model answers --show only; extend dpkg.py")
    shown: list[str] = []
    for name in line.words:
        package = machine.facts.get("packages", {}).get(name)
        if package is None:
            raise RefusalError(1, f"dpkg-query: no packages found matching {name}", "".join(shown))
        text = line.last("--showformat", "${binary:Package}\t${Version}\n")
        for field, value in {"Version": package["version"], "Package": name, "binary:Package": name}.items():
            text = text.replace(f"${{{field}}}", value)
        shown.append(text)
    return "".join(shown)


@answering
def dpkg(call: ToolCall, _: Machine) -> str:
    """Answer `dpkg --print-architecture`."""
    line = read_line(_DPKG, call.arguments)
    if line.has("--print-architecture"):
        return "amd64\n"
    if line.has("--configure"):
        return ""
    raise ValueError("dpkg: the model answers --print-architecture and --configure only; extend dpkg.py")
