"""What a restore would have to ask another server for."""

from dataclasses import dataclass

import psycopg2

from snapper.engines.postgresql.loading import leniency
from snapper.engines.postgresql.loading.leniency import REFRESH
from snapper.engines.postgresql.loading.statement_runner import StatementRunner
from snapper.engines.postgresql.loading.task import Loading

# Through views, other materialized views, and the partitions of tables.
_USES_FOREIGN = """
    WITH RECURSIVE used AS (
        SELECT pg_catalog.to_regclass(%s)::pg_catalog.oid AS id
        UNION
        SELECT more.id FROM used CROSS JOIN LATERAL (
            SELECT d.refobjid FROM pg_catalog.pg_rewrite r
            JOIN pg_catalog.pg_depend d ON d.objid = r.oid
            WHERE r.ev_class = used.id AND d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass
            AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
            UNION ALL
            SELECT inhrelid FROM pg_catalog.pg_inherits WHERE inhparent = used.id
        ) AS more (id)
    )
    SELECT EXISTS (
        SELECT FROM used JOIN pg_catalog.pg_class c ON c.oid = used.id WHERE c.relkind = 'f'
    )
"""


def is_filled_elsewhere(body: bytes, runner: StatementRunner) -> bool:
    """Tell whether a statement fills a materialized view from a foreign table."""
    found = REFRESH.fullmatch(body)
    if not found:
        return False
    try:
        return runner.ask(_USES_FOREIGN, found["name"].decode()) == [(True,)]
    except (psycopg2.Error, UnicodeDecodeError):
        return False


@dataclass(frozen=True)
class Unfilled:
    """Materialized views that stay unfilled for want of a server, of a right, or of such a view.

    Others are that already, if there are `others`; user mappings were set aside, if `mapped`.
    """

    runner: StatementRunner
    loading: Loading
    others: bool
    mapped: bool

    def explains(self, body: bytes, error: psycopg2.Error) -> bool:
        """Tell whether a refused statement is to fill such a one."""
        return REFRESH.match(body) is not None and (
            (leniency.reaches_elsewhere(error) or self.loading.lacks_xml(error))
            or leniency.may_hide_rows(body, error)
            or (self.others and leniency.is_unfilled(error))
            or (self.mapped and leniency.misses_a_name(error))
            or is_filled_elsewhere(body, self.runner)
        )
