"""What Azure allows of a name, and who says so."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class NameLimit:
    """What one kind of name may look like."""

    what: str
    shortest: int
    longest: int
    pattern: str
    """Regular expression that the whole name must match."""
    source: str

    def allows(self, name: str) -> bool:
        return self.shortest <= len(name) <= self.longest and re.fullmatch(self.pattern, name) is not None


ADMIN_USERNAME = NameLimit("administrator of the node", 1, 32, r"[a-z]([a-z0-9-]*[a-z0-9])?", "useradd(8), Ubuntu")

# fmt: off
REFUSED_ADMIN_USERNAMES = frozenset((
    "actuser", "adm", "admin", "admin1", "admin2", "administrator", "aspnet", "backup", "bin", "console",
    "daemon", "david", "games", "guest", "irc", "john", "list", "lp", "mail", "man", "news", "nobody",
    "owner", "proxy", "root", "server", "sql", "support", "sync", "sys", "systemd", "test", "test1", "test2",
    "test3", "user", "user1", "user2", "user3", "user4", "user5", "uucp", "video",
))
# fmt: on
"""Azure refuses these for any VM (osProfile.adminUsername), or Ubuntu has such an account or group already."""
