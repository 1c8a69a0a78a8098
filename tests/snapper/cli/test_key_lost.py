"""What docs/encryption.md rehearses: one of two keys is lost, and nothing else is.

The second key's kit restores a backup by its README's own words, where there is no Snapper; the
lost key's place is taken by a new one; with both gone, nothing opens what was sealed for them.
"""

import re
import subprocess
import sys
from pathlib import Path

import psycopg2.extensions
import pytest

from bin.pg_dump.fetch import fetch
from bin.pg_dump.platforms import Platform
from snapper.errors import WrongKey
from snapper.values.manifest import Manifest
from snapper.values.options import Options
from tests.support.kits import commands_of, without_snapper
from tests.support.stage import StageUnderTest

pytestmark = pytest.mark.long

AWS = """#!/bin/sh
exec {python} -P -c 'import sys
from pathlib import Path
import boto3
s3, (command, address) = boto3.client("s3"), sys.argv[2:4]
bucket, _, key = address.removeprefix("s3://").partition("/")
if command == "cp":
    s3.download_file(bucket, key, sys.argv[4])
else:
    for found in s3.list_objects_v2(Bucket=bucket, Prefix=key)["Contents"]:
        print(found["LastModified"], found["Size"], found["Key"])
' "$@"
"""
"""The two commands of AWS's own program that a kit tells, for where that is not installed."""


def made(stage: StageUnderTest, folder: Path) -> str:
    """Make a kit, and give its public key."""
    ran = stage.run_cli("key", "new", str(folder), "--stage", stage.name, "--json")
    assert ran.code == 0, ran.err
    return str(ran.document["recipient"])


def by_its_own_words(
    stage: StageUnderTest, kit: Path, backup: Manifest, target: str, tmp_path: Path
) -> None:
    """Run every command of a kit's README, with the backup's name in place of the example's."""
    place = psycopg2.extensions.parse_dsn(target)
    aws = tmp_path / "aws"
    aws.write_text(AWS.format(python=sys.executable))
    aws.chmod(0o700)
    psql = fetch(18, Platform.here()) / "bin" / "psql"
    createdb = tmp_path / "createdb"
    createdb.write_text(f'#!/bin/sh\nexec {psql} -X -d postgres -c "CREATE DATABASE $1"\n')
    createdb.chmod(0o700)
    name = backup.dump_key.removesuffix(".sql.gz.age")
    lines = [
        re.sub(r"ORDERS/\d{4}-[\dTZ-]+", name, line).replace("ORDERS", backup.database)
        for line in commands_of(kit)
    ]
    environment = {
        **stage.environment(),
        **without_snapper(tmp_path / "bin", aws, psql, createdb),
        **{f"PG{name.upper()}": place[name] for name in ("host", "port", "user", "password")},
    }
    script = "\n".join(["set -euo pipefail", *lines])
    ran = subprocess.run(
        ["bash", "-c", script],
        cwd=kit,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr


def test_the_loss_of_one_key_costs_nothing_and_of_both_all(
    stage: StageUnderTest, tmp_path: Path
) -> None:
    ann, ben, anew = (tmp_path / each for each in ("ann", "ben", "anew"))
    both = (made(stage, ann), made(stage, ben))
    source = stage.source(18, "CREATE TABLE public.kept AS SELECT generate_series(1, 1000) AS n")
    with stage.database("lost", source.dsn, options=Options(recipients=both)):
        backup = stage.back_up("lost")
        assert backup.recipients == both
        (ann / "identity.txt").unlink()

        by_its_own_words(stage, ben, backup, stage.server(18).dsn("postgres"), tmp_path)
        with psycopg2.connect(stage.server(18).dsn("restored")) as session:
            cursor = session.cursor()
            cursor.execute("SELECT count(*) FROM public.kept")
            assert cursor.fetchone() == (1000,)

        proven = stage.run_cli("key", "prove", "--identity", str(ben / "identity.txt"), "--json")
        assert proven.document["proven"] == [both[1]]
        made(stage, anew)
        refused = stage.run_cli("key", "prove", "--identity", str(anew / "identity.txt"))
        assert refused.code == WrongKey.exit_code

        target = stage.server(18).dsn("restored by nobody")
        arguments = ("restore", "lost", "--to", target, "--create", "--identity")
        refused = stage.run_cli(*arguments, str(anew / "identity.txt"))
        assert refused.code == WrongKey.exit_code
        opened = stage.run_cli(*arguments, str(ben / "identity.txt"))
        assert opened.code == 0, opened.err
