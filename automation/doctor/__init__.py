"""What is missing on this machine and in Azure before the first `up`, and the command that mends it.

    for check in examine(program, "dev"): ...

Nothing is changed anywhere: the tools are only asked. `checks` is the table of what is looked at, one module per
concern looks, `tools` is the edge.

Nobody has run this against Azure yet: the answers that the tests play are shaped after Microsoft's documentation and
the Azure CLI's source.

Not seen by it: deny assignments, Azure Policy, conditions of role assignments that the permissions API keeps to itself,
and whether a datacentre has room for the VMs at the moment.
"""

from automation.doctor.check import Check
from automation.doctor.examination import describe, examine
from automation.doctor.tools import Answer, Runner, run_tool

__all__ = ["Answer", "Check", "Runner", "describe", "examine", "run_tool"]
