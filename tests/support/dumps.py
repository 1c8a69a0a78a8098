"""What the test job's dump is called, data that makes it large, a pg_dump that misbehaves."""

from pathlib import Path

from snapper.engines.postgresql.dumping.client_tools import ClientTools

DUMP = "orders/2026-11-23T03-00-00Z.sql.gz"
MANIFEST = "orders/2026-11-23T03-00-00Z.manifest.json"
CONTENTS = "orders/2026-11-23T03-00-00Z.contents.json"

# Hardly to be compressed, so that the dump needs several parts of 8 MiB.
LARGE = """
CREATE TABLE large AS
SELECT n, decode(string_agg(md5((n * 1000 + m)::text), ''), 'hex') AS noise
FROM generate_series(1, 400) AS n, generate_series(1, 2000) AS m GROUP BY n
"""


def fake_tools(tmp_path: Path, script: str) -> ClientTools:
    for major in (14, 17):
        program = tmp_path / str(major) / "bin" / "pg_dump"
        program.parent.mkdir(parents=True)
        program.write_text(
            '#!/bin/sh\ncase "$1" in --version) echo "pg_dump (PostgreSQL) 17.0"; exit;; esac\n'
            + script
        )
        program.chmod(0o755)
    return ClientTools(tmp_path)
