"""The dumper answers for each message, and says what it did in JSON and metrics."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from functions.dumper import handler
from snapper.aws.batch import Batch
from snapper.aws.vault import Vault
from snapper.errors import SettingsError
from tests.support.containers import Containers
from tests.support.databases import Source, job
from tests.support.dumps import CONTENTS, DUMP, MANIFEST
from tests.support.events import Context, delivery, record
from tests.support.vaults import keys, open_uploads

UNITS = {
    "BackupSucceeded": "Count",
    "BackupFailed": "Count",
    "DumpSeconds": "Seconds",
    "DumpBytes": "Bytes",
    "BackupBytes": "Bytes",
}


def failures(answer: Any) -> list[str]:
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def test_a_job_becomes_a_backup_and_is_done(
    source: Callable[..., Source],
    configure: Callable[..., None],
    home: Vault,
    said: Callable[[], Any],
) -> None:
    configure("orders", source().dsn)
    assert handler(delivery(record(job().to_json())), Context()) == {"batchItemFailures": []}
    assert keys(home) == [CONTENTS, MANIFEST, DUMP]
    told = said()
    assert told.messages() == ["connection.plain", "dump.began", "dump.ended"]
    assert told.log("connection.plain")["level"] == "WARNING"
    assert told.log("dump.ended")["object"] == DUMP


def test_metrics_are_cloudwatchs_embedded_format_with_two_dimensions(
    source: Callable[..., Source],
    configure: Callable[..., None],
    home: Vault,
    stage: str,
    said: Callable[[], Any],
) -> None:
    configure("orders", source().dsn)
    handler(delivery(record(job().to_json())), Context())
    (metric,) = said().metrics
    (directive,) = metric["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == "Snapper"
    assert [sorted(names) for names in directive["Dimensions"]] == [["Database", "Stage"]]
    assert (metric["Database"], metric["Stage"]) == ("orders", stage)
    assert isinstance(metric["_aws"]["Timestamp"], int)
    declared = {one["Name"]: one["Unit"] for one in directive["Metrics"]}
    assert declared == {name: unit for name, unit in UNITS.items() if name != "BackupFailed"}
    assert all(isinstance(value, int | float) or len(value) == 1 for value in _values(metric))


def _values(metric: dict[str, Any]) -> list[Any]:
    return [metric[name] for name in UNITS if name in metric]


def test_a_message_that_is_no_job_goes_back_and_keeps_no_other_from_being_done(
    source: Callable[..., Source],
    configure: Callable[..., None],
    home: Vault,
    said: Callable[[], Any],
) -> None:
    configure("orders", source().dsn)
    poison = ["", "{", "[" * 100_000, '{"version": 9}', '{"password": "hush-hush"}']
    records = [record(body, f"poison-{number}") for number, body in enumerate(poison)]
    answer = handler(delivery(*records, record(job().to_json(), "good")), Context())
    assert failures(answer) == [f"poison-{number}" for number in range(len(poison))]
    assert keys(home) == [CONTENTS, MANIFEST, DUMP]
    told = said()
    assert told.messages()[: len(poison)] == ["job.failed"] * len(poison)
    assert told.logs[0]["message_id"] == "poison-0"
    assert told.logs[0]["level"] == "ERROR"
    assert "hush-hush" not in json.dumps(told.logs)


def test_a_database_that_fails_goes_back_counted_and_keeps_no_other_from_being_done(
    source: Callable[..., Source],
    configure: Callable[..., None],
    home: Vault,
    said: Callable[[], Any],
) -> None:
    configure("orders", source().dsn)
    configure("people", "postgresql://u:hush-hush@127.0.0.1:1/d")
    answer = handler(
        delivery(
            record(job(database="people").to_json(), "closed", attempt=2),
            record(job(database="unknown").to_json(), "unknown"),
            record(job().to_json(), "good"),
        ),
        Context(),
    )
    assert failures(answer) == ["closed", "unknown"]
    assert keys(home) == [CONTENTS, MANIFEST, DUMP]
    told = said()
    assert [metric["Database"] for metric in told.metrics] == ["people", "unknown", "orders"]
    assert len(told.measured("BackupFailed")) == 2
    assert told.log("dump.failed")["kind"] == "HostUnreachable"
    assert told.log("dump.failed")["attempt"] == 2
    assert "hush-hush" not in json.dumps(told.logs)


def test_a_defect_of_ours_is_told_by_its_place_and_not_by_its_words(
    configure: Callable[..., None],
    home: Vault,
    said: Callable[[], Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    configure("orders", "host=h")

    def defect(*_: object) -> None:
        raise ZeroDivisionError("hush-hush")

    monkeypatch.setattr("snapper.engines.postgresql.found.inspect", defect)
    answer = handler(delivery(record(job().to_json(), "good")), Context())
    assert failures(answer) == ["good"]
    told = said().log("dump.failed")
    assert (told["kind"], told["file"]) == ("ZeroDivisionError", "test_dumper.py")
    assert "hush-hush" not in json.dumps(told)


def test_the_same_message_again_makes_no_second_backup(
    source: Callable[..., Source],
    configure: Callable[..., None],
    home: Vault,
    said: Callable[[], Any],
) -> None:
    configure("orders", source().dsn)
    for _ in range(2):
        assert failures(handler(delivery(record(job().to_json())), Context())) == []
    assert keys(home) == [CONTENTS, MANIFEST, DUMP]
    # Only what was made just now is a success: a message that comes for ever silences no alarm.
    assert len(said().measured("BackupSucceeded")) == 1


def test_a_function_that_is_out_of_time_gives_the_message_back(
    source: Callable[..., Source],
    configure: Callable[..., None],
    home: Vault,
    said: Callable[[], Any],
) -> None:
    configure("orders", source(17, "CREATE TABLE t AS SELECT generate_series(1, 100000)").dsn)
    assert failures(handler(delivery(record(job().to_json(), "late")), Context(10))) == ["late"]
    assert keys(home) == []
    assert open_uploads(home) == []
    assert said().log("dump.failed")["kind"] == "DeadlineReached"


def test_where_there_are_containers_such_a_message_is_handed_over_and_done(
    source: Callable[..., Source],
    configure: Callable[..., None],
    home: Vault,
    said: Callable[[], Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    containers = Containers()
    monkeypatch.setenv("SNAPPER_BATCH_QUEUE", "large")
    monkeypatch.setenv("SNAPPER_BATCH_DEFINITION", "dumper:1")
    monkeypatch.setattr(Batch, "connect", lambda *_: containers)
    configure("orders", source().dsn)
    assert failures(handler(delivery(record(job().to_json(), "late")), Context(10))) == []
    ((payload, _, _),) = containers.submitted
    assert payload == job().to_json()
    told = said()
    assert told.messages() == ["dump.handed_over"]
    # Neither a success nor a failure: that is for the container to say.
    assert told.metrics == []


def test_a_function_without_settings_fails_aloud(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SNAPPER_STAGE", "SNAPPER_BUCKET"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(SettingsError, match="SNAPPER_BUCKET"):
        handler(delivery(record(job().to_json())), Context())
