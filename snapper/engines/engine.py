"""The protocol that every engine keeps, and the one place that knows which engines there are."""

import importlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

from snapper.engines.bands import Bands, OneJob
from snapper.engines.checked_dump import CheckedDump
from snapper.engines.connections import Connections
from snapper.engines.facts import (
    ALL_THERE_IS,
    Client,
    Content,
    Facts,
    Rehearsal,
    Restoration,
    RestoreOptions,
    TrialOptions,
)
from snapper.engines.sections import Sections
from snapper.engines.tables import Tables
from snapper.errors import SettingsError
from snapper.values.finding import Finding
from snapper.values.manifest import Manifest
from snapper.values.omission import Omission
from snapper.values.secrets import Database
from snapper.values.verification import Restored

ENGINES = {"POSTGRES": "snapper.engines.postgresql.engine.PostgreSQL"}
"""By TYPE, the class of each engine; imported when it is first needed."""

Progress = Callable[[int], None]


class Engine(Connections, Protocol):
    """What the verbs ask of an engine. Connections are strings, exactly as the user wrote them.

    What dumps gets the whole `Database`, whose options say more than its connection.
    """

    kind: str
    """The TYPE of its databases."""
    name: str
    """What people call it."""
    encryption_hint: str
    """What to write so that the connection is encrypted."""
    sections: Sections
    """How the text of its dumps is parted."""
    tables: Tables
    """What takes single tables out of its dumps."""

    def inspect(self, database: Database, patience: float) -> Facts:
        """Ask the server for its facts, within `patience` seconds for each answer.

        Raises DatabaseUnreachable, DatabaseUnsupported.
        """
        ...

    def client_for(self, facts: Facts) -> Client:
        """Choose the program that dumps this server.

        Raises DatabaseUnsupported, or SettingsError where the program cannot run.
        """
        ...

    def turn(
        self, database: Database, most: int, patience: float, *, long_waited: bool
    ) -> AbstractContextManager[int]:
        """Be one of at most so many dumps of this database's server, for as long as it is entered.

        Who has waited long waits only for sessions of the database's own user: anybody with a login
        could pretend to be dumping. It gives how many others there are then.

        Entering raises ServerBusy where there are as many, and as `inspect` does.
        """
        ...

    def dump(self, database: Database, facts: Facts, patience: float) -> CheckedDump:
        """Start a dump; raises SettingsError if its program cannot run."""
        ...

    def dump_in_bands(
        self, database: Database, facts: Facts, patience: float, jobs: int
    ) -> Bands | OneJob:
        """Start a dump by so many programs at once; OneJob where `dump` serves it better.

        Raises SettingsError if a program cannot run, DatabaseUnreachable.
        """
        ...

    def part(self, facts: Facts, client: Client) -> dict[str, Any]:
        """Give what a manifest keeps for this engine beside the fields that every engine has."""
        ...

    def ends_well(self, tail: bytes) -> bool:
        """Tell whether a plain dump that ends with these bytes (1 KiB, if there are) is whole."""
        ...

    def check_part(self, manifest: Manifest) -> None:
        """Raise BackupDamaged if the engine's part of a manifest is not as it was written."""
        ...

    def public_part(self, manifest: Manifest) -> dict[str, Any]:
        """Give the engine's part without what may be a secret: what is printed is for anybody."""
        ...

    def omitted(self, manifest: Manifest) -> tuple[Omission, ...]:
        """Give what the database had and its backup does not hold, as far as it was recorded."""
        ...

    def examine_clients(self) -> Iterator[Finding]:
        """Have every bundled program say its version."""
        ...

    def examine(self, database: Database, facts: Facts) -> Iterator[Finding]:
        """Look for whatever would keep a backup of this database from being whole."""
        ...

    def rehearse(self, target: str, manifest: Manifest, *, may_create: bool) -> Rehearsal:
        """Look at the target of a restore; nothing is changed.

        Raises SettingsError where the database is not there and may not be made, or is none that a
        restore may fill, DatabaseUnreachable, DatabaseUnsupported.
        """
        ...

    def content(self, target: str) -> Content | None:
        """Look at the target once more; raises as `rehearse` does."""
        ...

    def make_roles(self, target: str, rehearsal: Rehearsal) -> tuple[str, ...]:
        """Make the roles that are missing, by name only, and give them: all of them, or none."""
        ...

    def restore(
        self, dump: Iterable[bytes], manifest: Manifest, target: str, options: RestoreOptions
    ) -> Restoration:
        """Fill a database that is there: all of the dump, or nothing.

        What changes no data may be left out; it is named. Raises RestoreFailed,
        DatabaseUnreachable, or whatever the dump raises; the target is then as it was.
        """
        ...

    def restore_as_new(
        self, dump: Iterable[bytes], manifest: Manifest, target: str, options: RestoreOptions
    ) -> Restoration:
        """Make the database and fill it; it has its name only when it is whole."""
        ...

    def require_server(self, server: str) -> None:
        """Raise what keeps `try_restore` from this server, before a dump is read for it.

        SettingsError of a role that may make no database, DatabaseUnreachable, DatabaseUnsupported.
        """
        ...

    def try_restore(
        self,
        dump: Iterable[bytes],
        manifest: Manifest,
        server: str,
        options: TrialOptions = ALL_THERE_IS,
    ) -> Restored:
        """Restore a dump for the proof, count what is there, remove it all.

        On the server of this connection; where it is empty, on one that is started for it.
        """
        ...

    def unconfined(self, server: str) -> tuple[str, ...]:
        """Say which walls are missing around what `try_restore` starts on this machine.

        A dump brings code of its source along. Nothing of a server of one's own, which has its
        own rules.
        """
        ...

    def stock_commands(
        self, bucket: str, manifest: Manifest, target: str, rehearsal: Rehearsal
    ) -> tuple[str, ...]:
        """Give the same restore as lines for a shell that need no Snapper and hold no secret."""
        ...


Engines = Callable[[str], Engine]
"""Gives an engine by TYPE."""


def engine_of(kind: str, clients: Path | None = None) -> Engine:
    """Give the engine of a TYPE; raise SettingsError if there is none.

    `clients` is where the client programs of all engines lie, a folder for each; without it those
    of this machine are taken, and fetched when they are first needed.
    """
    place = ENGINES.get(kind)
    if place is None:
        raise SettingsError(
            f"there is no engine for databases of type {kind}",
            hint=f"this release knows {', '.join(ENGINES)}",
        )
    module, _, name = place.rpartition(".")
    made: Engine = getattr(importlib.import_module(module), name)(clients)
    return made
