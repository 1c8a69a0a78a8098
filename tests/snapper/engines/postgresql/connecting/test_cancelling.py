"""A statement is cancelled, and a server that hangs keeps nobody waiting."""

import socket
import threading
from collections.abc import Callable
from contextlib import closing

import psycopg2
import pytest

from snapper.engines.postgresql.connecting.cancelling import cancel
from tests.support.databases import Source

_RUNS = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'SELECT {}%'"


def test_what_a_session_does_is_ended(source: Callable[..., Source]) -> None:
    made = source(17)
    with closing(psycopg2.connect(made.dsn)) as link, link.cursor() as cursor:

        def end() -> None:
            while made.rows(_RUNS.format("pg_sleep(600)")) != [(1,)]:
                pass
            cancel(link)

        ending = threading.Thread(target=end)
        ending.start()
        with pytest.raises(psycopg2.errors.QueryCanceled):
            cursor.execute("SELECT pg_sleep(600)")
        ending.join()


def test_who_hangs_is_not_waited_for(source: Callable[..., Source]) -> None:
    made = source(17)
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = door.getsockname()[1]
        far = f"{made.dsn}?host=127.0.0.1&port={port}&sslmode=disable"
        guard = threading.Thread(target=_one_guest, args=(door, made.server.port), daemon=True)
        guard.start()
        with closing(psycopg2.connect(far)) as link:
            before = set(threading.enumerate())
            # Nobody opens the door to the second guest, who says what is to be cancelled.
            cancel(link, 0.1)
            begun = set(threading.enumerate()) - before
            waiting = [each for each in begun if each.name == "cancel"]
            assert len(waiting) == 1
        door.close()
        waiting[0].join()


def _one_guest(door: socket.socket, port: int) -> None:
    guest, _ = door.accept()
    with guest, socket.create_connection(("127.0.0.1", port)) as server:
        back = threading.Thread(target=_pass_on, args=(server, guest), daemon=True)
        back.start()
        _pass_on(guest, server)


def _pass_on(one: socket.socket, other: socket.socket) -> None:
    while some := one.recv(1 << 16):
        other.sendall(some)
