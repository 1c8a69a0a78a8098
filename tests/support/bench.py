"""A light bench for small cases: one server, a vault in memory, and a line for what came of each.

`tests/support/cases.py` runs written cases on it. It prints and judges nothing: what it shows is
to be read, and becomes a test where it is right.
"""

import gzip
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from bin.pg_dump.layer import client_root
from snapper.engines.facts import PLAINLY, Rehearsal, Restoration, RestoreOptions
from snapper.engines.postgresql.dumping.client_tools import ClientTools
from snapper.engines.postgresql.trying.throw_away import PostgresServer
from snapper.errors import SnapperError
from snapper.machine.run_directory import run_directory
from snapper.values.manifest import Manifest
from snapper.values.secrets import Database
from snapper.verbs.doctor import examine
from snapper.verbs.dump import Dumper
from snapper.verbs.rehearse import aftermath, refuse
from snapper.verbs.restore import Dump, restore, restore_as_new
from tests.support.databases import AT, job, query
from tests.support.engines import engines, postgresql
from tests.support.recording import RecordedEvents
from tests.support.twin import MemoryVault

T = TypeVar("T")


class Bench:
    """A server, a vault, a dumper, and the backup that was made last."""

    def __init__(self, server: PostgresServer) -> None:
        self.server, self.vault, self.events = server, MemoryVault(), RecordedEvents()
        self.tools = ClientTools(client_root())
        self.engine = postgresql(self.tools)
        # Its clock stands still: no backup is late.
        self.dumper = Dumper(self.vault, self.events, engines(self.tools), now=lambda: AT)
        self.manifest: Manifest | None = None

    def sql(self, text: str, database: str = "postgres", dsn: str = "") -> list[tuple[Any, ...]]:
        """Run SQL as the superuser, or on another connection; give the rows of the last."""
        return query(dsn or self.server.dsn(database), text)

    def each(self, *statements: str, database: str = "postgres") -> None:
        """Run statements one by one: some may not stand in a transaction."""
        for statement in statements:
            self.sql(statement, database)

    def as_role(self, role: str, database: str) -> str:
        """Give the connection of a role whose password is pw."""
        return f"postgresql://{role}:pw@127.0.0.1:{self.server.port}/{database}"

    def dump(self, dsn: str, key: str = "orders") -> None:
        """Back a database up, and show what was warned of."""
        told = len(self.events.reported)
        self.manifest = self._try(
            "dump", lambda: self.dumper.dump(job(database=key), Database(key, dsn, 2))
        )
        for name, fields in self.events.reported[told:]:
            if name == "dump.warned":
                print(f"    warned: {fields}")

    def text(self) -> str:
        """Give the SQL of the backup."""
        return gzip.decompress(self.vault.read(self._made().dump_key)).decode()

    def new(self, target: str, roles: bool = True, options: RestoreOptions = PLAINLY) -> None:
        """Restore into a database that is made for it."""

        def fill(manifest: Manifest) -> object:
            return restore_as_new(self.vault, manifest, target, self.engine, options=options)

        self._restore("restore --create", target, roles, fill)

    def existing(self, target: str, roles: bool = True) -> None:
        """Restore into a database that is there."""

        def fill(manifest: Manifest) -> Restoration:
            return restore(self.vault, manifest, target, self.engine)

        self._restore("restore (existing)", target, roles, fill)

    def trial(self, on: str = "") -> None:
        """Restore for the proof: on a server that is started for it, or `on` another."""
        dump = Dump(self.vault, self._made())
        self._try(
            f"verify --restore{' --on' if on else ''}",
            lambda: self.engine.try_restore(dump, dump.manifest, on),
        )

    def doctor(self, dsn: str) -> None:
        """Show what doctor finds."""
        for finding in examine(Database("orders", dsn, 2), self.engine):
            print(f"doctor: {finding.level} {finding.subject}: {finding.fact}")
            if finding.fix:
                print(f"    fix: {finding.fix}")

    def left(self) -> None:
        """Show what a restore or a trial left behind."""
        rows = self.sql("SELECT datname FROM pg_database WHERE datname LIKE 'snapper-unfinished-%'")
        if rows:
            print("LEFT BEHIND:", rows)

    def _made(self) -> Manifest:
        assert self.manifest is not None, "there is no backup"
        return self.manifest

    def _restore(
        self, what: str, target: str, roles: bool, fill: Callable[[Manifest], object]
    ) -> None:
        manifest = self._made()

        def go() -> object:
            before = self.engine.rehearse(target, manifest, may_create=what.endswith("--create"))
            for warning in before.warnings:
                print("    warning:", warning)
            refuse(before, manifest, force=False, typed="", may_make_roles=roles)
            made = self.engine.make_roles(target, before)
            return self._aftermath(target, before, made, lambda: fill(manifest))

        self._try(what, go)

    def _aftermath(
        self, target: str, before: Rehearsal, made: tuple[str, ...], fill: Callable[[], object]
    ) -> object:
        try:
            return fill()
        except SnapperError as error:
            error.add_note(aftermath(self.engine, target, before, made))
            raise

    def _try(self, what: str, action: Callable[[], T]) -> T | None:
        """Do it, and print one line for what came of it, with the hint and the notes."""
        try:
            came = action()
        except SnapperError as error:
            print(f"{what}: FAILED {type(error).__name__}: {error}")
            print(f"    hint: {error.hint or '(none)'}")
            for note in getattr(error, "__notes__", []):
                print(f"    note: {note}")
        except Exception as error:
            print(f"{what}: CRASHED {type(error).__name__}: {error}")
            traceback.print_exc(limit=-3)
        else:
            print(f"{what}: ok {'' if isinstance(came, Manifest) else came}")
            return came
        return None


@contextmanager
def bench(
    major: int = 17,
    settings: Mapping[str, str] | None = None,
    locale: Sequence[str] = ("--locale=C",),
) -> Iterator[Bench]:
    """Start a server of a major and give a bench on it."""
    with (
        run_directory() as directory,
        PostgresServer(
            major, Path(directory, "pg"), settings=settings, locale=locale, tcp=True
        ) as server,
    ):
        yield Bench(server)
