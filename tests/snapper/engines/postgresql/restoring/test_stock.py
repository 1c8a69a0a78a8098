"""The lines for a shell give psql a dump that it takes from whoever owns a database."""

import subprocess

from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.engines.postgresql.restoring.stock import stock_commands
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
