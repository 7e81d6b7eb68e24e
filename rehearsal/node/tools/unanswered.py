"""What a script may call and the model does not answer: it is called not found, and remembered.

Programs of an Ubuntu server by which a node is changed, or something is fetched, and that no node script has a need of.
They are named because a script may add this machine's folders to its PATH, in which some of them are, and none may run.
Any other program that is nowhere comes here by bash's `command_not_found_handle`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from rehearsal.node.calls import Reply, ToolCall
from rehearsal.node.machine import Machine, Tool
from rehearsal.node.tools.flags import names
from rehearsal.node.tools.refusal import NOT_FOUND, note_call

NOT_FOUND_TOOL = "edge-stamps-not-found"
"""Is given the words that bash has not found a program for."""
_NAMES = names(
    "useradd adduser usermod userdel groupadd addgroup gpasswd passwd chpasswd visudo sudo su"
    " crontab at batch systemd-run nohup setsid"
    " wget ssh scp sftp rsync nc git ssh-keygen"
    " ufw nft ip6tables iptables-save iptables-restore ip"
    " snap pip pip3 apt add-apt-repository apt-key dpkg-reconfigure helm docker"
    " mount umount modprobe swapoff hostnamectl timedatectl reboot shutdown update-alternatives chattr setfacl setcap"
)


def answer_nothing(call: ToolCall, _: Machine) -> Reply:
    """Say what bash says of a program that is not there."""
    note_call(call)
    return Reply(NOT_FOUND, stderr=f"bash: {call.tool}: command not found\n")


def _answer_not_found(call: ToolCall, machine: Machine) -> Reply:
    tool, *arguments = call.arguments or ("",)
    return answer_nothing(replace(call, tool=tool, arguments=tuple(arguments)), machine)


UNANSWERED: Mapping[str, Tool] = {**dict.fromkeys(_NAMES, answer_nothing), NOT_FOUND_TOOL: _answer_not_found}
"""Name -> behaviour."""
