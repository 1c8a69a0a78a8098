"""A drill ends with a verdict that is true, is told, and is recorded; or with none at all."""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from snapper.aws.vault import Vault
from snapper.engines.facts import ALL_THERE_IS, TrialOptions
from snapper.engines.postgresql.engine import PostgreSQL
from snapper.errors import (
    AwsFailed,
    DatabaseUnreachable,
    DeadlineReached,
    RestoreFailed,
    SnapperError,
)
from snapper.values.contents import Contents
from snapper.values.deadline import RESERVE, Deadline
from snapper.values.drill import Drill
from snapper.values.keys import Kind
from snapper.values.manifest import Manifest
from snapper.values.options import UNSET, Options
from snapper.values.parts import TableRows
from snapper.values.verification import Restored
from snapper.verbs.catalog import listing
from snapper.verbs.drill import Prover
from snapper.verbs.trial import last_trial
from tests.support.backups import days, store_whole
from tests.support.databases import AT
from tests.support.recording import RecordedEvents
from tests.support.restores import damage, flip

NOW = AT + timedelta(hours=5)
DRILL = Drill("orders", AT, NOW)
RESTORED = Restored(2, 300, 4.5)


class Trying(PostgreSQL):
    """Restores nothing: a trial ends as the test says."""

    def __init__(self, outcome: Restored | SnapperError) -> None:
        super().__init__()
        self.outcome, self.given = outcome, list[TrialOptions]()

    def try_restore(
        self,
        dump: Iterable[bytes],
        manifest: Manifest,
        server: str,
        options: TrialOptions = ALL_THERE_IS,
    ) -> Restored:
        assert server == ""
        assert b"dump complete" in b"".join(dump)
        self.given.append(options)
        if isinstance(self.outcome, SnapperError):
            raise self.outcome
        return self.outcome


@pytest.fixture
def backup(vault: Vault) -> Manifest:
    return store_whole(vault, AT)


@pytest.fixture
def prover(vault: Vault, events: RecordedEvents) -> Callable[..., Prover]:
    def make(outcome: Restored | SnapperError = RESTORED, **known: object) -> Prover:
        engine = Trying(outcome)
        given = {"options": {"orders": UNSET}, "now": lambda: NOW, **known}
        return Prover(vault, events, engines=lambda _: engine, **given)  # type: ignore[arg-type]

    return make


def test_a_backup_that_was_restored_is_proven_with_its_figures(
    backup: Manifest, prover: Callable[..., Prover], vault: Vault, events: RecordedEvents
) -> None:
    assert prover().prove(DRILL) == ""
    assert events.names() == ["drill.began", "drill.ended"]
    told = events.fields("drill.ended")
    assert (told["database"], told["scheduled_at"]) == ("orders", "2026-11-23T03:00:00Z")
    assert (told["tables"], told["rows"], told["seconds"]) == (2, 300, 4.5)
    (listed,) = listing(vault, "orders", NOW)
    trial = last_trial(vault, "orders", NOW)
    assert trial
    assert listed.verification == trial.verdict
    assert (trial.verdict.restored, trial.unproven_since) == (RESTORED, NOW)


def test_the_options_of_the_database_and_the_deadline_reach_the_trial(
    backup: Manifest, vault: Vault, events: RecordedEvents
) -> None:
    engine, deadline = Trying(RESTORED), Deadline(lambda: 900.0)
    options = {"orders": Options(assertions=("SELECT true",))}
    Prover(vault, events, options, engines=lambda _: engine, deadline=deadline).prove(DRILL)
    (given,) = engine.given
    assert (given.assertions, given.deadline) == (("SELECT true",), deadline)


def test_a_damaged_backup_is_a_failed_drill(
    backup: Manifest, prover: Callable[..., Prover], vault: Vault, events: RecordedEvents
) -> None:
    damage(vault, backup, flip)
    against = prover().prove(DRILL)
    assert backup.dump_key in against
    assert events.names() == ["drill.began", "drill.failed"]
    assert events.fields("drill.failed")["reason"] == against
    (listed,) = listing(vault, "orders", NOW)
    assert listed.damage == against


def test_what_a_server_refuses_of_the_backup_is_a_failed_drill_without_any_row(
    backup: Manifest, prover: Callable[..., Prover], vault: Vault, events: RecordedEvents
) -> None:
    words = "public.items has 3 rows, and 4 were backed up DETAIL: Key (email)=(me@db.example)"
    against = prover(RestoreFailed(words, against_backup=True)).prove(DRILL)
    assert against == "public.items has 3 rows, and 4 were backed up"
    assert events.fields("drill.failed")["reason"] == against
    trial = last_trial(vault, "orders", NOW)
    assert trial
    assert trial.verdict.unrestorable
    assert "db.example" not in str(events.reported)


@pytest.mark.parametrize(
    "trouble",
    [
        RestoreFailed("no space left on device"),
        DatabaseUnreachable("nobody answers"),
        SnapperError("PostgreSQL 18 did not start"),
        AwsFailed("s3:GetObject failed: SlowDown"),
    ],
)
def test_trouble_of_the_server_or_of_aws_says_nothing_of_the_backup(
    trouble: SnapperError,
    backup: Manifest,
    prover: Callable[..., Prover],
    vault: Vault,
    events: RecordedEvents,
) -> None:
    with pytest.raises(type(trouble)) as raised:
        prover(trouble).prove(DRILL)
    assert raised.value is trouble
    assert events.names() == ["drill.began"]
    assert last_trial(vault, "orders", NOW) is None
    (listed,) = listing(vault, "orders", NOW)
    assert listed.verification
    assert (listed.damage, listed.verification.failed) == ("", None)


def test_an_earlier_failure_is_not_told_as_that_of_a_drill_which_could_not_be_tried(
    backup: Manifest, prover: Callable[..., Prover], events: RecordedEvents
) -> None:
    assert prover(RestoreFailed("refused", against_backup=True)).prove(DRILL) == "refused"
    later = NOW + timedelta(hours=1)
    with pytest.raises(DatabaseUnreachable):
        prover(DatabaseUnreachable("nobody answers"), now=lambda: later).prove(DRILL)
    assert events.names() == ["drill.began", "drill.failed", "drill.began"]


def test_what_needs_more_room_or_time_than_there_is_is_too_large_and_not_failed(
    backup: Manifest, prover: Callable[..., Prover], vault: Vault, events: RecordedEvents
) -> None:
    for little in ({"disk_bytes": 1000}, {"deadline": Deadline(lambda: RESERVE + 5)}):
        events.reported.clear()
        assert prover(**little).prove(DRILL) == ""
        assert events.names() == ["drill.began", "drill.skipped"]
        assert "too large to be proven here" in str(events.fields("drill.skipped")["reason"])
        assert events.fields("drill.skipped")["hint"]
    (listed,) = listing(vault, "orders", NOW)
    assert listed.verification
    assert listed.verification.sound, "it was read whole all the same"
    assert listed.verification.proven_at is None
    assert listed.verification.unrestorable is None
    trial = last_trial(vault, "orders", NOW)
    assert trial
    assert trial.unproven_since == NOW


def test_a_trial_that_ran_out_of_time_is_told_with_the_time_that_was_expected_and_not_failed(
    backup: Manifest, prover: Callable[..., Prover], events: RecordedEvents
) -> None:
    """What is far beyond it is no question of size: something does not end."""
    assert prover(DeadlineReached("it ran out of time after 840 s")).prove(DRILL) == ""
    told = events.fields("drill.skipped")["reason"]
    assert told == "it ran out of time after 840 s, and 30 s were expected"


def test_reading_ends_in_time_to_say_so(
    backup: Manifest, prover: Callable[..., Prover], vault: Vault, events: RecordedEvents
) -> None:
    assert prover(deadline=Deadline(lambda: RESERVE)).prove(DRILL) == ""
    assert events.names() == ["drill.began", "drill.skipped"]
    (listed,) = listing(vault, "orders", NOW)
    assert listed.verification is None, "what was not read whole has no verdict"


def test_since_when_nothing_was_proven_outlives_what_could_not_be_tried(
    vault: Vault, prover: Callable[..., Prover]
) -> None:
    for number in range(3):
        store_whole(vault, days(number))
    later = [NOW + timedelta(days=number) for number in range(3)]
    assert prover().prove(DRILL) == ""
    for number, change in ((1, {"disk_bytes": 1000}), (2, {"deadline": Deadline(lambda: 31.0)})):
        drill = replace(DRILL, taken_at=days(number), ordered_at=later[number])
        prover(now=lambda number=number: later[number], **change).prove(drill)
        trial = last_trial(vault, "orders", later[number])
        assert trial
        assert (trial.taken_at, trial.unproven_since) == (days(number), NOW)


def test_a_backup_that_is_gone_ahead_or_of_no_database_of_the_stage_is_nothing_to_prove(
    backup: Manifest, prover: Callable[..., Prover], vault: Vault, events: RecordedEvents
) -> None:
    store_whole(vault, AT, "people")
    store_whole(vault, days(9))
    gone, ahead = replace(DRILL, taken_at=days(-9)), replace(DRILL, taken_at=days(9))
    for drill in (gone, ahead, replace(DRILL, database="people")):
        events.reported.clear()
        assert prover().prove(drill) == ""
        assert events.names() == ["drill.skipped"]
    assert all(Kind.VERIFICATION not in stored.key for stored in vault.list(""))


def test_a_drill_that_comes_twice_proves_once_and_an_order_proves_again(
    backup: Manifest, prover: Callable[..., Prover], events: RecordedEvents
) -> None:
    prover().prove(DRILL)
    prover().prove(DRILL)
    assert events.names() == ["drill.began", "drill.ended", "drill.skipped"]
    proof, skipped = events.fields("drill.ended"), events.fields("drill.skipped")
    assert all(skipped[each] == proof[each] for each in ("tables", "rows", "seconds"))
    events.reported.clear()
    later: datetime = NOW + timedelta(minutes=1)
    prover(now=lambda: later).prove(replace(DRILL, ordered_at=later))
    assert events.names() == ["drill.began", "drill.ended"]


def test_a_verdict_that_cannot_be_recorded_comes_back_and_is_told_if_it_is_bad(
    backup: Manifest,
    prover: Callable[..., Prover],
    events: RecordedEvents,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: object) -> None:
        raise AwsFailed("s3:PutObject failed")

    monkeypatch.setattr(Vault, "put", refuse)
    for outcome in (RESTORED, RestoreFailed("refused", against_backup=True)):
        with pytest.raises(AwsFailed, match="PutObject"):
            prover(outcome).prove(DRILL)
    assert events.names() == ["drill.began", "drill.began", "drill.failed"]


def test_no_drill_leaves_anything_but_verdicts(
    backup: Manifest, prover: Callable[..., Prover], vault: Vault
) -> None:
    before = {stored.key for stored in vault.list("")}
    for number, outcome in enumerate((RESTORED, RestoreFailed("refused", against_backup=True))):
        at = NOW + timedelta(minutes=number)
        prover(outcome, now=lambda at=at: at).prove(replace(DRILL, ordered_at=at))
    made = {stored.key for stored in vault.list("")} - before
    assert made == {
        "orders/2026-11-23T03-00-00Z.verification.json",
        "orders/last-trial.verification.json",
    }


def with_list(vault: Vault, backup: Manifest) -> Contents:
    """Give a backup a list of its contents, which its manifest names."""
    table = TableRows("public", "t", 3, 6, 0, backup.backup_bytes, "ab" * 32)
    contents = Contents(backup.sha256, (table,), ())
    vault.put(backup.dump_key.replace(Kind.DUMP, Kind.CONTENTS), contents.to_json())
    digest = hashlib.sha256(contents.to_json()).hexdigest()
    vault.put(backup.key, replace(backup, contents=digest).to_json().encode())
    return contents


def test_the_list_of_contents_reaches_the_trial(
    backup: Manifest, vault: Vault, events: RecordedEvents
) -> None:
    contents, engine = with_list(vault, backup), Trying(RESTORED)
    assert Prover(vault, events, {"orders": UNSET}, engines=lambda _: engine).prove(DRILL) == ""
    assert engine.given[0].contents == contents


def test_a_list_that_was_changed_fails_the_drill_and_calls_no_whole_dump_damaged(
    backup: Manifest, prover: Callable[..., Prover], vault: Vault
) -> None:
    with_list(vault, backup)
    vault.put(backup.dump_key.replace(Kind.DUMP, Kind.CONTENTS), b"{}")
    assert "is not the list of contents" in prover().prove(DRILL)
    (listed,) = listing(vault, "orders", NOW)
    assert listed.verification
    assert listed.damage == ""
    assert listed.verification.unrestorable
