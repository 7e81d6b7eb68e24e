"""The Pulumi CLI as a process that we interrupt in an orderly way.

The SDK starts it in our own process group: Ctrl-C reaches both, we go first, and the CLI dies of its closed pipes with
the lock in place. SIGTERM, and an interrupt of our process alone, never reach it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import IO, Any

from pulumi import automation as auto
from pulumi.automation.errors import create_command_error

from automation.console import progress

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
OnOutput = Callable[[str], Any]


class PulumiCli(auto.PulumiCommand):
    """The CLI on PATH, in a session of its own: it gets one interrupt for each of ours, and we wait for its end."""

    dropped: tuple[str, ...] = ("PULUMI_OPTION_",)
    """Beginnings of variables that the CLI does not get: options by them would deploy what nobody has judged."""
    dies_with_us: bool = False
    """Whether it is killed where this process is: its providers are in here, and it would take their end for answers
    of Azure. Linux only; elsewhere it goes on."""

    def environment(self) -> dict[str, str]:
        """Return what the CLI gets of this process's environment."""
        return {name: value for name, value in os.environ.items() if not name.startswith(self.dropped)}

    def run(
        self,
        args: list[str],
        cwd: str,
        additional_env: Mapping[str, str],
        on_output: OnOutput | None = None,
        on_error: OnOutput | None = None,
    ) -> auto.CommandResult:
        """As the SDK's own, but for the session.

        Raises:
            CommandError: it failed.
            KeyboardInterrupt: it was interrupted, and has ended.
        """
        with (
            subprocess.Popen(  # noqa: S603 as the SDK does
                [*(_die_with_us() if self.dies_with_us else ()), self.command, "--non-interactive", *args],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=cwd,
                env={**self.environment(), **additional_env, "PULUMI_AUTOMATION_API": "true"},
                encoding="utf-8",
                start_new_session=True,
            ) as process,
            _interrupting(process) as interrupts,
        ):
            out, error = _collected(process.stdout, on_output), _collected(process.stderr, on_error)
            result = auto.CommandResult("\n".join(out()), "\n".join(error()), process.wait())
        if interrupts:
            raise KeyboardInterrupt
        if result.code:
            raise create_command_error(result)
        return result


def _die_with_us() -> list[str]:
    """Return the words before a command that is to be killed when this process is (prctl(2), PR_SET_PDEATHSIG)."""
    if sys.platform != "linux":
        return []
    # In a process of its own: between fork and exec of this one, with its threads, no Python may run.
    script = (
        "import ctypes, os, sys; ctypes.CDLL(None).prctl(1, 9); os.getppid() == int(sys.argv[1]) or sys.exit(1);"
        " os.execvp(sys.argv[2], sys.argv[2:])"
    )
    return [sys.executable, "-S", "-E", "-c", script, str(os.getpid())]


@contextmanager
def _interrupting(process: subprocess.Popen[str]) -> Iterator[list[int]]:
    """Hand interrupts on while the block lasts; the signals that came."""
    came: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield came  # signals are handled in the main thread only
        return

    def hand_on(number: int, _: Any) -> None:
        if not came:
            progress("Interrupted: what runs is let end, and nothing more is begun. Once more ends it at once.")
        came.append(number)
        process.send_signal(signal.SIGINT)

    before = {number: signal.signal(number, hand_on) for number in _SIGNALS}
    try:
        yield came
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _collected(stream: IO[str] | None, on_line: OnOutput | None) -> Callable[[], list[str]]:
    """Read the stream in a thread; gives all lines when it has ended."""
    assert stream is not None
    lines: list[str] = []

    def read() -> None:
        for line in stream:
            lines.append(line.rstrip())
            if on_line:
                on_line(lines[-1])

    thread = threading.Thread(target=read)
    thread.start()

    def ended() -> list[str]:
        thread.join()
        return lines

    return ended
