"""The whole story end to end, as a user starts it: what it proves, tells, and leaves behind."""

import hashlib
import json
import secrets
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import psycopg2
import pytest

from local.demo.sample import AWKWARD
from snapper.engines.postgresql.trying.throw_away import PostgresServer
from snapper.machine.run_directory import run_directory
from tests.support.demos import (
    NONSENSE,
    SECONDS,
    assert_nothing_is_left,
    finished,
    started,
)

SECRET = f"hush,h|u@sh %/&{secrets.token_hex(16)}"


@pytest.fixture
def room() -> Iterator[Path]:
    """A folder for temporary files that only this demo uses, reachable for PostgreSQL's user."""
    with run_directory() as directory:
        yield directory


def in_any_spelling(password: str) -> set[str]:
    return {password, quote(password, safe=""), quote(password), json.dumps(password)[1:-1]}


def test_the_samples_are_backed_up_pruned_and_restored_identical(room: Path) -> None:
    with started(room, "--json", "--keep") as child:
        assert child.stdout is not None
        assert child.stderr is not None
        talk = []
        for said in child.stderr:
            talk.append(said)
            if said == "Everything runs until Ctrl-C.\n":
                break
        else:
            pytest.fail("".join(talk))
        (line,) = (each for each in talk if each.startswith("export "))
        reach = dict(word.split("=", 1) for word in shlex.split(line)[1:])

        assert reach["SNAPPER_STAGE"] == "demo"
        for key in ("SHOP", "SHOP_RESTORED", "SENSORS", "SENSORS_RESTORED"):
            with closing(psycopg2.connect(reach[f"SNAPPER_DEMO_{key}"])) as connection:
                assert connection.info.dbname
        listed = "import boto3; print(boto3.client('s3').list_buckets()['Buckets'][0]['Name'])"
        shown = subprocess.run(
            ["bash", "-c", f"{line}\n{shlex.quote(sys.executable)} -c {shlex.quote(listed)}"],
            capture_output=True,
            text=True,
            check=True,
        )
        assert shown.stdout.startswith("snapper-demo-")

        (run,) = (logs.parent for logs in room.glob("*/logs"))
        written = "".join(
            log.read_text(errors="replace") for log in [*run.rglob("*.log"), *run.glob("logs/*")]
        )
        assert "dump.ended" in written
        assert not [spelling for spelling in in_any_spelling(AWKWARD) if spelling in written]

        child.send_signal(signal.SIGINT)
        out, rest = child.communicate(timeout=SECONDS)
    assert child.returncode == 0, rest
    assert_nothing_is_left(room)

    document = json.loads(out)
    assert document["good"]
    assert [each["key"] for each in document["databases"]] == ["shop", "sensors"]
    majors = {each["server_version"].split(".")[0] for each in document["databases"]}
    assert majors == {"14", "18"}
    drill, shop = document["drill"], document["databases"][0]
    assert (drill["database"], drill["proven"], drill["reason"]) == ("shop", True, None)
    assert (drill["tables"], drill["rows"]) == (shop["tables"], shop["rows"])
    for database in document["databases"]:
        assert database["restored"]
        assert database["identical"]
        assert database["rows"] > 10_000
        assert len(database["backups"]) == 2
        assert len(database["pruned"]) == 1
        objects = [backup["object"] for backup in database["backups"]]
        assert objects == sorted(objects, reverse=True)
        assert database["pruned"][0] < objects[-1]
        assert len({backup["sha256"] for backup in database["backups"]}) == 2


@pytest.fixture(scope="module")
def own() -> Iterator[PostgresServer]:
    """A server of the user's own: another encoding, odd roles, a password that needs care."""
    with (
        run_directory() as directory,
        PostgresServer(16, directory / "own", SECRET, tcp=True) as server,
        closing(psycopg2.connect(server.dsn())) as connection,
    ):
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute('CREATE ROLE "an owner; --"')
            cursor.execute("CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1'")
        with (
            closing(psycopg2.connect(server.dsn("latin"))) as latin,
            latin,
            latin.cursor() as cursor,
        ):
            cursor.execute(
                "CREATE TABLE words AS SELECT 'é' || n AS w FROM generate_series(1, 9) n"
            )
            cursor.execute('ALTER TABLE words OWNER TO "an owner; --"')
        yield server


@pytest.mark.long
def test_own_databases_are_proven_and_a_bad_one_hides_nothing(
    own: PostgresServer, room: Path, tmp_path: Path
) -> None:
    absent = own.dsn("absent")
    rows = (f"good,{own.dsn('latin')},POSTGRES", f"bad,{absent},postgres")
    options = [word for row in rows for word in ("--database", row)]
    export = tmp_path / "export"
    counts = ("--runs", "2", "--retention", "3")
    ended = finished(room, "--json", *options, *counts, "--export", str(export), env=NONSENSE)
    assert ended.code == 1
    words = ended.out + ended.err
    assert not [spelling for spelling in in_any_spelling(SECRET) if spelling in words]
    assert_nothing_is_left(room)

    document = json.loads(ended.out)
    good, bad = document["databases"]
    assert (good["identical"], good["rows"], good["pruned"], good["errors"]) == (True, 9, [], [])
    assert len(good["backups"]) == 2
    assert (bad["restored"], bad["backups"]) == (False, [])
    assert 'database "absent" does not exist' in bad["errors"][0]["fact"]

    files = {str(file.relative_to(export)) for file in export.rglob("*") if file.is_file()}
    assert files == set(good["exported"])
    for backup in good["backups"]:
        content = (export / backup["object"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == backup["sha256"]


@pytest.mark.long
def test_a_kill_leaves_nothing_behind_either(room: Path) -> None:
    with started(room) as child:
        assert child.stderr is not None
        while not child.stderr.readline().startswith("run 1"):
            assert child.poll() is None
        child.kill()
    assert_nothing_is_left(room, killed=True)


def test_an_export_folder_that_cannot_be_exits_2_at_once(room: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    ended = finished(room, "--json", "--export", str(tmp_path / "file"))
    assert ended.code == 2
    assert "cannot be created" in json.loads(ended.out)["error"]["fact"]


@pytest.mark.long
def test_a_container_takes_over_from_the_dumper_and_its_backups_are_as_good(room: Path) -> None:
    ended = finished(room, "--json", "--large", "--runs", "1")
    assert ended.code == 0, ended.err
    report = json.loads(ended.out)
    assert report["good"]
    made_in = {
        database["key"]: [backup["made_in"] for backup in database["backups"]]
        for database in report["databases"]
    }
    assert made_in == {"shop": ["function"], "sensors": ["container"]}
    assert_nothing_is_left(room)
