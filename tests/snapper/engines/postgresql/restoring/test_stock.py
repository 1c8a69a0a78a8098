"""The lines for a shell give psql a dump that it takes from whoever owns a database."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.engines.postgresql.restoring.stock import stock_commands
from snapper.values.authorities import AMAZON, FOLDER
from snapper.verbs.dump import Dumper
from tests.support.by_hand import ByHand
from tests.support.databases import Source, job
from tests.support.manifests import manifest

COMMENT = "COMMENT ON SCHEMA \"public\" IS 'standard public schema';\n"
ROWS = f'COPY "t" FROM stdin;\n{COMMENT}\\.\n'


def test_the_comment_that_every_database_has_is_left_out_and_no_row_is() -> None:
    lines = stock_commands("bucket", manifest(), Connection.parse("host=h dbname=d user=u"))
    (line,) = (line for line in lines if "| LC_ALL=C sed" in line)
    sed = line.split("|")[1]
    done = subprocess.run(
        ["/bin/sh", "-c", sed], input=f"{COMMENT}\n{ROWS}".encode(), capture_output=True, check=True
    )
    assert done.stdout.decode() == f"\n{ROWS}"


def test_nothing_of_the_dump_is_replaced_by_what_psql_calls_so(
    source: Callable[..., Source], dumper: Dumper, tmp_path: Path
) -> None:
    named = ["USER", "HOST", "PORT", "DBNAME", "ENCODING", "VERSION", "SERVER_VERSION_NUM"]
    columns = ", ".join(f'"{name}" int' for name in named)
    slices = ", ".join(f'a[1:"{name}"] AS "of {name}"' for name in named)
    # What stands in the variable USER is a column too: it would be taken without an error.
    made = source(
        17,
        f"CREATE TABLE t (a int[], postgres int, {columns});"
        f"CREATE VIEW v AS SELECT {slices} FROM t",
    )
    backup = dumper.dump(job(), made.database())
    assert backup is not None
    target, hand = source(17, "SELECT 1"), ByHand(tmp_path, made.server)
    hand.store(backup.dump_key, dumper.vault.read(backup.dump_key))
    lines = stock_commands("bucket", backup, Connection.parse(target.dsn))
    assert hand.run("\n".join(lines)) == 0
    shown = "SELECT pg_get_viewdef('v'::regclass)"
    assert target.rows(shown) == made.rows(shown)


@pytest.mark.usefixtures("amazon")
def test_the_authorities_of_amazons_servers_are_named(tmp_path: Path) -> None:
    host = "orders.c0ffee.eu-central-1.rds.amazonaws.com"
    target = Connection.parse(f"host={host} dbname=d user=u sslmode=verify-full")
    lines = stock_commands("bucket", manifest(), target, ["somebody"])
    asked = [line for line in lines if host in line]
    assert len(asked) == 2
    assert all(f"sslrootcert={tmp_path / FOLDER / AMAZON}" in line for line in asked)
