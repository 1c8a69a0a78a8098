"""A TCP proxy between a client and a server on loopback, which does to the answers what it may."""

import contextlib
import socket
import struct
import threading
import time
from typing import Self

_BLOCK = 1 << 14


class Proxy:
    """Hands on what client and server say to each other, until a fault is due.

    All answers of the server are counted together. After `cut_after` bytes every connection ends,
    with `reset` as by a broken network; after `stall_after` bytes nothing is handed on any more;
    `pace` is the bytes a second that an answer may have.
    """

    def __init__(
        self,
        port: int,
        *,
        cut_after: int | None = None,
        stall_after: int | None = None,
        pace: int | None = None,
        reset: bool = False,
    ) -> None:
        self.answered = 0
        self._server = port
        self._cut_after, self._stall_after = cut_after, stall_after
        self._pace, self._reset = pace, reset
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._lines: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept, daemon=True)]

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        _hang_up(self._listener)
        for line in self._lines:
            _hang_up(line)
        for thread in self._threads:
            thread.join(5)
        for line in [self._listener, *self._lines]:
            line.close()

    def _accept(self) -> None:
        while not self._over.is_set():
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self._server))
            self._lines += [client, server]
            for target, lines in (
                (self._ask, (client, server)),
                (self._answer, (server, client)),
            ):
                thread = threading.Thread(target=target, args=lines, daemon=True)
                self._threads.append(thread)
                thread.start()

    def _ask(self, client: socket.socket, server: socket.socket) -> None:
        try:
            while block := client.recv(_BLOCK):
                server.sendall(block)
        except OSError:
            pass
        _hang_up(server)

    def _answer(self, server: socket.socket, client: socket.socket) -> None:
        try:
            while block := server.recv(_BLOCK):
                client.sendall(self._allowed(block))
                if self._cut_after is not None and self.answered >= self._cut_after:
                    break
                if self._stall_after is not None and self.answered >= self._stall_after:
                    self._over.wait()
                if self._pace is not None:
                    time.sleep(len(block) / self._pace)
        except OSError:
            pass
        if self._reset:
            with contextlib.suppress(OSError):  # it has gone already
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                client.shutdown(socket.SHUT_RD)  # wakes the other thread, which would keep it open
            client.close()
        _hang_up(client)
        _hang_up(server)

    def _allowed(self, block: bytes) -> bytes:
        limits = [limit for limit in (self._cut_after, self._stall_after) if limit is not None]
        with self._lock:
            rest = min((max(limit - self.answered, 0) for limit in limits), default=len(block))
            self.answered += min(rest, len(block))
        return block[:rest]


def _hang_up(line: socket.socket) -> None:
    with contextlib.suppress(OSError):  # it has ended already
        line.shutdown(socket.SHUT_RDWR)
