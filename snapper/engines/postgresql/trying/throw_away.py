"""Throw-away PostgreSQL servers of any bundled major, behind a door that no other user can reach.

They are built for speed and are not durable: what they hold is meant to be lost. It may be the copy
of a production database all the same: the server's folder is closed to every other user, its door
is a socket in that folder, and the password is a new one each time.
"""

import secrets
import shutil
import signal
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self
from urllib.parse import quote

from snapper.engines.postgresql.trying import bundled
from snapper.engines.postgresql.trying.cluster import (
    DATA,
    LOG,
    free_port,
    give_back,
    last_words,
    listed,
    make_cluster,
    patience,
    run,
    run_behind_walls,
)
from snapper.errors import SnapperError
from snapper.machine import children, watchdog
from snapper.machine.unprivileged import unprivileged
from snapper.values.deadline import NO_DEADLINE, Deadline

USER = "postgres"
SOCKET_PORT = 5432  # only a part of the socket's name
SOCKET_PATH_LIMIT = 103  # of macOS; Linux takes four more
SHORT = Path("/tmp")  # noqa: S108  for a folder of our own, closed to others
FAST = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "shared_buffers": "32MB",
    # In files of the data directory: a killed server leaves nothing in /dev/shm.
    "dynamic_shared_memory_type": "mmap",
}


LITTLE = {"max_wal_size": "128MB", "min_wal_size": "32MB", "checkpoint_warning": "0"}
"""The disk of a trial is for rows: what is written ahead goes as soon as it may."""


class PostgresServer:
    """One server in one directory, from `start` (or `with`) to `stop`.

    Without a `password` it gets a random one. With `tcp` its only door is a port of 127.0.0.1,
    which every user of the machine can knock at: for data that is made up.

    Started by root, it runs as an unprivileged user that must be able to reach the directory, such
    as one below `snapper.machine.run_directory`. With `walls` it reaches nothing of the machine but
    its own programs and files, as far as the kernel can hold it. It does not wait beyond the
    `deadline` for a server to start.
    """

    def __init__(
        self,
        major: int,
        directory: Path,
        password: str = "",
        settings: Mapping[str, str] | None = None,
        locale: Sequence[str] = ("--locale=C",),
        *,
        superuser: str = USER,
        tcp: bool = False,
        tree: Path | None = None,
        walls: bool = False,
        deadline: Deadline = NO_DEADLINE,
    ) -> None:
        self.major = major
        self.directory = directory.absolute()
        self.superuser = superuser
        self.password = password or secrets.token_urlsafe(24)
        self.port = SOCKET_PORT
        self.log = self.directory / LOG
        self._data = self.directory / DATA
        self._settings = FAST | dict(settings or {})
        self._locale = tuple(locale)  # options of initdb
        self._tcp = tcp
        self._door = self.directory  # the folder of the socket
        self._tree = tree  # of other programs than the bundled ones
        self._walls = walls
        self._deadline = deadline
        self._account = unprivileged()
        self._child: children.Child | None = None
        self._segment = -1  # the number of its shared memory

    @classmethod
    def confining(
        cls,
        major: int,
        directory: Path,
        tree: Path | None = None,
        deadline: Deadline = NO_DEADLINE,
    ) -> Self:
        """Make one for `restore_confined`, whose superuser has a name that no dump can know.

        Most dumps name a role `postgres`, which is then made as one without rights, like any other.
        Nothing of a dump's is run by itself: no analysis evaluates a function of it, and where an
        event trigger can wait for a login it is off.
        """
        settings = LITTLE | {"autovacuum": "off"}
        settings |= {"event_triggers": "off"} if major >= 17 else {}
        name = f"snapper_{secrets.token_hex(8)}"
        return cls(
            major,
            directory,
            settings=settings,
            superuser=name,
            tree=tree,
            walls=True,
            deadline=deadline,
        )

    def dsn(self, database: str = "postgres") -> str:
        """Give the superuser's connection string for a database of this server."""
        user, password = quote(self.superuser, safe=""), quote(self.password, safe="")
        name, folder = quote(database, safe=""), quote(str(self._door), safe="")
        if self._tcp:
            return f"postgresql://{user}:{password}@127.0.0.1:{self.port}/{name}"
        return f"postgresql://{user}:{password}@/{name}?host={folder}&port={self.port}"

    def start(self) -> None:
        """Start the server, at first with new files.

        Raises a SnapperError when the programs cannot be had or run, or with the log's end.
        """
        tree = self._programs()
        if self._data.exists():
            self._account.own_all(self._data)  # another user's, if another of us has made it
        else:
            name, who, seconds = self.superuser, self._account, patience(self._deadline)
            make_cluster(tree, self.directory, name, self.password, self._locale, who, seconds)
        for _ in range(3):
            # Free when we look; should another process be quicker to take it, we look again.
            if self._tcp:
                self.port = free_port()
            else:
                self._make_door()
            if self._launch(tree):
                return
            if "Address already in use" not in self.log.read_text(errors="replace"):
                break
        raise SnapperError(
            f"PostgreSQL {self.major} did not start", hint=last_words(self.directory)
        )

    def stop(self) -> None:
        """Disconnect everybody and shut down; the server can be started again."""
        self._end(signal.SIGINT)

    def crash(self) -> None:
        """End at once, without a word to the clients, as in a power cut."""
        self._end(signal.SIGKILL)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _end(self, farewell: signal.Signals) -> None:
        child, self._child = self._child, None
        if child:
            status = children.stop(child, grace=10.0, farewell=farewell)
            if status == -signal.SIGKILL:
                give_back(self._segment)
        if self._door != self.directory:
            watchdog.remove(self._door)

    def _programs(self) -> Path:
        """Give the programs where the server's user can run them, and it its directory."""
        tree = self._tree or bundled.of_major(self.major)
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.directory.chmod(0o700)
        self._account.own(self.directory)
        if closed := self._account.closed_parent(self.directory):
            raise SnapperError(
                f"PostgreSQL does not run as root, and {closed} is closed to other users",
                hint=f"chmod o+x {closed}, or choose another directory",
            )
        if self._account.closed_parent(tree):
            copy = self.directory / "programs"
            if not copy.exists():
                shutil.copytree(tree, copy, symlinks=True)
            return copy
        return tree

    def _make_door(self) -> None:
        """Have the socket in the server's own folder, or in a short one where that is too long."""
        if len(bytes(self.directory / f".s.PGSQL.{self.port}")) <= SOCKET_PATH_LIMIT:
            return
        self._door = SHORT / f"snapper-{secrets.token_hex(4)}"
        try:
            self._door.mkdir(mode=0o700)
        except OSError as error:
            raise SnapperError(
                f"{self.directory} is too long for a socket, and none can be in {SHORT}:"
                f" {error.strerror}",
                hint="set TMPDIR to a shorter folder",
            ) from None
        children.remove_at_end(self._door)
        self._account.own(self._door)

    def _launch(self, tree: Path) -> bool:
        """Start the server at its door and say whether it came up."""
        settings = self._settings | {
            "listen_addresses": "127.0.0.1" if self._tcp else "",
            "port": str(self.port),
            "unix_socket_directories": "" if self._tcp else listed(self._door),
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        command = [str(tree / "bin/postgres"), "-D", str(self._data), *options]
        who = self._account
        if self._walls:
            child = run_behind_walls(command, tree, self.directory, self._door, who)
        else:
            child = run(command, tree, self.directory, user=who.user, group=who.group)
        self._child = child  # may be ended meanwhile
        state = self._data / "postmaster.pid"
        end = time.monotonic() + patience(self._deadline)
        while child.poll() is None and time.monotonic() < end:
            # Its number is in the first line, its memory's in the seventh, its state in the eighth.
            lines = state.read_text().splitlines() if state.exists() else []
            ours = len(lines) > 7 and lines[0] == str(child.pid)
            if ours and lines[7].strip() in {"ready", "standby"}:
                self._segment = int(lines[6].split()[1])
                return True
            time.sleep(0.01)
        self.stop()
        return False
