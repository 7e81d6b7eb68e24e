"""Start a program that can write in its own folders only, run named programs only, and connect by TCP to nobody.

What it can do nevertheless: docs/node.md.

The scripts are root's and the rehearsal may be root too. Linux confines a process for good by Landlock
(docs.kernel.org/userspace-api/landlock.html); root also gives up every capability. Run as a program: one argument, JSON
of a `Confinement`, then the command.
"""

import ctypes
import json
import os
import resource
import signal
import sys

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the numbers of x86-64 and arm64
_QUERY_VERSION = 1
_PATH_BENEATH = 1
_EXECUTE, _WRITE_FILE, _TRUNCATE = 1 << 0, 1 << 1, 1 << 14
_READ = 1 << 2 | 1 << 3
_NO_NEW_PRIVILEGES, _DROP_CAPABILITY = 38, 24
_CAPABILITY_TO_DROP, _CAPABILITIES = 8, 64
_SIGNAL_OF_PARENTS_DEATH = 1
_LARGEST_FILE = 64 << 20
_RIGHTS_BY_VERSION = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
"""Version of Landlock -> how many rights on files it knows."""


class _Ruleset(ctypes.Structure):
    _fields_ = [("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("scopes", ctypes.c_uint64)]


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = [("rights", ctypes.c_uint64), ("parent", ctypes.c_int32)]


def find_version() -> int:
    """Return the version of Landlock that this kernel has; 0 if it has none."""
    if sys.platform != "linux":
        return 0
    version: int = _libc().syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _QUERY_VERSION)
    return max(version, 0)


def find_refusal() -> str:
    """Return why nothing may be run here; empty if it may."""
    if find_version() or os.geteuid() != 0:
        return ""
    return (
        "this system has no Landlock, so scripts that are root's cannot be kept in their folder. Expected: Linux 5.13"
        " or later with Landlock, or a user who is not root. Next: run the rehearsal as an ordinary user"
    )


def find_warning() -> str:
    """Return what scripts may do here that elsewhere they may not; empty if they are confined."""
    return "" if find_version() else "This system has no Landlock: scripts of nodes can do what you can (docs/node.md)."


def confine(folders: list[str], programs: list[str]) -> None:
    """Confine this process and its children: write below the folders, run the programs and what is in the folders."""
    libc = _libc()
    version = find_version()
    if version:
        every = (1 << _RIGHTS_BY_VERSION.get(version, 16)) - 1
        handled = every & ~_READ
        rules = _Ruleset(handled, 3 if version >= 4 else 0, 3 if version >= 6 else 0)
        size = 24 if version >= 6 else 16 if version >= 4 else 8
        ruleset = _check(libc.syscall(_CREATE_RULESET, ctypes.byref(rules), ctypes.c_size_t(size), 0))
        wanted = [
            *((folder, handled) for folder in folders),
            *((program, _EXECUTE) for program in programs),
            ("/dev/null", (_WRITE_FILE | _TRUNCATE) & handled),
        ]
        for path, rights in wanted:
            parent = os.open(path, os.O_PATH | os.O_CLOEXEC)
            rule = _PathBeneath(rights, parent)
            _check(libc.syscall(_ADD_RULE, ruleset, _PATH_BENEATH, ctypes.byref(rule), 0))
            os.close(parent)
        _check(libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0))
        _drop_capabilities(libc)
        _check(libc.syscall(_RESTRICT_SELF, ruleset, 0))
        os.close(ruleset)


def end_with(parent: int) -> None:
    """Have this process killed when the thread that has started it ends (PR_SET_PDEATHSIG); its children are not."""
    if sys.platform == "linux":
        _check(_libc().prctl(_SIGNAL_OF_PARENTS_DEATH, int(signal.SIGKILL), 0, 0, 0))
    if os.getppid() != parent:
        sys.exit("the rehearsal has ended")


def limit() -> None:
    """Let this process and its children write no file larger than 64 MiB, and no memory dump."""
    for kind, most in ((resource.RLIMIT_FSIZE, _LARGEST_FILE), (resource.RLIMIT_CORE, 0)):
        resource.setrlimit(kind, (most, most))


def _drop_capabilities(libc: ctypes.CDLL) -> None:
    """Let no program that is started from here have a capability; the right to drop goes last."""
    if os.geteuid() == 0:
        for number in [*(one for one in range(_CAPABILITIES) if one != _CAPABILITY_TO_DROP), _CAPABILITY_TO_DROP]:
            libc.prctl(_DROP_CAPABILITY, number, 0, 0, 0)  # those beyond the kernel's last fail


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _check(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"the script cannot be confined: {os.strerror(number)}")
    return result


if __name__ == "__main__":
    given = json.loads(sys.argv[1])
    end_with(given["parent"])
    limit()
    confine(given["folders"], given["programs"])
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # Python ignores it, and has set a locale of its own
    os.environ.pop("LC_CTYPE", None)
    os.execv(sys.argv[2], sys.argv[3:])  # noqa: S606 - a shell is what is started
