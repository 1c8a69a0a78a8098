"""What stands between a client and PostgreSQL and is not PostgreSQL: kinds of poolers.

They speak just enough of the protocol: no TLS, one thread for each client.
"""

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

_TLS, _GSS = 80877103, 80877104
_PLAIN = 196608  # protocol 3.0


PGBOUNCER = "08P01", "unsupported startup parameter: options"


@contextmanager
def saying(*answers: tuple[str, str], server: int = 0) -> Iterator[int]:
    """Give the port of a server that refuses the first clients with these codes and words.

    All others are handed on to the `server`; without one they are told the last words again.
    """
    left = list(answers)

    def answer(client: socket.socket, startup: bytes) -> None:
        if left or not server:
            refuse(client, *(left.pop(0) if left else answers[-1]))
        else:
            _hand_on(client, startup, server)

    with _listening(answer) as port:
        yield port


@contextmanager
def refusing(server: int) -> Iterator[int]:
    """Give the port of one that refuses `options` in the words of PgBouncer, and takes others."""

    def answer(client: socket.socket, startup: bytes) -> None:
        if b"\0options\0" in startup:
            refuse(client, *PGBOUNCER)
        else:
            _hand_on(client, startup, server)

    with _listening(answer) as port:
        yield port


@contextmanager
def dropping(server: int) -> Iterator[int]:
    """Give the port of one that hands everything on to a server, only not the `options`."""

    def answer(client: socket.socket, startup: bytes) -> None:
        _hand_on(client, _without_options(startup), server)

    with _listening(answer) as port:
        yield port


@contextmanager
def sharing(
    server: int, *, keeps_options: bool, turns: bool = False, statements: bool = False
) -> Iterator[int]:
    """Give the port of one that lends a session for one transaction, to whoever comes first.

    A new client needs no session of its own, but to log in. With `turns` the sessions take turns,
    else the one that was lent last is lent first. With `statements` it ends whoever begins a
    transaction. A session is back in the pool before its client hears that it is.
    """
    pool: list[socket.socket] = []
    spare: list[socket.socket] = []
    made: list[socket.socket] = []
    turn = threading.Lock()

    def answer(client: socket.socket, startup: bytes) -> None:
        upstream, ready = _log_in(
            client, startup if keeps_options else _without_options(startup), server
        )
        made.append(upstream)
        with turn:
            (pool if turns or not pool else spare).append(upstream)
        client.sendall(ready)
        while (message := _message(client))[:1] != b"X":
            if statements and b"BEGIN" in message:
                return
            with turn:
                upstream = pool.pop(0 if turns else -1) if pool else spare.pop()
            while (ready := _until_ready(upstream, client, message))[5:] != b"I":
                client.sendall(ready)
                message = _message(client)
            with turn:
                pool.append(upstream)
            client.sendall(ready)

    with _listening(answer) as port:
        yield port
    for each in made:
        each.close()


def refuse(client: socket.socket, code: str, words: str) -> None:
    """Say a FATAL error, as a server does that gives no session."""
    fields = f"SFATAL\0VFATAL\0C{code}\0M{words}\0\0".encode()
    client.sendall(b"E" + struct.pack("!I", len(fields) + 4) + fields)


def _without_options(startup: bytes) -> bytes:
    words = startup.split(b"\0")
    kept = b"".join(
        name + b"\0" + value + b"\0"
        for name, value in zip(words[::2], words[1::2], strict=False)
        if name and name != b"options"
    )
    return kept + b"\0"


def _log_in(client: socket.socket, startup: bytes, server: int) -> tuple[socket.socket, bytes]:
    """Have a client log in; give the session that it got, and the word that it is ready."""
    upstream = socket.create_connection(("127.0.0.1", server))
    upstream.sendall(struct.pack("!II", len(startup) + 8, _PLAIN) + startup)
    while True:
        message = _message(upstream)
        if message[:1] == b"Z":
            return upstream, message
        client.sendall(message)
        asks = message[:1] == b"R" and struct.unpack("!I", message[5:9])[0] in (3, 5, 10, 11)
        if asks:
            upstream.sendall(_message(client))


def _until_ready(upstream: socket.socket, client: socket.socket, message: bytes) -> bytes:
    """Ask, hand on what is answered, and give the word that it is ready, not yet handed on."""
    upstream.sendall(message)
    while (answer := _message(upstream))[:1] != b"Z":
        client.sendall(answer)
    return answer


def _message(sender: socket.socket) -> bytes:
    head = exactly(sender, 5)
    return head + exactly(sender, struct.unpack("!I", head[1:])[0] - 4)


def _hand_on(client: socket.socket, startup: bytes, server: int) -> None:
    with socket.create_connection(("127.0.0.1", server)) as upstream:
        upstream.sendall(struct.pack("!II", len(startup) + 8, _PLAIN) + startup)
        threading.Thread(target=pump, args=(upstream, client), daemon=True).start()
        pump(client, upstream)


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
def falling_silent(server: int, *at: bytes) -> Iterator[tuple[int, list[threading.Event]]]:
    """Give the port of one by which a session is lost that says one of these words.

    Nothing of it is handed on any more, and it is told nothing; others are well. The events say
    which of the words were said.
    """
    fell, over = [threading.Event() for _ in at], threading.Event()

    def answer(client: socket.socket, startup: bytes) -> None:
        with socket.create_connection(("127.0.0.1", server)) as upstream:
            upstream.sendall(struct.pack("!II", len(startup) + 8, _PLAIN) + startup)
            threading.Thread(target=pump, args=(upstream, client), daemon=True).start()
            while block := client.recv(65536):
                for words, event in zip(at, fell, strict=True):
                    if words in block:
                        event.set()
                        over.wait()
                        return
                upstream.sendall(block)

    with _listening(answer) as port:
        try:
            yield port, fell
        finally:
            over.set()


@contextmanager
def wanting_a_password(gone: threading.Event) -> Iterator[int]:
    """Give the port of one that asks for a password, and tell when who was asked has gone."""

    def answer(client: socket.socket, _: bytes) -> None:
        client.sendall(b"R" + struct.pack("!II", 8, 3))
        with suppress(OSError):
            client.recv(1)
        gone.set()

    with _listening(answer) as port:
        yield port


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
