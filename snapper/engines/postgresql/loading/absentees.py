"""Statements about roles that are not here and need not be, or whom a superuser alone may serve."""

import re

import psycopg2

from snapper.engines.postgresql.connecting.server_words import sqlstate
from snapper.engines.postgresql.loading import leniency
from snapper.engines.postgresql.loading.statement_runner import StatementRunner
from snapper.engines.postgresql.loading.superusers import DENIED
from snapper.engines.postgresql.naming.encoding import is_readable
from snapper.engines.postgresql.naming.names import NAME, plain
from snapper.engines.postgresql.target.roles import passed_over

_ROLES = re.compile(
    rb"(?:CREATE POLICY (?:%(n)b) ON (?:%(n)b)\.(?:%(n)b)(?P<rule> AS RESTRICTIVE)?(?: FOR [A-Z]+)?"
    rb" TO |CREATE USER MAPPING FOR )(?P<roles>(?:%(n)b)(?:, (?:%(n)b)){0,9999})(?=[ ;])"
    % {b"n": NAME}
)
_ONE = re.compile(NAME)

_NO_SUCH_ROLE = frozenset({"42704", "22021"})
"""A name that is not there, or that is none in the database's encoding."""

_SUPERUSER = "SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = %s"


def may_not_own(
    body: bytes, error: psycopg2.Error, runner: StatementRunner, *, lacking: bool, alone: bool
) -> bool:
    """Tell whether it makes a superuser, or a role that is none of the backup, an owner.

    The first takes a superuser, the others need not be here, or have names in no encoding. Nor
    does anybody own what is `lacking`, for it was left out. In a trial, which is `alone`, nothing
    hangs on who owns a thing.
    """
    found = leniency.OWNER.fullmatch(body)
    if not found:
        return False
    role = plain(found["role"])
    if passed_over(role) or (alone and sqlstate(error) == DENIED):
        return True
    found_here = runner.ask(_SUPERUSER, role)
    gone = lacking and bool(found_here) and leniency.misses_a_name(error)
    return gone or found_here == [(True,)]


def roles_of(body: bytes) -> list[str]:
    r"""Give the roles for whom a policy or a user mapping is.

    >>> roles_of(b'CREATE POLICY p ON public.t FOR SELECT TO "An App", batch USING (true);\n')
    ['An App', 'batch']
    >>> roles_of(b'CREATE USER MAPPING FOR app SERVER far;\n'), roles_of(b'CREATE TABLE t ();\n')
    (['app'], [])
    """
    found = _ROLES.match(body)
    return [plain(role) for role in _ONE.findall(found["roles"])] if found else []


def for_those_here(
    body: bytes, error: psycopg2.Error, runner: StatementRunner
) -> tuple[bytes, str] | None:
    """Write a policy or a user mapping without the roles that are not here and need not be.

    Gives it with a sentence, and an empty one where it is for nobody else; None if that is no way.
    """
    found = _ROLES.match(body) if sqlstate(error) in _NO_SUCH_ROLE else None
    if not found:
        return None
    roles: list[bytes] = _ONE.findall(found["roles"])
    away = [role for role in roles if _is_away(plain(role), runner)]
    hidden = [role for role in away if not is_readable(plain(role))]
    # Somebody may have that name here: he must not see more for it.
    if not away or (hidden and found.groupdict()["rule"]):
        return None
    here = b", ".join(role for role in roles if role not in away)
    names = ", ".join(plain(role) for role in away)
    words = f"was for {names} too, who {passed_over(plain(away[0]))}: restored without"
    text = body[: found.start("roles")] + here + body[found.end("roles") :]
    return (text if here else b""), words


def is_for_nobody(body: bytes, error: psycopg2.Error, runner: StatementRunner) -> bool:
    """Tell whether all are absent for whom a policy or a user mapping is."""
    other = for_those_here(body, error, runner)
    return other is not None and not other[0]


def _is_away(role: str, runner: StatementRunner) -> bool:
    return bool(passed_over(role)) and (not is_readable(role) or runner.ask(_SUPERUSER, role) == [])
