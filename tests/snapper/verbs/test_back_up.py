"""One job, whole: a backup, or the reason why there is none. Nothing that is there goes."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from snapper.errors import AwsFailed, DumpFailed
from snapper.values.deadline import RESERVE, Deadline
from snapper.values.job import Job
from snapper.values.options import Options
from snapper.values.secrets import Database
from snapper.verbs.back_up import back_up
from snapper.verbs.catalog import backups
from snapper.verbs.dump import Dumper
from tests.support.backups import days, store
from tests.support.databases import AT, Source, job
from tests.support.dumps import fake_tools
from tests.support.engines import engines
from tests.support.parameters import OneDatabase
from tests.support.recording import RecordedEvents
from tests.support.vaults import keys


def test_a_backup_is_made_and_told_and_nothing_goes(
    source: Callable[..., Source], dumper: Dumper, events: RecordedEvents
) -> None:
    for number in (-1, -2, -3):
        store(dumper.vault, days(number))
    back_up(job(), OneDatabase(source().database(retention=2)), dumper)
    assert [holding.taken_at for holding in backups(dumper.vault, "orders")] == [
        AT, days(-1), days(-2), days(-3),
    ]  # fmt: skip
    names = [name for name in events.names() if name != "connection.plain"]
    assert names == ["dump.began", "dump.ended"]
    told = events.fields("dump.ended")
    assert told["object"] == "orders/2026-11-23T03-00-00Z.sql.gz"
    assert float(told["seconds"]) >= 0
    assert float(told["dump_bytes"]) > float(told["backup_bytes"]) > 0


def test_a_failed_dump_prunes_nothing(
    tmp_path: Path, source: Callable[..., Source], dumper: Dumper, events: RecordedEvents
) -> None:
    for number in range(-1, -5, -1):
        store(dumper.vault, days(number))
    before = keys(dumper.vault)
    broken = replace(dumper, engines=engines(fake_tools(tmp_path, "echo bad news >&2; exit 1")))
    with pytest.raises(DumpFailed):
        back_up(job(), OneDatabase(source().database(retention=1)), broken)
    assert keys(dumper.vault) == before
    assert events.names()[-1] == "dump.failed"
    told = events.fields("dump.failed")
    assert (told["database"], told["kind"]) == ("orders", "DumpFailed")
    assert "bad news" in str(told["reason"])


def test_a_dump_has_no_more_time_than_its_database_may_take(
    source: Callable[..., Source], dumper: Dumper, events: RecordedEvents
) -> None:
    hurried = replace(source().database(), options=Options(timeout=60))
    given: list[tuple[float, str]] = []

    class Asked(Dumper):
        def dump(self, job: Job, database: Database) -> None:
            left = self.deadline.seconds_left
            assert left is not None
            given.append((left, self.deadline.hint))

    patient = Asked(dumper.vault, events, deadline=Deadline(lambda: 900.0))
    back_up(job(), OneDatabase(hurried), patient)
    ((left, hint),) = given
    assert left <= 60 - RESERVE
    assert "the option timeout of orders is 60 s" in hint


def test_an_unknown_database_prunes_nothing(dumper: Dumper, events: RecordedEvents) -> None:
    store(dumper.vault, days(-1), "people")
    with pytest.raises(AwsFailed):
        back_up(job(database="people"), OneDatabase(Database("orders", "host=h", 1)), dumper)
    assert len(keys(dumper.vault)) == 2
    assert events.names() == ["dump.failed"]


def test_a_repeat_after_success_does_nothing(
    source: Callable[..., Source], dumper: Dumper, events: RecordedEvents
) -> None:
    store(dumper.vault, AT)
    store(dumper.vault, days(-1))
    back_up(job(), OneDatabase(Database("orders", "host=nowhere.invalid", 1)), dumper)
    assert len(backups(dumper.vault, "orders")) == 2
    assert events.names() == ["dump.skipped"]
