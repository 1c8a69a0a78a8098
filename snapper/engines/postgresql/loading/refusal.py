"""The error of a statement that stops a restore: which it is, its worth, what can be done."""

import psycopg2

from snapper.engines.postgresql.connecting.server_words import sentence, sqlstate
from snapper.engines.postgresql.loading import leniency
from snapper.engines.postgresql.loading.described import described, makes_missing
from snapper.engines.postgresql.loading.reason import reason
from snapper.engines.postgresql.loading.statement_runner import StatementRunner
from snapper.engines.postgresql.loading.superusers import is_denied
from snapper.engines.postgresql.loading.task import Loading
from snapper.engines.postgresql.reading.statements import Statement
from snapper.errors import RestoreFailed

KNOWS_ITS_NAME = "this extension knows its database by name"
_INSTALL = "install the extension on the target's server"
_NEEDED = "install on the target's server what the extension needs"
_BY_WHOM = "restore as a role that may do this, or as a superuser"
_IN_THE_WAY = (
    "existing objects are in the way; a restore drops nothing: restore into a new database"
    " (--create) and put it in place by its name"
)
_LOCKS = (
    "that many tables do not fit into one transaction of this server: restore into a new database"
    " (--create), which needs none, or raise max_locks_per_transaction and restart the server"
)
_NO_ROOM = "make room on the target's server"
_READ_ONLY = "the server refuses to write: it is a standby, or out of room"
_ENDED = "the server ended the session; its log says why"

# By the server's words, whose form is the same in all majors.
_FIXES = {
    "already exists": _IN_THE_WAY,
    "out of shared memory": _LOCKS,
    "unrecognized configuration parameter": "the target is older than the backup's server:"
    " restore into a server of the same major, or a newer one",
    "can only create extension in database": f"{KNOWS_ITS_NAME}: create the database under"
    " its final name at once (--create --final-name)",
    "can only be loaded via shared_preload_libraries": _NEEDED,
    "is not available": _INSTALL,
    "could not open extension control file": _INSTALL,
    "could not load library": _NEEDED,
    "could not access file": _NEEDED,
    "ICU is not supported": "restore into a server that was built with ICU, as the source's was",
    "must be able to SET ROLE": "let this user become that role, as its maker may: GRANT … TO …"
    " WITH INHERIT TRUE, SET TRUE; or add --no-owner",
    "must be member of role": "make the user a member of that role, or add --no-owner",
    "permission denied to set parameter": "only a superuser may set it; from 15 on one can let this"
    " user set it too: GRANT SET ON PARAMETER … TO …",
    "permission denied for language": "only a superuser may make a function in this language; on a"
    " provider's server such functions come with the extensions that it offers",
    " or type ": "only a superuser, or who owns one of the two types, may make a cast",
    "cannot be internal": _BY_WHOM,
    "permission denied": _BY_WHOM,
    "must be ": _BY_WHOM,
    'role "': "make the role, or add --create-roles",
    "No space left": _NO_ROOM,
    "read-only": _READ_ONLY,
}
# Where the server speaks another language.
_BY_CODE = {
    **dict.fromkeys(("42P07", "42710", "42723", "42P06"), _IN_THE_WAY),
    "53200": _LOCKS,
    "42501": _BY_WHOM,
    "53100": _NO_ROOM,
    "25006": _READ_ONLY,
}

_EVENT_TRIGGERS = """
    SELECT pg_catalog.quote_ident(evtname) FROM pg_catalog.pg_event_trigger
    WHERE evtenabled <> 'D' ORDER BY 1
"""
_EVERYWHERE = ("22P", "22021", "23502", "23503", "23505")
"""A text that is none of the column's type or of the encoding, no value where there must be one, a
key that is there twice or leads nowhere: in the rows themselves, whatever the server is."""

_REPLICA = (
    "the event trigger {} may object to any restore: for whoever may set it, write"
    " options=-csession_replication_role=replica into the target's connection, and it stays silent"
)
_BUILT_SAFELY = (
    "from 17 on PostgreSQL builds these with no search_path but that of a function itself, which"
    " only its owner may set: restore as the owner of what is called here, or ALTER FUNCTION … SET"
    " search_path in the source, and back it up again"
)
MAY_NOT_MAKE = "this user may not make the "
_BEFOREHAND = ": have it made beforehand, by who may"
_MISSES_A_CAST = frozenset({"42846", "42804"})
_OF_ITSELF = "it is made of itself, which no restore can do: CREATE OR REPLACE it in the source"
_BEST = "restore --create --best-effort brings all the rest into a database of its own"
_BESIDE = (
    "these rows must fit the table as it is there, and what is in it: --as NAME, without"
    " --data-only, makes a table of its own"
)


def refusal(
    statement: Statement, error: psycopg2.Error, runner: StatementRunner, loading: Loading
) -> RestoreFailed:
    """Say which statement stopped the restore, and why; no value of a row is in it."""
    body = statement.text
    what, code = described(body), sqlstate(error)
    said = sentence(error)
    words = reason(error, body, runner, show_values=loading.options.show_values)
    if leniency.is_lost(error):
        where = f"at line {statement.line}" if statement.line else f"at the {what}"
        return RestoreFailed(f"the session ended {where}: {words}", hint=_ENDED)
    line = f" at line {statement.line} of the dump" if statement.line else ""
    fact = f"the restore stopped{line}: {what}: {words} ({code})"
    fix = next((fix for sign, fix in _FIXES.items() if sign in said), _BY_CODE.get(code, ""))
    if not fix and leniency.misses_a_name(error) and leniency.is_built_safely(body, runner.version):
        fix = _BUILT_SAFELY
    if leniency.lacks_xml(error):
        fix = "restore into a server that was built with XML, as the source's was"
    if code == "P0001" and (found := _triggers(runner)):
        fix = _REPLICA.format(", ".join(found))
    of_itself = body.startswith(b"CREATE VIEW ") and makes_missing(body, error)
    misses = leniency.misses_a_name(error) or code in _MISSES_A_CAST
    if of_itself:
        fix = _OF_ITSELF
    if unmade := misses and not of_itself and loading.refused:
        fix = f"{MAY_NOT_MAKE}{', '.join(unmade)}{_BEFOREHAND}"
    lacking = loading.alone.lacks.may_be_why(error, runner) if loading.alone else ""
    if lacking:
        fix = f"this server does not have {lacking}, which may be why"
    rest = (_BESIDE,) if loading.rows_alone else (what.worth, _BEST)
    hint = "; ".join(filter(None, (fix, *rest)))
    of_backup = not (unmade or lacking or is_denied(body, error))
    everywhere = of_backup and code.startswith(_EVERYWHERE)
    return RestoreFailed(fact, hint=hint, against_backup=of_backup, everywhere=everywhere)


def _triggers(runner: StatementRunner) -> list[str]:
    try:
        return [str(name) for (name,) in runner.ask(_EVENT_TRIGGERS)]
    except psycopg2.Error:
        return []
