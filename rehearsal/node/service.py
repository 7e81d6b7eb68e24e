"""Answer the stand-ins of one run: what a script calls comes here over a socket of its own."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import TracebackType

from rehearsal.node.bounds import find_bound
from rehearsal.node.calls import Reply, ToolCall

NAME = ".service"
"""Of the socket, beside the stand-ins."""
_LARGEST = 16 << 20
"""Bytes of one call."""
_SECONDS = 30.0
"""In which a call has to arrive, and its answer to be taken; a busy machine may hold its process up for some."""
_SECONDS_TO_END = 60.0
_DESCRIPTORS = "/proc/self/fd/"
"""Begins the name under which `client.pl` sends, among the variables, what is in a file that it was given open."""
_STAYS = 256
"""In the place of an exit code: `client.pl` goes on until it is ended; what is more is the word that it becomes."""
Answer = Callable[[ToolCall], Reply]


class Service:
    """Answers calls one after another while its context lasts.

    `failure` is what went wrong in here, not in the script.
    """

    def __init__(self, folder: Path, answer: Answer, elapsed: Callable[[], float]) -> None:
        self._answer, self._elapsed = answer, elapsed
        self.failure: BaseException | None = None
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.bind(str(folder / NAME))
        self._socket.listen(64)
        self._thread = threading.Thread(target=self._serve, name=f"tools of {folder}", daemon=True)

    def __enter__(self) -> Service:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join(_SECONDS_TO_END)
        if self._thread.is_alive():
            self.failure = self.failure or TimeoutError(f"{self._thread.name}: a call had no end")
        self._socket.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:  # shut down
                return
            with connection:
                try:
                    data = _receive(connection)
                    connection.settimeout(_SECONDS)
                    reply = self._reply(data, find_bound(connection))
                    connection.sendall(_pack(reply))
                except OSError:  # whoever called was killed meanwhile
                    continue

    def _reply(self, data: bytes, bound: float | None) -> Reply:
        try:
            return self._answer(replace(_unpack(data, self._elapsed()), bound=bound))
        except (ValueError, ArithmeticError, RecursionError) as error:  # what the script has sent is to blame
            return Reply(2, stderr=f"{error}\n")
        except BaseException as error:
            self.failure = self.failure or error
            return Reply(70, stderr=f"the rehearsal itself failed: {error}\n")


def _receive(connection: socket.socket) -> bytes:
    """Return what was sent.

    Raises:
        OSError: it is too much, or takes too long.
    """
    data = bytearray()
    give_up = time.monotonic() + _SECONDS
    connection.settimeout(_SECONDS)
    while part := connection.recv(65536):
        data += part
        left = give_up - time.monotonic()
        if len(data) > _LARGEST or left <= 0:
            raise OSError("a call is too large or too slow")
        connection.settimeout(left)
    return bytes(data)


def _unpack(data: bytes, elapsed: float) -> ToolCall:
    length, _, rest = data.partition(b"\n")
    tool, directory, count, *words = map(os.fsdecode, rest[: int(length)].split(b"\0"))
    arguments, environment = words[: int(count)], words[int(count) :]
    variables = dict(word.partition("=")[::2] for word in environment)
    inherited = {name: variables.pop(name) for name in list(variables) if name.startswith(_DESCRIPTORS)}
    return ToolCall(tool, tuple(arguments), variables, Path(directory), rest[int(length) :], elapsed, inherited)


def _pack(reply: Reply) -> bytes:
    stdout, stderr = (text.encode("utf-8", "surrogateescape") for text in (reply.stdout, reply.stderr))
    code = _STAYS + reply.becomes if reply.stays or reply.becomes else reply.code & 255
    return f"{code} {len(stdout)}\n".encode() + stdout + stderr
