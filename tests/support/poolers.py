"""What stands between a client and PostgreSQL and is not PostgreSQL: two kinds of poolers.

Both speak just enough of the startup protocol: no TLS, one thread for each client.
"""

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

_TLS, _GSS = 80877103, 80877104
_PLAIN = 196608  # protocol 3.0


@contextmanager
def refusing() -> Iterator[int]:
    """Give the port of one that refuses `options` in the words of PgBouncer."""

    def answer(client: socket.socket, startup: bytes) -> None:
        fields = b"SFATAL\0C08P01\0Munsupported startup parameter: options\0\0"
        assert b"options\0" in startup
        client.sendall(b"E" + struct.pack("!I", len(fields) + 4) + fields)

    with _listening(answer) as port:
        yield port


@contextmanager
def dropping(server: int) -> Iterator[int]:
    """Give the port of one that hands everything on to a server, only not the `options`."""

    def answer(client: socket.socket, startup: bytes) -> None:
        words = startup.split(b"\0")
        kept = b"".join(
            name + b"\0" + value + b"\0"
            for name, value in zip(words[::2], words[1::2], strict=False)
            if name and name != b"options"
        )
        packet = struct.pack("!II", len(kept) + 9, _PLAIN) + kept + b"\0"
        with socket.create_connection(("127.0.0.1", server)) as upstream:
            upstream.sendall(packet)
            threading.Thread(target=pump, args=(upstream, client), daemon=True).start()
            pump(client, upstream)

    with _listening(answer) as port:
        yield port


@contextmanager
def silent() -> Iterator[int]:
    """Give the port of one that takes the connection and never says a word."""
    done = threading.Event()
    with _listening(lambda *_: done.wait(), greet=False) as port:
        try:
            yield port
        finally:
            done.set()


@contextmanager
def _listening(
    answer: Callable[[socket.socket, bytes], object], *, greet: bool = True
) -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def accept() -> None:
            with suppress(OSError):
                while True:
                    client, _ = listener.accept()
                    threading.Thread(target=serve, args=(client,), daemon=True).start()

        def serve(client: socket.socket) -> None:
            with client, suppress(OSError):
                answer(client, _startup(client) if greet else b"")

        threading.Thread(target=accept, daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


def _startup(client: socket.socket) -> bytes:
    """Say no to encryption, and give the startup message's parameters."""
    while True:
        length, kind = struct.unpack("!II", exactly(client, 8))
        if kind not in (_TLS, _GSS):
            return exactly(client, length - 8)
        client.sendall(b"N")


def exactly(client: socket.socket, size: int) -> bytes:
    """Read so many bytes."""
    received = b""
    while len(received) < size:
        block = client.recv(size - len(received))
        if not block:
            raise OSError("the client has gone")
        received += block
    return received


def pump(source: socket.socket, target: socket.socket) -> None:
    """Hand on all that comes until it ends."""
    with suppress(OSError):
        while block := source.recv(65536):
            target.sendall(block)
        target.shutdown(socket.SHUT_WR)
