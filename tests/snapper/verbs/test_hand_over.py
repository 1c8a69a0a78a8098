"""What does not end within a function goes to a container, once, and nothing else does."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from snapper.aws.vault import StoredObject, Vault
from snapper.errors import AwsFailed, BackupInProgress, DeadlineReached
from snapper.values.container import Size, container_name
from snapper.values.deadline import RESERVE, Deadline
from snapper.values.job import Job
from snapper.values.keys import Kind, object_key
from snapper.values.options import BATCH, FUNCTION, Options
from snapper.verbs.back_up import back_up
from snapper.verbs.dump import Dumper
from snapper.verbs.hand_over import HandOver, took
from snapper.verbs.place import LONGEST_FINISH
from tests.support.backups import days, store
from tests.support.containers import Containers, over_soon
from tests.support.databases import AT, Source, job
from tests.support.parameters import OneDatabase
from tests.support.recording import RecordedEvents
from tests.support.vaults import keys, open_uploads

NO_TIME = Deadline(lambda: RESERVE)
PLENTY = Deadline(lambda: 900.0)


@pytest.fixture
def containers() -> Containers:
    return Containers()


@pytest.fixture
def handing(dumper: Dumper, containers: Containers, events: RecordedEvents) -> Dumper:
    """Give a dumper of a stage with largeDatabases, and with plenty of time."""
    return replace(dumper, elsewhere=HandOver(dumper.vault, containers, events), deadline=PLENTY)


def optioned(source: Source, **options: Any) -> OneDatabase:
    return OneDatabase(replace(source.database(), options=Options(**options)))


def test_what_fits_is_dumped_here(
    source: Callable[..., Source],
    handing: Dumper,
    containers: Containers,
    events: RecordedEvents,
) -> None:
    back_up(job(), optioned(source()), handing)
    assert containers.submitted == []
    assert events.names()[-1] == "dump.ended"


def test_what_would_not_fit_is_handed_over_before_it_is_begun(
    source: Callable[..., Source],
    handing: Dumper,
    containers: Containers,
    events: RecordedEvents,
) -> None:
    back_up(job(), optioned(source()), replace(handing, deadline=NO_TIME))
    ((payload, name, size),) = containers.submitted
    assert (Job.from_json(payload), name, size) == (job(), container_name(job()), Size(2))
    assert events.names() == ["dump.handed_over"]
    told = events.fields("dump.handed_over")
    assert (told["database"], told["scheduled_at"]) == ("orders", "2026-11-23T03:00:00Z")
    assert str(told["reason"]).endswith("to dump, a quarter more at worst, and there are 0 s")
    assert keys(handing.vault) == []


def test_a_job_that_is_delivered_again_while_a_container_works_on_it_starts_no_other(
    source: Callable[..., Source], handing: Dumper, containers: Containers
) -> None:
    late = replace(handing, deadline=NO_TIME)
    back_up(job(), optioned(source()), late)
    back_up(job(), optioned(source()), late)
    assert len(containers.submitted) == 1


def test_a_job_whose_container_has_made_the_backup_is_done(
    source: Callable[..., Source],
    handing: Dumper,
    containers: Containers,
    events: RecordedEvents,
) -> None:
    made = optioned(source(), dump_in=BATCH)
    back_up(job(), made, handing)
    containers.end(container_name(job()))
    back_up(job(), made, replace(handing, elsewhere=None))
    back_up(job(), made, handing)
    assert len(containers.submitted) == 1
    assert events.names()[-1] == "dump.skipped"


def test_a_job_whose_container_has_failed_may_be_handed_over_anew(
    source: Callable[..., Source], handing: Dumper, containers: Containers
) -> None:
    made = optioned(source(), dump_in=BATCH)
    back_up(job(), made, handing)
    containers.end(container_name(job()))
    back_up(job(), made, handing)
    assert len(containers.submitted) == 2


@pytest.mark.long
def test_a_dump_that_runs_into_its_deadline_is_handed_over_and_has_not_failed(
    source: Callable[..., Source],
    handing: Dumper,
    containers: Containers,
    events: RecordedEvents,
) -> None:
    made = source()
    with made.locked("t"):
        back_up(job(), optioned(made), replace(handing, deadline=over_soon()))
    assert len(containers.submitted) == 1
    assert [name for name in events.names() if name.startswith("dump.")] == [
        "dump.began",
        "dump.handed_over",
    ]
    assert "was stopped 30 s before" in str(events.fields("dump.handed_over")["reason"])
    assert keys(handing.vault) == []
    assert open_uploads(handing.vault) == []


@pytest.mark.long
def test_a_dump_that_cannot_be_handed_over_at_its_deadline_has_failed_with_both_reasons(
    source: Callable[..., Source],
    handing: Dumper,
    containers: Containers,
    events: RecordedEvents,
) -> None:
    containers.refuses = True
    made = source()
    hurried = replace(handing, deadline=over_soon())
    with made.locked("t"), pytest.raises(DeadlineReached):
        back_up(job(), optioned(made), hurried)
    told = events.fields("dump.failed")
    assert told["kind"] == "DeadlineReached"
    assert "could not be handed over to AWS Batch: batch:SubmitJob failed" in str(told["hint"])


@pytest.mark.long
def test_without_containers_the_hint_names_the_setting(
    source: Callable[..., Source], handing: Dumper, events: RecordedEvents
) -> None:
    made = source()
    alone = replace(handing, elsewhere=None, deadline=over_soon(1))
    with made.locked("t"), pytest.raises(DeadlineReached):
        back_up(job(), optioned(made), alone)
    assert "largeDatabases" in str(events.fields("dump.failed")["hint"])


@pytest.mark.long
@pytest.mark.parametrize("options", [{"timeout": 60}, {"dump_in": FUNCTION}])
def test_a_dump_that_may_not_take_longer_or_not_elsewhere_is_never_handed_over(
    options: dict[str, Any],
    source: Callable[..., Source],
    handing: Dumper,
    containers: Containers,
) -> None:
    made = source()
    limited = replace(made.database(), options=Options(**options))
    with made.locked("t"), pytest.raises(DeadlineReached):
        replace(handing, deadline=over_soon()).dump(job(), limited)
    assert containers.submitted == []


def test_a_refusal_of_batch_fails_the_delivery_which_comes_back(
    source: Callable[..., Source], handing: Dumper, containers: Containers, events: RecordedEvents
) -> None:
    containers.refuses = True
    with pytest.raises(AwsFailed):
        back_up(job(), optioned(source(), dump_in=BATCH), handing)
    assert events.names() == ["dump.failed"]


def test_a_container_whose_start_nobody_heard_of_is_found_by_the_next_delivery(
    source: Callable[..., Source], handing: Dumper, containers: Containers, events: RecordedEvents
) -> None:
    made = optioned(source(), dump_in=BATCH)
    containers.loses_answers = True
    with pytest.raises(AwsFailed):
        back_up(job(), made, handing)
    containers.loses_answers = False
    back_up(job(), made, handing)
    assert len(containers.submitted) == 1
    assert events.names() == ["dump.failed", "dump.handed_over"]


@pytest.mark.parametrize(("asked", "stage", "size"), [(8, 1, 8), (None, 3, 4), (0, 4, 2)])
def test_the_container_has_a_processor_for_each_connection(
    asked: int | None,
    stage: int,
    size: int,
    source: Callable[..., Source],
    handing: Dumper,
    containers: Containers,
    events: RecordedEvents,
) -> None:
    elsewhere = HandOver(handing.vault, containers, events, stage)
    made = optioned(source(), dump_in=BATCH, dump_jobs=asked)
    back_up(job(), made, replace(handing, elsewhere=elsewhere))
    ((_, _, given),) = containers.submitted
    assert given == Size(size)


def test_a_dump_whose_container_is_about_to_write_its_manifest_is_waited_for(
    source: Callable[..., Source], handing: Dumper, containers: Containers
) -> None:
    handing.vault.put(object_key("orders", AT, Kind.DUMP), b"of an upload that took hours")
    later = handing.now() + 2 * LONGEST_FINISH
    waiting = replace(handing, now=lambda: later)
    containers.submit(job().to_json(), container_name(job()), Size(1))
    with pytest.raises(BackupInProgress):
        back_up(job(), optioned(source()), waiting)
    containers.end(container_name(job()))
    back_up(job(), optioned(source()), waiting)
    assert object_key("orders", AT + timedelta(seconds=1), Kind.MANIFEST) in keys(handing.vault)


def test_earlier_backups_took_from_their_upload_or_from_when_they_were_due(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    store(vault, days(-1))
    store(vault, days(-2), "people")
    dated = {
        object_key("orders", days(-1), Kind.DUMP): timedelta(minutes=4),
        object_key("orders", days(-1), Kind.MANIFEST): timedelta(minutes=34),
    }
    listed = vault.list

    def list_dated(prefix: str) -> Any:
        for each in listed(prefix):
            yield StoredObject(each.key, each.size, days(-1) + dated.get(each.key, timedelta()))

    monkeypatch.setattr(vault, "list", list_dated)
    ((found),) = took(vault, "orders", AT)
    assert (found.least, found.most) == (30 * 60, 34 * 60)
