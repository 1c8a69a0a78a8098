"""Sealed backups at the command line: what a key opens, and what can be done without one."""

import gzip
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from snapper.machine.environment import IDENTITY_VARIABLE
from snapper.sealing.payload import SEALED_CHUNK
from snapper.sealing.seal import seal_by_passphrase
from snapper.values.manifest import Manifest
from snapper.values.options import Options
from snapper.values.verification import WITHOUT_OPENING
from tests.support.databases import query
from tests.support.restores import flip
from tests.support.sealed import ANOTHER, KEY, OTHER, RECIPIENT
from tests.support.stage import Ran, StageUnderTest

ROWS = "CREATE TABLE items AS SELECT n FROM generate_series(1, 300) AS n; CREATE TABLE more (n int)"
SECRET = KEY.text.removeprefix("AGE-SECRET-KEY-1")


@pytest.fixture
def key(tmp_path: Path) -> str:
    """Write the key that opens into a file, and give its name."""
    return written(tmp_path / "key.txt", KEY.text)


@pytest.fixture
def other(tmp_path: Path) -> str:
    return written(tmp_path / "other.txt", OTHER.text)


def written(path: Path, text: str) -> str:
    path.write_text(f"# a key\n{text}\n")
    return str(path)


@pytest.fixture
def sealed(stage: StageUnderTest) -> Iterator[Manifest]:
    """Give a sealed backup of the database `sealed`, for one key."""
    options = Options(recipients=(RECIPIENT,))
    with stage.database("sealed", stage.source(18, ROWS).dsn, options=options):
        made = stage.back_up("sealed")
        assert made.dump_key.endswith(".sql.gz.age")
        yield made


def silent(ran: Ran) -> Ran:
    """Nothing that is written holds a key."""
    assert SECRET not in ran.out + ran.err
    return ran


def test_verify_proves_more_with_a_key_than_without_and_says_which(
    sealed: Manifest, stage: StageUnderTest, key: str, other: str
) -> None:
    ran = silent(stage.run_cli("verify", "sealed"))
    assert (ran.code, ran.lines[1].split("B ")[-1].strip()) == (0, WITHOUT_OPENING)
    assert WITHOUT_OPENING in stage.run_cli("list", "sealed").out
    wrong = silent(stage.run_cli("verify", "sealed", "--identity", other))
    assert wrong.code == 12
    assert f"but NOT OPENED: {sealed.dump_key} is sealed for {KEY.recipient.short}" in wrong.out
    ran = silent(stage.run_cli("verify", "sealed", more={IDENTITY_VARIABLE: KEY.text}))
    assert (ran.code, ran.lines[1].split()[-1]) == (0, "sound")
    again = stage.run_cli("verify", "sealed", "--json").document["backups"][0]["verification"]
    assert (again["unopened"], again["opened_at"][:2]) == (True, "20")
    assert ", read 20" in stage.run_cli("list", "sealed").out
    assert IDENTITY_VARIABLE not in os.environ


@pytest.mark.long
def test_it_is_restored_whole_and_table_by_table_by_its_key(
    sealed: Manifest, stage: StageUnderTest, key: str, other: str
) -> None:
    target = stage.new("sealed again")
    options = ("--to", target.dsn, "--create")
    assert silent(stage.run_cli("restore", "sealed", *options)).code == 11
    assert silent(stage.run_cli("restore", "sealed", *options, "--identity", other)).code == 12
    planned = stage.run_cli("restore", "sealed", *options, "--identity", key, "--dry-run")
    assert "age -d -i key.txt" in planned.out
    assert silent(stage.run_cli("restore", "sealed", *options, "--identity", key)).code == 0
    assert query(target.dsn, "SELECT count(*) FROM items") == [(300,)]
    beside = stage.source(18, "SELECT 1")
    some = ("restore", "sealed", "--to", beside.dsn, "--table", "public.items")
    assert silent(stage.run_cli(*some)).code == 11
    assert silent(stage.run_cli(*some, "--identity", key)).code == 0
    assert query(beside.dsn, "SELECT count(*) FROM items") == [(300,)]
    proven = silent(stage.run_cli("verify", "sealed", "--restore", "--identity", key))
    assert (proven.code, "300" in proven.lines[1]) == (0, True)
    assert silent(stage.run_cli("verify", "sealed", "--restore")).code == 11


@pytest.mark.long
def test_it_is_downloaded_sealed_or_opened(
    sealed: Manifest, stage: StageUnderTest, key: str, tmp_path: Path
) -> None:
    out = ("--output", str(tmp_path))
    assert stage.run_cli("download", "sealed", *out).code == 0
    name = sealed.dump_key.replace("/", "-")
    assert (tmp_path / name).read_bytes() == stage.vault.read(sealed.dump_key)
    assert stage.run_cli("download", "sealed", *out, "--decrypt").code == 11
    assert stage.run_cli("download", "sealed", *out, "--identity", key).code == 2
    ran = silent(stage.run_cli("download", "sealed", *out, "--decrypt", "--identity", key))
    assert (ran.code, ran.lines[0].split()[-1]) == (0, sealed.packed_sha256)
    assert b"CREATE TABLE" in gzip.decompress((tmp_path / name.removesuffix(".age")).read_bytes())
    some = ("download", "sealed", *out, "--table", "public.items", "--csv")
    assert stage.run_cli(*some).code == 11
    assert silent(stage.run_cli(*some, "--identity", key)).code == 0
    assert len((tmp_path / f"{name[:-11]}-public.items.csv").read_text().splitlines()) == 301


@pytest.mark.long
def test_its_list_is_shown_and_compared_by_its_key_or_without_where_it_is_in_clear(
    sealed: Manifest, stage: StageUnderTest, key: str
) -> None:
    assert stage.run_cli("contents", "sealed").code == 11
    assert "2 tables, 300 rows" in stage.run_cli("contents", "sealed", "--identity", key).out
    options = Options(recipients=(RECIPIENT,), contents_in_clear=True)
    source = stage.source(18, ROWS)
    with stage.database("clear", source.dsn, options=options):
        older = stage.back_up("clear", datetime.now(UTC) - timedelta(minutes=1))
        source.run("INSERT INTO items VALUES (0); CREATE TABLE third (n int)")
        stage.back_up("clear")
        assert "3 tables, 301 rows" in stage.run_cli("contents", "clear").out
        compared = ("diff", "clear", "--from", older.dump_key)
        ran = stage.run_cli(*compared)
        assert (ran.code, "public.third" in ran.out) == (0, True)
        assert "is sealed, and no key is given" in ran.err
        assert stage.run_cli(*compared, "--exit-code").code == 1
        ran = stage.run_cli(*compared, "--identity", key)
        assert "CREATE TABLE public.third" in ran.out.replace('"', "")


@pytest.mark.long
def test_each_fault_has_its_own_words_and_code(
    stage: StageUnderTest, key: str, other: str, tmp_path: Path
) -> None:
    options = Options(recipients=(RECIPIENT, ANOTHER))
    with stage.database("faulty", stage.source(18, ROWS).dsn, options=options):
        made = stage.back_up("faulty")
        text = stage.vault.read(made.dump_key)
        one_of = silent(stage.run_cli("verify", "faulty", "--identity", other))
        assert one_of.code == 0
        words = f"is opened by the key of {OTHER.recipient.short}, one of the 2 for whom it is"
        assert words in one_of.err
        stage.vault.put(made.dump_key, flip(text))
        ran = silent(stage.run_cli("verify", "faulty", "--identity", key))
        assert (ran.code, "was altered: its bytes" in ran.out) == (4, True)
        assert len(text) < SEALED_CHUNK
    protected = tmp_path / "protected.txt"
    protected.write_bytes(seal_by_passphrase(KEY.text.encode(), "hush"))
    with stage.database("asked", stage.source(18, ROWS).dsn, options=options):
        stage.back_up("asked")
        ran = silent(stage.run_cli("verify", "asked", "--identity", str(protected)))
        assert (ran.code, "is protected by a passphrase, and none" in ran.out) == (2, True)
        for wrong in (RECIPIENT, "nonsense"):
            ran = stage.run_cli("verify", "asked", more={IDENTITY_VARIABLE: wrong})
            assert (ran.code, wrong not in ran.out + ran.err) == (2, True)
        assert stage.run_cli("verify", "asked", "--identity", "/nowhere").code == 2
        ran = silent(stage.run_cli("verify", "asked", "--identity", KEY.text))
        assert (ran.code, "is a key itself" in ran.out) == (2, True)


@pytest.mark.long
def test_the_deployed_prover_restores_it_by_the_key_of_the_drills(
    sealed: Manifest, stage: StageUnderTest
) -> None:
    ran = silent(stage.run_cli("drill", "sealed", "--wait"))
    assert ran.code == 0, ran.out + ran.err
    assert "restored: 2 tables, 300 rows in " in ran.lines[1]
    assert "restored 20" in stage.run_cli("list", "sealed").out
    log = "\n".join(stage.host.logs(stage.deployment.outputs["prover"]))
    assert SECRET not in log
    options = Options(recipients=(ANOTHER,))
    with stage.database("others", stage.source(18, ROWS).dsn, options=options):
        stage.back_up("others")
        ran = stage.run_cli("drill", "others", "--wait")
        assert ran.code == 12, ran.out + ran.err
        assert "could not be tried" in ran.out
        assert WITHOUT_OPENING in stage.run_cli("list", "others").out
        told = stage.run_cli("doctor", "others", "--json").document["findings"]["others"]
        assert "drillIdentity does not open" in next(
            each["fact"] for each in told if each["subject"] == "proof"
        )
        stage.settle()


@pytest.mark.long
def test_a_prover_without_a_key_proves_what_it_can_and_the_stage_says_so(
    sealed: Manifest, stage: StageUnderTest
) -> None:
    prover = stage.host._installed[stage.deployment.outputs["prover"]]
    known = prover.function
    without = {k: v for k, v in known.environment.items() if "DRILL_IDENTITY" not in k}
    try:
        prover.function = replace(known, environment=without)
        for each in prover.idle:
            each.stop()
        ran = stage.run_cli("drill", "sealed", "--wait", "--json")
    finally:
        prover.function = known
        for each in prover.idle:
            each.stop()
    (drill,) = ran.document["drills"]
    assert (ran.code, drill["state"]) == (11, "not opened"), ran.out
    assert WITHOUT_OPENING in drill["error"]
    assert WITHOUT_OPENING in stage.run_cli("list", "sealed").out
    (standing,) = stage.run_cli("status", "sealed", "--json").document["databases"]
    assert (standing["proven"]["at"], standing["trial"]["verification"]["unopened"]) == (None, True)
