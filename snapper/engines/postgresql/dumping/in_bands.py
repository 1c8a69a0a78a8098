"""Starting several pg_dumps for one database, where that is worth it and can be done."""

import secrets
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial

from snapper.engines import bands
from snapper.engines.bands import OneJob
from snapper.engines.checked_dump import CheckedDump
from snapper.engines.facts import Facts
from snapper.engines.postgresql.connecting.logins import accepted
from snapper.engines.postgresql.connecting.session import APPLICATION, connect
from snapper.engines.postgresql.connecting.signing_in import connection_of
from snapper.engines.postgresql.conninfo.redaction import redactor
from snapper.engines.postgresql.dumping.client_tools import ClientTools
from snapper.engines.postgresql.dumping.dealing import deal
from snapper.engines.postgresql.dumping.holder import CannotShare, Holder
from snapper.engines.postgresql.dumping.listed import Content, Listed
from snapper.engines.postgresql.dumping.pg_dump import PG_DUMP, pg_dump_command
from snapper.engines.postgresql.dumping.shares import shares
from snapper.engines.postgresql.dumping.silence import why_silent
from snapper.engines.postgresql.dumping.texts import end_of
from snapper.engines.postgresql.dumping.together import Together
from snapper.engines.postgresql.dumping.union import require_union
from snapper.values.secrets import Database

_BESIDE = 3
"""Sessions beside those of the bands: two pg_dumps for what stands around the rows, and one that
asks why nothing comes."""

_POOLER = OneJob(
    "the connection leads over a pooler, and how many it gives at once is not known",
    "use the server's own address, or set dumpJobs to 1 for this database",
)


def dump_in_bands(
    tools: ClientTools, major: int, database: Database, facts: Facts, patience: float, jobs: int
) -> Together | OneJob:
    """Start the pg_dumps of a large database with several large tables; else OneJob.

    Raises SettingsError if they cannot run, DatabaseUnreachable.
    """
    if jobs < 2 or facts.size < bands.LEAST:
        return OneJob()
    if facts.bare:
        return _POOLER
    redact = redactor(database.connection)
    asking = connection_of(database)
    connection = accepted(asking, redact, lambda each: connect(each, redact, again=False))
    with ExitStack() as stack:
        holder = Holder(connection, redact, patience)
        stack.callback(holder.close)
        try:
            shared = _share(holder, facts, jobs)
        except CannotShare as why:
            return OneJob(f"the server shares no snapshot: {why}", "set dumpJobs to 1")
        if isinstance(shared, OneJob):
            return shared
        content, dealt, snapshot = shared
        there = holder.at_the_same_server(connection)
        environment = {**tools.environment(), **there.environment()}
        # Nobody knew it when the snapshot was taken: nothing in the dump can end the restriction.
        key, run = secrets.token_hex(32), secrets.token_hex(4)

        def start(number: int, arguments: Sequence[str]) -> CheckedDump:
            # Each has a name of its own, or the silence of one could not be told from another's.
            name = f"{APPLICATION} band {run} {number}"
            command = pg_dump_command(
                tools, major, there, facts.part["encoding"], facts.role, arguments, name=name
            )
            why = partial(why_silent, holder.at_the_same_server(asking), redact, name=name)
            return stack.enter_context(
                CheckedDump(command, environment, redact, PG_DUMP, patience, why)
            )

        share = shares(snapshot, key, facts.arguments, dealt)
        before, after = start(0, share.before), start(1, share.after)
        rows = [start(number, each) for number, each in enumerate(share.bands, 2)]
        came = partial(require_union, dealt, content, encoding=facts.part["encoding"])
        together = Together(holder, before, rows, after, end_of(key), came)
        stack.pop_all()
        return together


def _share(
    holder: Holder, facts: Facts, jobs: int
) -> tuple[Content, list[list[Listed]], str] | OneJob:
    """Give what the snapshot holds, how its tables are dealt, and its name.

    Raises CannotShare, DatabaseUnreachable.
    """
    if not holder.is_direct():
        return _POOLER
    room = holder.room()
    if (jobs := min(jobs, room - _BESIDE)) < 2:
        return _too_few(room)
    content = holder.hold(facts.role, facts.arguments)
    if not (dealt := deal(content, jobs)):
        return OneJob()
    return content, dealt, holder.export()


def _too_few(room: int) -> OneJob:
    return OneJob(
        f"the server has room for {max(room, 0)} more connections, and two jobs take {2 + _BESIDE}",
        "raise the CONNECTION LIMIT of the login or the database, or max_connections, or set "
        "dumpJobs to 1",
    )
