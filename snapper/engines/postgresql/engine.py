"""PostgreSQL as the verbs see it: every engine keeps the same protocol."""

from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

from snapper.engines.bands import Bands, OneJob
from snapper.engines.checked_dump import CheckedDump
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
from snapper.engines.postgresql.connecting import signing_in
from snapper.engines.postgresql.connecting.acting import acting
from snapper.engines.postgresql.connecting.authorities import by_amazons
from snapper.engines.postgresql.connecting.logins import door_of
from snapper.engines.postgresql.connecting.signing_in import connection_of
from snapper.engines.postgresql.conninfo import faults, reachable
from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.engines.postgresql.conninfo.hosts import hosts
from snapper.engines.postgresql.conninfo.redaction import redactor
from snapper.engines.postgresql.dumping import turn as turns
from snapper.engines.postgresql.dumping.client_tools import ClientTools
from snapper.engines.postgresql.dumping.dump import dump
from snapper.engines.postgresql.dumping.in_bands import dump_in_bands
from snapper.engines.postgresql.dumping.pg_dump import END_MARKER
from snapper.engines.postgresql.examining import examine
from snapper.engines.postgresql.examining.examine_trust import examine_trust
from snapper.engines.postgresql.found import facts_of
from snapper.engines.postgresql.inspecting.recorded import Recorded
from snapper.engines.postgresql.inspecting.release import release
from snapper.engines.postgresql.newer_majors import newer
from snapper.engines.postgresql.omitting import excluded
from snapper.engines.postgresql.reading.sections import PlainSql
from snapper.engines.postgresql.restoring import rehearse, restore
from snapper.engines.postgresql.restoring.stock import stock_commands
from snapper.engines.postgresql.restoring.tables import DumpTables
from snapper.engines.postgresql.target.own_server import require_server
from snapper.engines.sections import Sections
from snapper.engines.tables import Tables
from snapper.machine.confined import Walls
from snapper.values.credentials import Door
from snapper.values.finding import Finding
from snapper.values.manifest import Manifest
from snapper.values.omission import Omission
from snapper.values.redaction import Redactor
from snapper.values.secrets import Database
from snapper.values.verification import Restored

FOLDER = "postgresql"
"""Where PostgreSQL's programs lie among the clients of all engines."""


class PostgreSQL:
    """Dumped by the pg_dump of the server's own major, restored statement by statement."""

    kind = "POSTGRES"
    name = "PostgreSQL"
    encryption_hint = (
        "add sslmode=require to the connection, or verify-full with sslrootcert=system"
    )
    sections: Sections = PlainSql()
    tables: Tables = DumpTables()
    turn = staticmethod(turns.turn)

    def __init__(self, clients: Path | None = None) -> None:
        """Take PostgreSQL's programs from their folder in `clients`, or this machine's own."""
        self._clients = clients

    @cached_property
    def tools(self) -> ClientTools:
        """The client programs; fetched where no setting names any."""
        if self._clients:
            return ClientTools(self._clients / FOLDER)
        # Not a part of the deployed functions, to which their layer brings the programs.
        from bin.pg_dump.layer import client_root

        return ClientTools(client_root())

    def faults(self, connection: str) -> Iterator[str]:
        """Give a sentence for each fault of a connection string."""
        return faults.faults(connection)

    def unusable(self, connection: str, *, from_here: bool) -> Iterator[str]:
        """Give the faults, and whatever else would keep the connection from working."""
        return reachable.unusable(connection, from_here=from_here)

    def option_faults(self, database: Database) -> Iterator[str]:
        """Tell of names that pg_dump could not be told, and of what contradicts the connection."""
        yield from excluded.faults(database.options)
        yield from signing_in.faults(Connection.parse(database.connection), database.options)

    def target_faults(self, connection: str) -> Iterator[str]:
        """Tell of what only an option could say."""
        yield from signing_in.target_faults(Connection.parse(connection))

    def doubts(self, database: Database, *, networked: bool, bundled: bool) -> Iterator[str]:
        """Tell of hosts that may be poolers, and of what else may be amiss."""
        connection = Connection.parse(database.connection)
        yield from reachable.doubts(connection, database.options, networked=networked)
        yield from signing_in.doubts(connection, database.options, bundled=bundled)

    def door(self, database: Database) -> Door:
        """Give where the dumper comes in, and as whom."""
        return door_of(Connection.parse(database.connection))

    def trusts_amazon(self, database: Database) -> bool:
        """Tell whether the server is verified by Amazon's own authorities."""
        connection = Connection.parse(database.connection)
        return by_amazons(connection) and not database.options.ca_bundle

    def trusting(self, connection: str, bundle: str) -> str:
        """Give the connection with the file of authorities that verifies its server."""
        return signing_in.by_bundle(Connection.parse(connection), bundle).text

    def place(self, connection: str) -> str:
        """Give server and database in words fit for a message."""
        return Connection.parse(connection).place

    def hosts(self, connection: str) -> tuple[str, ...]:
        """Give the hosts whose names must be resolved: not a socket's, nor where an address is."""
        named = hosts(Connection.parse(connection))
        return tuple(each.name for each in named if not (each.address or each.is_socket))

    def redactor(self, connection: str) -> Redactor:
        """Give what masks the connection's secrets in every spelling."""
        return redactor(connection)

    def inspect(self, database: Database, patience: float) -> Facts:
        """Ask the server for its facts; raises DatabaseUnreachable, DatabaseUnsupported."""
        return facts_of(database, patience)

    def client_for(self, facts: Facts) -> Client:
        """Choose the pg_dump of the server's own major."""
        version = self.tools.version("pg_dump", self._major(facts))
        return Client("pg_dump", version, release(version) < release(facts.version))

    def dump(self, database: Database, facts: Facts, patience: float) -> CheckedDump:
        """Start pg_dump."""
        return dump(self.tools, self._major(facts), database, facts, patience)

    def dump_in_bands(
        self, database: Database, facts: Facts, patience: float, jobs: int
    ) -> Bands | OneJob:
        """Start several pg_dumps, where that is worth it and can be done."""
        return dump_in_bands(self.tools, self._major(facts), database, facts, patience, jobs)

    def part(self, facts: Facts, client: Client) -> dict[str, Any]:
        """Give what a manifest keeps beside the fields that every engine has."""
        return {**facts.part, "pg_dump_version": client.version}

    def ends_well(self, tail: bytes) -> bool:
        """Tell whether there is pg_dump's end marker."""
        return END_MARKER in tail

    def check_part(self, manifest: Manifest) -> None:
        """Raise BackupDamaged if PostgreSQL's part is not as it was written."""
        Recorded.of(manifest)

    def public_part(self, manifest: Manifest) -> dict[str, Any]:
        """Give PostgreSQL's part without the values of settings."""
        return Recorded.of(manifest).public()

    def omitted(self, manifest: Manifest) -> tuple[Omission, ...]:
        """Give what the dump does not hold; nothing is known of backups of earlier releases."""
        return Recorded.of(manifest).omitted or ()

    def examine_clients(self) -> Iterator[Finding]:
        """Have every bundled pg_dump say its version."""
        return examine.examine_clients(self.tools)

    def examine(self, database: Database, facts: Facts) -> Iterator[Finding]:
        """Look at how the server is verified, and for what the connection's role may not read."""
        connection = connection_of(database)
        if facts.encrypted:
            yield from examine_trust(connection)
        taken = connection if facts.bare else acting(connection, facts.role)
        yield from examine.examine(taken, redactor(database.connection), database.options)
        yield from examine.examine_newer(newer.from_part(facts.part["refused"]))

    def rehearse(self, target: str, manifest: Manifest, *, may_create: bool) -> Rehearsal:
        """Look at the target of a restore; nothing is changed."""
        return rehearse.rehearse(target, manifest, self.tools, may_create=may_create)

    def content(self, target: str) -> Content | None:
        """Count what the target holds; None if it is not there."""
        return rehearse.look(target)

    def make_roles(self, target: str, rehearsal: Rehearsal) -> tuple[str, ...]:
        """Make the roles that are missing, without login."""
        return rehearse.make_roles(target, rehearsal)

    def restore(
        self, dump: Iterable[bytes], manifest: Manifest, target: str, options: RestoreOptions
    ) -> Restoration:
        """Fill a database that is there, in one transaction."""
        return restore.restore(dump, Recorded.of(manifest), target, options)

    def restore_as_new(
        self, dump: Iterable[bytes], manifest: Manifest, target: str, options: RestoreOptions
    ) -> Restoration:
        """Make the database and fill it; it has its name only when it is whole."""
        return restore.restore_as_new(dump, Recorded.of(manifest), target, options)

    def require_server(self, server: str) -> None:
        """Raise unless databases can be made on the server."""
        require_server(Connection.parse(server), redactor(server))

    def try_restore(
        self,
        dump: Iterable[bytes],
        manifest: Manifest,
        server: str,
        options: TrialOptions = ALL_THERE_IS,
    ) -> Restored:
        """Restore a dump for the proof, count what is there, remove it all."""
        # Not a part of the deployed functions, which have no server to start.
        from snapper.engines.postgresql.trying.trial import try_restore

        return try_restore(dump, manifest, self.tools, server, options)

    def unconfined(self, server: str) -> tuple[str, ...]:
        """Say which walls are missing around the throw-away server of a trial."""
        words = "the server that a backup is tried on is not wholly confined"
        return () if server else tuple(f"{words}: {gap}" for gap in Walls.here().missing())

    def stock_commands(
        self, bucket: str, manifest: Manifest, target: str, rehearsal: Rehearsal
    ) -> tuple[str, ...]:
        """Give the same restore as lines for a shell."""
        major = release(rehearsal.server_version)[0]
        return stock_commands(
            bucket,
            manifest,
            Connection.parse(target),
            rehearsal.missing_roles,
            creates_on=major if rehearsal.creates else None,
            made_from=rehearsal.asked_in,
        )

    def _major(self, facts: Facts) -> int:
        return self.tools.major_for(release(facts.version)[0])
