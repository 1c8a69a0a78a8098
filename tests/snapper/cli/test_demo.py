"""How the demo reads its databases and shows what it found; the story itself is in tests/local."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from local.demo.compare import Comparison
from local.demo.fault import Fault
from local.demo.report import DatabaseReport, DemoReport
from local.demo.story import DemoOptions
from snapper.cli import demo
from snapper.cli.__main__ import main
from snapper.cli.outcome import Outcome
from snapper.errors import SettingsError
from tests.support.manifests import manifest

SECRET = "hush,h|ush"


def report(comparison: Comparison | None, *faults: Fault) -> DemoReport:
    database = DatabaseReport(
        key="orders",
        backups=(manifest(),),
        pruned=("orders/2026-11-22T12-00-00Z.sql.gz",),
        runs=3,
        made=3,
        comparison=comparison,
        faults=faults,
    )
    return DemoReport((database,), 38, {}, 9.96)


def test_rows_are_read_by_the_parser_of_the_secrets() -> None:
    rows = [f"a,postgres://u:{SECRET}@h/d,POSTGRES", "b, host=h dbname=d ,postgres"]
    first, second = demo.parse_rows(rows, 7)
    assert (first.key, first.connection, first.retention) == ("a", f"postgres://u:{SECRET}@h/d", 7)
    assert (second.key, second.connection) == ("b", "host=h dbname=d")


def test_no_rows_mean_the_samples() -> None:
    assert demo.parse_rows([], 2) == ()


@pytest.mark.parametrize(
    "row",
    [
        "",
        "orders",
        f"orders,postgres://u:{SECRET}@h/d",
        f"orders,postgres://u:{SECRET}@h/d,MYSQL",
        f"no good key,postgres://u:{SECRET}@h/d,POSTGRES",
        f"orders,postgres://u:{SECRET}@[::1/d,POSTGRES",
    ],
)
def test_a_bad_row_is_refused_without_its_password(row: str) -> None:
    with pytest.raises(SettingsError) as refused:
        demo.parse_rows([row], 2)
    assert refused.value.exit_code == 2
    assert "ush" not in str(refused.value) + refused.value.hint


def test_a_row_without_its_type_does_not_swallow_the_next() -> None:
    rows = ["a,postgres://h/d", "b,postgres://h/d,POSTGRES"]
    with pytest.raises(SettingsError, match="number 1"):
        demo.parse_rows(rows, 2)


def test_of_a_row_whose_key_is_none_only_what_was_typed_is_blamed() -> None:
    with pytest.raises(SettingsError) as caught:
        demo.parse_rows(["my orders,postgresql://u:hush@h/d,POSTGRES"], 2)
    assert str(caught.value) == (
        "the databases are invalid:\n  - number 1 must begin with a key of letters, digits, '.', "
        "'_' and '-', at most 64, the first a letter or digit"
    )
    assert "orders,postgresql://me:secret@db.example" in caught.value.hint


def test_a_bad_row_exits_2_with_one_document(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--json", "--database", f"a,postgres://u:{SECRET}@h/d,MONGO"]) == 2
    captured = capsys.readouterr()
    assert "not supported yet" in json.loads(captured.out)["error"]["fact"]
    assert SECRET not in captured.out + captured.err


def test_rows_in_the_environment_are_one_a_line_and_may_hold_spaces() -> None:
    told = f"a,postgres://u:{SECRET}@h/d,POSTGRES\n\nb,host=h dbname=d,POSTGRES\n"
    first, second = demo.parse_rows(demo.rows_of({demo.ROWS_VARIABLE: told}), 2)
    assert (first.key, first.connection) == ("a", f"postgres://u:{SECRET}@h/d")
    assert (second.key, second.connection) == ("b", "host=h dbname=d")
    assert demo.rows_of({}) == []


def test_the_command_reads_rows_from_the_environment_unless_it_is_given_some(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(demo.ROWS_VARIABLE, f"a,postgres://u:{SECRET}@h/d,MONGO")
    assert main(["demo", "--json"]) == 2
    captured = capsys.readouterr()
    assert "not supported yet" in json.loads(captured.out)["error"]["fact"]
    assert SECRET not in captured.out + captured.err
    assert main(["demo", "--json", "--database", "orders"]) == 2
    assert "number 1" in json.loads(capsys.readouterr().out)["error"]["fact"]


def test_the_tables_show_what_was_kept_pruned_and_restored(
    capsys: pytest.CaptureFixture[str],
) -> None:
    demo._show(report(Comparison(13, 15_374, 4, ())), Outcome(), as_json=False)
    out = capsys.readouterr().out
    assert "orders/2026-11-23T12-00-00Z.sql.gz" in out
    assert "1.5 MB" in out
    assert "PostgreSQL 17.2" in out
    assert "15,374  identical" in out
    assert "all backups restored, identical row by row; 38 resources, 10.0 s" in out
    assert "\x1b" not in out, "no colours in a pipe"


def test_a_backup_of_a_container_is_told_as_one_with_the_reason(
    capsys: pytest.CaptureFixture[str],
) -> None:
    (made,) = report(Comparison(13, 15_374, 4, ())).databases
    key = made.backups[0].dump_key
    large = replace(made, in_container={key: "the option dumpIn of orders is batch"})
    assert (made.made_in(made.backups[0]), made.handed_over) == ("function", ())
    demo._show(DemoReport((large,), 38, {}, 9.96), Outcome(), as_json=False)
    out = capsys.readouterr().out
    assert "  container  kept" in out
    why = "orders: handed over to a container of AWS Batch: the option dumpIn of orders is batch"
    assert why in " ".join(out.split())
    assert large.to_dict()["backups"][0]["made_in"] == "container"


def test_faults_and_differences_are_told_line_by_line(capsys: pytest.CaptureFixture[str]) -> None:
    found = Comparison(1, 5, 0, ("table public.t is only in the source",))
    demo._show(report(found, Fault("no answer", "look at it")), Outcome(), as_json=False)
    out = capsys.readouterr().out
    assert "DIFFERENT" in out
    assert "orders: table public.t is only in the source\n" in out
    assert "orders: error: no answer\norders: hint: look at it\n" in out
    assert (
        "orders: deployed and scheduled: yes; dumped: 3 of 3 runs; stored: 1 kept; pruned: 1; "
        in out
    )
    assert "restored here: yes; identical: no\n" in out
    assert "0 of 1 databases proven: not orders" in out


def test_what_was_good_is_told_of_a_database_that_could_not_be_restored_here(
    capsys: pytest.CaptureFixture[str],
) -> None:
    lacking = replace(report(None).databases[0], missing="uuid-ossp")
    good = replace(report(Comparison(1, 5, 0, ())).databases[0], key="users")
    demo._show(DemoReport((lacking, good), 38, {}, 9.96), Outcome(), as_json=False)
    out = capsys.readouterr().out
    assert "pruned: 1; restored here: no\n" in out
    assert "not here" in out
    assert "users: " not in out, "of a good one the table says it all"
    assert "1 of 2 databases proven: not orders; 38 resources" in out


def test_what_could_not_be_compared_is_not_called_identical(
    capsys: pytest.CaptureFixture[str],
) -> None:
    closed = Fault("table public.t was not compared: the role r has no SELECT right on it")
    demo._show(report(Comparison(1, 5, 0, (), (closed,)), closed), Outcome(), as_json=False)
    out = capsys.readouterr().out
    assert "in part" in out
    assert "identical: as far as it could be compared" in out
    assert f"orders: error: {closed.fact}\n" in out


def test_the_same_command_with_keep_is_printed_without_a_password() -> None:
    options = DemoOptions(
        demo.parse_rows([f"a,postgres://u:{SECRET}@h/d,POSTGRES", "b,host=h dbname=d,POSTGRES"], 3),
        retention=3,
        runs=1,
        export=Path("/some where"),
    )
    gone = "All of it is gone now. To look further, leave it running"
    assert demo.again(options, rows_given=True) == (
        f"{gone}, with the connection in place of …:",
        "bin/snapper demo --database 'a,…,POSTGRES' --database 'b,…,POSTGRES'"
        " --retention 3 --runs 1 --export '/some where' --keep",
    )
    assert demo.again(options, rows_given=False) == (
        f"{gone}, with SNAPPER_DEMO_DATABASE as it is:",
        "bin/snapper demo --retention 3 --runs 1 --export '/some where' --keep",
    )
    _, command = demo.again(DemoOptions(large=True), rows_given=False)
    assert command == "bin/snapper demo --large --keep"
    assert demo.again(DemoOptions(), rows_given=False) == (f"{gone}:", "bin/snapper demo --keep")


def test_json_is_one_document_with_the_promised_fields(capsys: pytest.CaptureFixture[str]) -> None:
    outcome = Outcome()
    demo._show(report(None, Fault("no answer")), outcome, as_json=True)
    document = json.loads(capsys.readouterr().out)
    assert outcome.answered
    assert document["good"] is False
    (database,) = document["databases"]
    assert database["key"] == "orders"
    assert database["server_version"] == "17.2"
    assert database["backups"][0]["object"] == "orders/2026-11-23T12-00-00Z.sql.gz"
    assert database["backups"][0]["bytes"] == 1_500_000
    assert database["backups"][0]["sha256"] == "ab" * 32
    assert database["pruned"] == ["orders/2026-11-22T12-00-00Z.sql.gz"]
    assert (database["restored"], database["identical"]) == (False, False)
    assert (database["runs"], database["made"], database["missing"]) == (3, 3, None)
    assert database["errors"] == [{"fact": "no answer", "hint": ""}]
