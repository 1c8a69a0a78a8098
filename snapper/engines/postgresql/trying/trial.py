"""A backup restored on its own, without its source: counted, and removed again."""

import secrets
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from snapper.engines.facts import ALL_THERE_IS, PLAINLY, TrialOptions
from snapper.engines.postgresql.connecting.asking import asking
from snapper.engines.postgresql.conninfo import libpq
from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.engines.postgresql.conninfo.redaction import redactor
from snapper.engines.postgresql.dumping.client_tools import ClientTools
from snapper.engines.postgresql.inspecting.recorded import Recorded, major_of
from snapper.engines.postgresql.inspecting.server import inspect
from snapper.engines.postgresql.loading.task import Alone
from snapper.engines.postgresql.naming.names import database_name, quoted
from snapper.engines.postgresql.restoring.restore import restore_as_new
from snapper.engines.postgresql.target.admission import NotAdmitted
from snapper.engines.postgresql.target.content import UNFINISHED, exists
from snapper.engines.postgresql.target.draft import Making
from snapper.engines.postgresql.target.dropping import drop_database
from snapper.engines.postgresql.target.own_server import require_server
from snapper.engines.postgresql.target.roles import (
    absent_roles,
    create_roles,
    may_make_roles,
    missing_roles,
)
from snapper.engines.postgresql.trying.asserting import require
from snapper.engines.postgresql.trying.confined import reader
from snapper.engines.postgresql.trying.counting import Counted, count
from snapper.engines.postgresql.trying.filling import fill
from snapper.engines.postgresql.trying.in_time import in_time
from snapper.engines.postgresql.trying.installed import Programs, choices, first_with_all
from snapper.engines.postgresql.trying.lacking import Lacking, lacking_told
from snapper.engines.postgresql.trying.proving import is_superuser, lacks_of, prove, remarks
from snapper.engines.postgresql.trying.standing_in import stand_ins
from snapper.engines.postgresql.trying.throw_away import PostgresServer
from snapper.errors import RestoreFailed, SnapperError
from snapper.machine.run_directory import TRIAL, run_directory
from snapper.values.manifest import Manifest
from snapper.values.redaction import Redactor
from snapper.values.verification import Restored

_NAMED = 5
"""So many are named of the tables that could not be counted, and of the roles that are missing."""

_ADMIT = (
    "name a database that is not there and into which this user is let: it is made for the trial"
    f" and dropped; or let this user into all whose names begin with {UNFINISHED} (in pg_hba.conf"
    f" of PostgreSQL 16 and newer: /^{UNFINISHED})"
)


def try_restore(
    dump: Iterable[bytes],
    manifest: Manifest,
    tools: ClientTools,
    server: str = "",
    options: TrialOptions = ALL_THERE_IS,
) -> Restored:
    """Restore a dump, hold what is there against the options, remove it all.

    On the server of this connection; without one on an empty server that is started for it. Of
    `choices` the first is taken that lacks nothing, if the dump can be read again; where all lack
    an extension, that is left out with what is built upon it. Raises what `restore` raises,
    SnapperError if none starts, DeadlineReached.
    """
    wanted = _Wanted(dump, manifest, tools, options)
    if server:
        with lacking_told(here=False):
            return _try_there(Connection.parse(server), redactor(server), wanted)
    own = tools.major_for(major_of(manifest))
    programs = choices(own, tools.majors(), tools.root)
    # An iterator can be read only once, a backup again.
    programs = programs[: 1 if iter(dump) is dump else None]
    if len(programs) == 1:
        wanted = replace(wanted, only=True)
    else:
        with suppress(Lacking):
            return first_with_all(programs, partial(_try_here, replace(wanted, whole=True)), own)
    return first_with_all(programs, partial(_try_here, wanted), own)


@dataclass(frozen=True)
class _Wanted:
    """A dump, and what is to be true of it; `whole` where an extension must not be left out.

    With an `only` server there is no other that it could be tried with.
    """

    dump: Iterable[bytes]
    manifest: Manifest
    tools: ClientTools
    options: TrialOptions
    whole: bool = False
    only: bool = False


def _try_here(wanted: _Wanted, programs: Programs) -> Restored:
    deadline = wanted.options.deadline
    with libpq.told_nothing(), run_directory() as directory:
        folder, place = Path(directory, TRIAL), programs.place()
        throw_away = PostgresServer.confining(programs.major, folder, place, deadline)
        with in_time(throw_away, deadline), throw_away, lacking_told():
            dsn = throw_away.dsn()
            return _try(Connection.parse(dsn), redactor(dsn), wanted, confined=True)


def _try_there(server: Connection, redact: Redactor, wanted: _Wanted) -> Restored:
    """Try it under a name of ours, or where that is not admitted, under the one that is given."""
    via = require_server(server, redact)
    try:
        return _try(via, redact, wanted)
    except NotAdmitted:
        if exists(server, redact):
            raise
        return _try(via, redact, wanted, name=database_name(server))


def _try(
    via: Connection,
    redact: Redactor,
    wanted: _Wanted,
    *,
    name: str = "",
    confined: bool = False,
) -> Restored:
    """Try it on the server on which `via` is a database; a `confined` one goes with all it holds.

    A locale aside, what was set on the backup's database is not set: a time-out or a limit of
    connections would be in the way of the count.
    """
    began = time.monotonic()
    # If we are killed, its name says to everybody that it may go.
    database = via.replace(dbname=name or f"{UNFINISHED}{secrets.token_hex(4)}")
    backup, server, tools = Recorded.of(wanted.manifest), inspect(via, redact), wanted.tools
    own = tools.major_for(major_of(wanted.manifest))
    alike, newer = tools.major_for(server.major) == own, wanted.only and server.major > own
    roles = (absent_roles if confined else missing_roles)(via, backup.roles, redact)
    lacking: tuple[str, ...] = ()
    if roles and not may_make_roles(via, redact):
        roles, lacking = (), roles
    if roles:
        create_roles(via, roles, redact)
    # Rows can be counted whoever they belong to.
    options = replace(PLAINLY, no_owner=bool(lacking), no_privileges=bool(lacking))
    making = Making(via=via, named=bool(name), bare=True, kept=confined)
    lacks = lacks_of(backup, leaves_out=not wanted.whole, newer=newer)
    alone = Alone(frozenset(lacking), lacks)
    with ExitStack() as left:
        if roles and not confined:
            left.enter_context(_taken_away(partial(_drop_roles, roles, via, redact), roles))
        with _blamed(alike):
            filled = fill if confined else None
            came = restore_as_new(
                wanted.dump, backup, database.text, options, filled, making, alone=alone
            )
        if not confined:  # a restore that fails has dropped it already
            drop = partial(drop_database, database, via, redact)
            left.enter_context(_taken_away(drop, (database_name(database),)))
        seconds = round(time.monotonic() - began, 3)
        asked = wanted.options.assertions
        apart = confined or (asked and is_superuser(database, redact))
        with reader(database, redact) if apart else nullcontext(database) as reading:
            with _blamed(alike):
                counted = count(reading, redact, backup.path)
            proof = prove(counted, alone, wanted.options, server.version)
            require(asked, reading, redact, backup.path)
        replaced = tuple(stand_ins(database, redact)) if confined else ()
    left_out = [f"left out: {each}" for each in came.left_out]
    said = (
        *remarks(proof, wanted.manifest, alone.lacks),
        *came.warnings,
        *_unowned(lacking),
        *left_out,
        *replaced,
        *_uncounted(counted),
    )
    found = (len(counted.tables), counted.rows, seconds, len(counted.closed))
    return Restored(*found, said, proof)


def _unowned(lacking: tuple[str, ...]) -> Iterator[str]:
    if lacking:
        yield (
            "restored without owners and rights, for this user may make no roles and the server"
            f" lacks {_some(lacking)}"
        )


def _uncounted(counted: Counted) -> Iterator[str]:
    if counted.closed:
        yield (
            f"restored, and not counted, for this user may not read them: {_some(counted.closed)}"
        )


def _some(names: tuple[str, ...]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")


@contextmanager
def _blamed(alike: bool) -> Iterator[None]:
    """Hold what only an older or a newer major refuses not against the backup: its own may not."""
    try:
        yield
    except NotAdmitted as shut:
        shut.hint = _ADMIT
        raise
    except RestoreFailed as failed:
        failed.of_major = failed.against_backup and not (alike or failed.everywhere)
        failed.against_backup &= not failed.of_major
        raise


@contextmanager
def _taken_away(drop: Callable[[], None], names: Iterable[str]) -> Iterator[None]:
    """Drop something at the end; where that fails, the error has a note that says so."""
    note = f"what was made for it may be left, to be dropped by you: {', '.join(names)}"
    try:
        yield
    except BaseException as error:
        try:
            drop()
        except SnapperError:
            error.add_note(note)
        raise
    try:
        drop()
    except SnapperError as error:
        error.add_note(note)
        raise


def _drop_roles(roles: Iterable[str], via: Connection, redact: Redactor) -> None:
    with asking(via, redact) as cursor:
        for role in roles:
            cursor.execute(f"DROP ROLE IF EXISTS {quoted(role)}")
