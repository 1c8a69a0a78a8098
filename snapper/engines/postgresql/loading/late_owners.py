"""Owners whose rights this user can take, and does not have by itself: they get theirs at the end.

Such a login is a member that does not inherit. What it has given away it could fill no more, nor
build upon, nor let others use. Whoever has granted something before is the new owner in the end.
"""

import re
from collections.abc import Iterator

from snapper.engines.postgresql.loading import leniency
from snapper.engines.postgresql.loading.statement_runner import StatementRunner
from snapper.engines.postgresql.loading.task import Loading
from snapper.engines.postgresql.naming.names import NAME, plain
from snapper.engines.postgresql.reading.statements import Statement

_TAKES = """
    SELECT pg_catalog.pg_has_role(oid, %s) AND NOT pg_catalog.pg_has_role(oid, 'USAGE')
    FROM pg_catalog.pg_roles WHERE rolname = %s
"""
_SETS = 160_000
"""The first version in which a member need not be able to become the role."""

_GIVEN = """
    SELECT pg_catalog.pg_get_userbyid(c.relowner) = %s FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = %s AND c.relname = %s
"""
_OF_RELATION = re.compile(
    rb"ALTER (?:SEQUENCE|TABLE) (?P<schema>%(n)b)\.(?P<name>%(n)b) OWNER TO (?P<role>%(n)b);\n?"
    % {b"n": NAME}
)
_SCHEMA = b"ALTER SCHEMA "


class LateOwners:
    """Keeps the statements that give things to such owners."""

    def __init__(self, runner: StatementRunner, loading: Loading) -> None:
        self._runner, self._loading = runner, loading
        self._known: dict[str, bool] = {}

    def keeps(self, statement: Statement) -> bool:
        """Keep it, if it is one; tell whether it was kept."""
        found = leniency.OWNER.fullmatch(statement.text)
        if not found or not self._takes(plain(found["role"])):
            return False
        self._loading.kept.add(statement.text)
        self._loading.given_late.append(statement)
        return True

    def all(self) -> Iterator[Statement]:
        """Give those that were kept, one after the other.

        A schema is given away last: who has none of its rights finds nothing in it any more. A
        sequence may have gone with its table.
        """
        kept = self._loading.given_late
        for statement in sorted(kept, key=lambda each: each.text.startswith(_SCHEMA)):
            found = _OF_RELATION.fullmatch(statement.text)
            asked = [plain(found[part]) for part in ("role", "schema", "name")] if found else []
            if not asked or self._runner.ask(_GIVEN, *asked) != [(True,)]:
                yield statement
        kept.clear()

    def _takes(self, role: str) -> bool:
        if role not in self._known:
            right = "SET" if self._runner.version >= _SETS else "MEMBER"
            self._known[role] = self._runner.ask(_TAKES, right, role) == [(True,)]
        return self._known[role]
