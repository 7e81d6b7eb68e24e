"""The modelled Azure over HTTPS on loopback, as Azure Resource Manager's REST (docs/serve.md says what is answered).

One adapter over a `World`: whatever talks to Azure Resource Manager can look at a rehearsed stack. Off by default.
"""

from rehearsal.arm_rest.server import HOURS, Served, serve

__all__ = ["HOURS", "Served", "serve"]
