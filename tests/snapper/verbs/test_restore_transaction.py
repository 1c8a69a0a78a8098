"""A restore into a database that is there is one transaction, whatever its dump holds."""

from collections.abc import Callable

import pytest

from snapper.engines.postgresql.client_tools import ClientTools
from snapper.errors import BackupDamaged
from snapper.verbs.dump import Dumper
from snapper.verbs.restore import restore
from tests.support.databases import Source, job
from tests.support.engines import postgresql
from tests.support.restores import EMPTY

# Read line by line, the function's body begins rows that never end, and hides the COMMIT behind it.
LOOKS_LIKE_ROWS = """
CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $body$SELECT '
COPY x FROM stdin;
SET default_tablespace = fast;
'::text$body$;
SELECT lo_from_bytea(0, 'abc') FROM generate_series(1, 20);
"""


@pytest.mark.parametrize("major", [14, 18])
def test_a_damaged_backup_of_functions_and_large_objects_leaves_nothing(
    major: int,
    source: Callable[..., Source],
    dumper: Dumper,
    tools: ClientTools,
) -> None:
    manifest = dumper.dump(job(), source(major, LOOKS_LIKE_ROWS).database())
    assert manifest is not None
    whole = dumper.vault.read(manifest.dump_key)
    dumper.vault.put(manifest.dump_key, whole + b"\0")
    target = source(major, EMPTY)
    with pytest.raises(BackupDamaged):
        restore(dumper.vault, manifest, target.dsn, postgresql(tools))
    assert target.rows("SELECT count(*) FROM pg_largeobject_metadata") == [(0,)]

    dumper.vault.put(manifest.dump_key, whole)
    restore(dumper.vault, manifest, target.dsn, postgresql(tools))
    assert target.rows("SELECT count(*) FROM pg_largeobject_metadata") == [(20,)]
    assert target.rows("SELECT f()") == [
        ("\nCOPY x FROM stdin;\nSET default_tablespace = fast;\n",)
    ]
