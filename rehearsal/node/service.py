"""Answer the stand-ins of one run: what a script calls comes here over a socket of its own."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import TracebackType

from rehearsal.node.bounds import find_bound
from rehearsal.node.calls import Reply, ToolCall

NAME = ".service"
"""Of the socket, beside the stand-ins."""
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
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:  # shut down
                return
            with connection:
                try:
                    reply = self._reply(_receive(connection), find_bound(connection))
                    connection.sendall(_pack(reply))
                except OSError:  # whoever called was killed meanwhile
                    continue

    def _reply(self, data: bytes, bound: float | None) -> Reply:
        try:
            return self._answer(replace(_unpack(data, self._elapsed()), bound=bound))
        except ValueError as error:
            return Reply(2, stderr=f"{error}\n")
        except BaseException as error:
            self.failure = self.failure or error
            return Reply(70, stderr=f"the rehearsal itself failed: {error}\n")


def _receive(connection: socket.socket) -> bytes:
    parts = []
    while part := connection.recv(65536):
        parts.append(part)
    return b"".join(parts)


def _unpack(data: bytes, elapsed: float) -> ToolCall:
    length, _, rest = data.partition(b"\n")
    tool, directory, count, *words = map(os.fsdecode, rest[: int(length)].split(b"\0"))
    arguments, environment = words[: int(count)], words[int(count) :]
    variables = dict(word.partition("=")[::2] for word in environment)
    return ToolCall(tool, tuple(arguments), variables, Path(directory), rest[int(length) :], elapsed)


def _pack(reply: Reply) -> bytes:
    stdout, stderr = (text.encode("utf-8", "surrogateescape") for text in (reply.stdout, reply.stderr))
    return f"{reply.code & 255} {len(stdout)}\n".encode() + stdout + stderr
