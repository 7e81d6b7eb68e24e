"""Find what is missing on this machine and in Azure before the first `up`, and the command that fixes it.

    for result in examine(program, "dev"): ...

Nothing is changed anywhere: the tools are only asked. `checks` is the table of checks, one module per concern has
them, `tools` is the edge.

Nobody has run this against Azure yet: the answers that the tests play are shaped after Microsoft's documentation and
the Azure CLI's source.

Not seen by it: deny assignments, Azure Policy, conditions of role assignments that the permissions API keeps to itself,
and whether a datacentre has room for the VMs at the moment.
"""

from automation.check import CheckResult
from automation.doctor.checks import CHECKS
from automation.doctor.examination import examine

__all__ = ["CHECKS", "CheckResult", "examine"]
