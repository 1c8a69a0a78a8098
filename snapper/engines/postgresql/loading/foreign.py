"""What a restore would have to ask another server for."""

import psycopg2

from snapper.engines.postgresql.loading.leniency import REFRESH
from snapper.engines.postgresql.loading.statement_runner import StatementRunner

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
