"""iptables as far as a node's own rules go: -C, -A, -I, -D and -S, kept in the order of evaluation.

iptables(8) and iptables-extensions(8) of 1.8.10 (nf_tables), the texts of its
libxtables/xtables.c and iptables/xshared.c.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from rehearsal.node.calls import ToolCall
from rehearsal.node.machine import Machine
from rehearsal.node.tools.refusal import RefusalError, answering

_VERSION = "iptables v1.8.10 (nf_tables)"
_HINT = "Try `iptables -h' or 'iptables --help' for more information."
_CHAINS = {
    "filter": ("INPUT", "FORWARD", "OUTPUT"),
    "nat": ("PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"),
    "mangle": ("PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"),
    "raw": ("PREROUTING", "OUTPUT"),
    "security": ("INPUT", "FORWARD", "OUTPUT"),
}
_COMMANDS = {"-A": "-A", "--append": "-A", "-I": "-I", "--insert": "-I", "-C": "-C", "--check": "-C", "-D": "-D",
             "--delete": "-D"}  # fmt: skip
_MATCHES = {
    "-s": "", "--source": "", "-d": "", "--destination": "", "-p": "", "--protocol": "", "-i": "", "-o": "",
    "-m": "", "--match": "", "-j": "", "--jump": "",
    "--dport": "tcp", "--sport": "tcp", "--dports": "multiport", "--sports": "multiport", "--ports": "multiport",
    "--ctstate": "conntrack", "--comment": "comment", "--uid-owner": "owner",
}  # fmt: skip
"""Option of a rule -> the match that brings it; all take a value."""
_TARGETS = ("ACCEPT", "DROP", "REJECT", "RETURN", "LOG", "MARK", "MASQUERADE", "DNAT", "SNAT")
_SHORT = {"--source": "-s", "--destination": "-d", "--protocol": "-p", "--match": "-m", "--jump": "-j"}


@answering
def iptables(call: ToolCall, machine: Machine) -> str:
    """Answer `iptables`."""
    table, command, chain, rule = _read(list(call.arguments))
    if chain not in _CHAINS[table]:
        raise RefusalError(1, "iptables: No chain/target/match by that name.", is_unknown=True)
    rules: list[dict[str, Any]] = machine.facts.setdefault("iptables", [])
    wanted = {"table": table, "chain": chain, "rule": rule}
    if command == "-A":
        rules.append(wanted)
    elif command == "-I":
        rules.insert(0, wanted)
    elif wanted not in rules:
        raise RefusalError(1, "iptables: Bad rule (does a matching rule exist in that chain?).")
    elif command == "-D":
        rules.remove(wanted)
    return ""


def _read(words: list[str]) -> tuple[str, str, str, list[str]]:
    """Return table, command, chain and the rule's own words."""
    table, command, chain, rule = "filter", "", "", list[str]()
    while words:
        word = words.pop(0)
        if word in ("-w", "--wait"):
            del words[: 1 if words and words[0].isdigit() else 0]
        elif word in ("-t", "--table"):
            table = _value(word, words)
        elif word in _COMMANDS:
            command, chain = _COMMANDS[word], _value(word, words)
        else:
            rule += _read_option(word, words, rule)
    if table not in _CHAINS:
        raise RefusalError(3, f"{_VERSION}: can't initialize iptables table `{table}': Table does not exist")
    if not command:
        raise _refuse("no command specified")
    return table, command, chain, rule


def _read_option(word: str, words: list[str], rule: list[str]) -> list[str]:
    """Read one option of a rule; those of a match need the match before them."""
    if word == "!" or word.isdigit():
        raise ValueError(f"iptables: the model knows neither rule numbers nor `!`, and got {word}; extend iptables.py")
    if word not in _MATCHES:
        raise _refuse(f'unknown option "{word}"' if word.startswith("-") else f"Bad argument `{word}'")
    needed = {"tcp": ("tcp", "udp")}.get(_MATCHES[word], (_MATCHES[word],))
    if _MATCHES[word] and not any(pair in pairwise(rule) for pair in _brings(needed)):
        raise _refuse(f'unknown option "{word}"')
    if _MATCHES[word] in ("multiport", "tcp"):
        _require_protocol(word, rule)
    value = _value(word, words)
    if word in ("-j", "--jump") and value not in _TARGETS:
        raise _refuse(f"Chain '{value}' does not exist")
    return [_SHORT.get(word, word), value]


def _require_protocol(word: str, rule: list[str]) -> None:
    """Require `-p` before ports: extensions/libxt_multiport.c, check_proto; the others' kernel modules check it."""
    protocol = next((value for option, value in pairwise(rule) if option == "-p"), "")
    if protocol in ("tcp", "udp"):
        return
    if _MATCHES[word] != "multiport":
        raise ValueError(f"iptables: the model does not know {word} without -p tcp or -p udp before it")
    if protocol:
        raise _refuse("multiport only works with TCP, UDP, UDPLITE, SCTP and DCCP")
    raise _refuse("multiport needs `-p tcp', `-p udp', `-p udplite', `-p sctp' or `-p dccp'")


def _brings(matches: tuple[str, ...]) -> list[tuple[str, str]]:
    return [(option, match) for option in ("-m", "-p") for match in matches]


def _value(option: str, words: list[str]) -> str:
    if not words:
        raise _refuse(f'option "{option}" requires an argument')
    return words.pop(0)


def _refuse(text: str) -> RefusalError:
    return RefusalError(2, f"{_VERSION}: {text}\n{_HINT}", is_unknown=True)
