"""Ask the rehearsal what a tool says. This text stands on a script's PATH under the name of each tool.

It imports no more than it must, because a script starts it dozens of times.
"""

import _socket
import posix
import sys

READS_STDIN: tuple[str, ...] = ()  # its copy names those tools
_PIPE_OR_FILE = (0o010000, 0o100000)
_FORMAT = 0o170000


def main() -> None:
    """Send this call, print the answer."""
    folder, _, tool = _encode(sys.argv[0]).rpartition(b"/")
    given = b""
    if tool.decode() in READS_STDIN and posix.fstat(0).st_mode & _FORMAT in _PIPE_OR_FILE:
        while part := posix.read(0, 65536):
            given += part
    arguments = [_encode(one) for one in sys.argv[1:]]
    environment = [name + b"=" + value for name, value in posix.environ.items()]
    call = b"\0".join([tool, posix.getcwdb(), str(len(arguments)).encode(), *arguments, *environment])
    service = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    service.connect(folder + b"/.service")
    service.sendall(str(len(call)).encode() + b"\n" + call + given)
    service.shutdown(_socket.SHUT_WR)
    answer = b""
    while part := service.recv(65536):
        answer += part
    head, _, said = answer.partition(b"\n")
    code, length = map(int, head.split())
    _write(1, said[:length])
    _write(2, said[length:])
    posix._exit(code)


def _encode(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _write(descriptor: int, data: bytes) -> None:
    while data:
        data = data[posix.write(descriptor, data) :]


if __name__ == "__main__":
    main()
