"""How pg_dump is called, how it ends, and what its words mean."""

import re
from collections.abc import Sequence

from snapper.engines.checked_dump import DumpingTool
from snapper.engines.postgresql.connecting.known_refusals import PASSING
from snapper.engines.postgresql.connecting.session import APPLICATION, LONGEST_CONNECT, conninfo
from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.engines.postgresql.dumping.client_tools import ClientTools

LOCK_WAIT = "60s"
"""How long pg_dump waits for a table: behind a longer wait the application's queries pile up."""

END_MARKER = b"-- PostgreSQL database dump complete"
"""pg_dump's own last word; recent releases put a `\\unrestrict` line behind it."""

_QUIET = "-c client_min_messages=error"
"""What functions of the database say meanwhile, as at each login, may hold values of rows."""

_GRANTS = "GRANT pg_read_all_data TO the user of the connection"
_DAMAGED = (
    "the server's own files are damaged there: look for what can still be read of that table, and "
    "for an older backup of it; a dump passes over no row"
)
_VANISHED = (
    "something was dropped or renamed while pg_dump read the catalogue: the job is tried again"
)
_ELSEWHERE = (
    "the connections of one dump have reached different servers, or its snapshot was gone: name "
    "one server, and no address that stands for several, or set dumpJobs to 1"
)
_HINTS = {
    "SET TRANSACTION SNAPSHOT": _ELSEWHERE,
    "conflict with recovery": "the server is a replica, and applied changes over a long query of "
    "ours: set hot_standby_feedback = on there, or max_standby_streaming_delay longer than a dump "
    "takes, or dump the primary; the job is tried again",
    "failed to get data for sequence": f"{_GRANTS}, or SELECT ON SEQUENCE; else it was dropped "
    "meanwhile, and the job is tried again",
    "due to user request": "somebody, or the provider, has cancelled the query: its log says who",
    "snapshot too old": "the dump took longer than old_snapshot_threshold: raise it on the server",
    "cache lookup failed": _VANISHED,
    "could not open relation with OID": _VANISHED,
    "failed sanity check": _VANISHED,
    "no matching tables were found": _VANISHED,
    "returned 0 rows (expected 1)": _VANISHED,
    "invalid page in block": _DAMAGED,
    "invalid pages among blocks": _DAMAGED,
    "could not read block": _DAMAGED,
    "could not open file": _DAMAGED,
    "data is corrupt": _DAMAGED,
    "missing chunk number": _DAMAGED,
    "unexpected chunk number": _DAMAGED,
    "could not access status of transaction": _DAMAGED,
    "due to statement timeout": f"a table was locked for more than {LOCK_WAIT}, and pg_dump "
    "gives up then, so that it blocks no other query: move the schedule away from migrations",
    "permission denied for large object": "pg_read_all_data holds for no large object: make the "
    "user a member of their owner, or GRANT SELECT ON LARGE OBJECT … TO it",
    "permission denied for function": "GRANT EXECUTE ON FUNCTION … TO the user of the connection: "
    "somebody has taken that of PostgreSQL's own from everybody",
    "permission denied": f"{_GRANTS}, or whatever it may not read",
    "row-level security": "a dump without those rows would be incomplete: ALTER ROLE … "
    "BYPASSRLS, or GRANT the table's owner to the user of the connection",
    "max_locks_per_transaction": "pg_dump locks every table at once: raise the setting on the "
    "server and restart it",
    "Cannot enlarge string buffer": "a row is larger than a gigabyte as text, which PostgreSQL "
    "cannot give out: store such values in pieces, or as large objects",
    "invalid memory alloc request size": "a row is larger than a gigabyte as text, which "
    "PostgreSQL cannot give out: store such values in pieces, or as large objects",
    "server closed the connection": "the server died or was stopped; its log says why",
    "terminating connection": "the server ended the session; its log says why",
    **PASSING,
}
"""What to do about it, by pg_dump's own words."""


def pg_dump_command(
    tools: ClientTools,
    major: int,
    connection: Connection,
    encoding: str,
    role: str = "",
    arguments: Sequence[str] = (),
    *,
    bare: bool = False,
    name: str = APPLICATION,
) -> list[str]:
    """Give the argv of a plain dump in the database's own encoding; it holds no secret.

    It is whole but for what further `arguments` say. It takes the `role` as its first act; it is
    `bare` where options do not reach the server. Its session has this `name` there.
    """
    # The server has just answered us, though it may be slow to take connections.
    how = conninfo(connection, _QUIET, limit=LONGEST_CONNECT, bare=bare, application_name=name)
    return [
        str(tools.tool("pg_dump", major)),
        "--format=plain",
        # Said, or a setting of the role or the database could name one that lacks characters.
        f"--encoding={encoding}",
        # A name that is a plain word today may be a keyword of the major that it is restored into.
        # pg_upgrade has its dumps written so too.
        "--quote-all-identifiers",
        "--no-password",
        f"--lock-wait-timeout={LOCK_WAIT}",
        *([f"--role={role}"] if role else []),
        *arguments,
        f"--dbname={how}",
    ]


_SERVERS_WORDS = re.compile("Error message from server:|(?:query|command) failed:")
"""Behind them pg_dump writes what the server said."""


def _told(words: str) -> str:
    """Leave out what a function said, such as one in an extension's condition on its rows."""
    if "CONTEXT: " not in words:
        return words
    found = _SERVERS_WORDS.search(words)
    ours = words[: found.end()] if found else ""
    said = "a function's words, which may hold values of rows; the server's log has them"
    return f"{ours} {said}".strip()


def _ends_well(tail: bytes) -> bool:
    return END_MARKER in tail


PG_DUMP = DumpingTool(
    _ends_well,
    _HINTS,
    silence_hint="the server hangs, somebody holds a lock on a view or sequence, or a table "
    "is full of dead rows (VACUUM it); pg_stat_activity shows which",
    told=_told,
)
"""How pg_dump ends, and what its words mean."""
