"""The prover plans what is due, does what it is told, and gives up what speaks against a backup."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.prover import handler
from local.emulator.cloud import Cloud
from snapper.aws.vault import Vault
from snapper.errors import AwsFailed, RestoreFailed, SettingsError, SnapperError
from snapper.values.drill import Drill
from snapper.values.keys import Kind
from snapper.values.options import Options
from snapper.values.settings import options_piece, parameter_root
from snapper.values.verification import Restored
from snapper.verbs.drill import Prover
from tests.support.backups import days, store_whole
from tests.support.databases import AT
from tests.support.events import SCHEDULED, Context, delivery, record

NEXT_DAY = [AT + timedelta(hours=hour) for hour in range(24)]


class Queues:
    """The two queues of the prover, as a test looks into them."""

    def __init__(self, cloud: Cloud, name: str) -> None:
        self._sqs = cloud.client("sqs")
        self.drills, self.letters = (
            self._sqs.create_queue(QueueName=f"{name}-{part}")["QueueUrl"]
            for part in ("drills", "dead-letters")
        )

    def taken(self, url: str) -> list[Drill]:
        """Take what is in a queue."""
        answer = self._sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)
        for each in answer.get("Messages", ()):
            self._sqs.delete_message(QueueUrl=url, ReceiptHandle=each["ReceiptHandle"])
        return [Drill.from_json(each["Body"]) for each in answer.get("Messages", ())]


@pytest.fixture
def queues(cloud: Cloud, stage: str, home: Vault, monkeypatch: pytest.MonkeyPatch) -> Queues:
    made = Queues(cloud, stage)
    monkeypatch.setenv("SNAPPER_QUEUE_URL", made.drills)
    monkeypatch.setenv("SNAPPER_DEAD_LETTER_URL", made.letters)
    # This machine's /tmp is not the function's own.
    monkeypatch.setattr("functions.prover.remove_dead_trials", lambda: None)
    return made


@pytest.fixture
def backed_up(queues: Queues, configure: Callable[..., None], home: Vault) -> Queues:
    """Have a database with one backup."""
    configure("orders", "host=h")
    store_whole(home, AT)
    return queues


@pytest.fixture
def outcome(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Have a trial end as the test says."""
    ends: dict[str, Any] = {"with": Restored(1, 2, 3.0)}

    def restore(*_: object) -> Restored:
        if isinstance(ends["with"], Exception):
            raise ends["with"]
        found: Restored = ends["with"]
        return found

    monkeypatch.setattr(Prover, "_restore", restore)
    return ends


def events(told: Any) -> list[str]:
    """Give what was told, but for that these deliveries are of no queue that could be told so."""
    return [name for name in told.messages() if name != "job.unhurried"]


def plan(at: datetime) -> Any:
    return handler({**SCHEDULED, "time": f"{at:%Y-%m-%dT%H:%M:%SZ}"}, Context())


def drilled(*drills: Drill | str) -> Any:
    records = [
        record(each if isinstance(each, str) else each.to_json(), f"m{number}")
        for number, each in enumerate(drills)
    ]
    return handler(delivery(*records), Context())


@pytest.mark.long
def test_within_a_day_each_database_is_drilled_that_has_a_backup(
    queues: Queues, configure: Callable[..., None], home: Vault, said: Callable[[], Any]
) -> None:
    for key in ("orders", "people", "empty"):
        configure(key, "host=h")
    store_whole(home, days(-1))
    store_whole(home, AT)
    store_whole(home, AT, "people")
    store_whole(home, AT, "others")
    found = [drill for at in NEXT_DAY for _ in [plan(at)] for drill in queues.taken(queues.drills)]
    assert sorted((each.database, each.taken_at) for each in found) == [
        ("orders", AT),
        ("people", AT),
    ]
    told = said()
    assert told.messages().count("drill.planned") == 24
    assert told.measured("Unproven") == [[0.0]] * 24
    assert all("Database" not in metric for metric in told.metrics)


def test_a_plan_looks_at_the_options_of_each_database(
    queues: Queues,
    configure: Callable[..., None],
    configure_options: Callable[..., None],
    home: Vault,
    said: Callable[[], Any],
) -> None:
    configure_options(orders=Options(drill="off"), people=Options(proven_within_days=1))
    for key in ("orders", "people"):
        store_whole(home, days(-2), key)
    for at in NEXT_DAY:
        plan(at)
    assert {each.database for each in queues.taken(queues.drills)} == {"people"}
    told = said()
    assert told.log("drill.unproven")["database"] == "people"
    assert told.log("drill.unproven")["since"] == "2026-11-21T03:00:00Z"
    assert told.log("drill.unproven")["level"] == "WARNING"
    assert told.measured("Unproven") == [[1.0]] * 24


@pytest.mark.long
def test_a_plan_that_fails_for_one_database_is_made_for_the_others_and_fails_aloud(
    queues: Queues,
    configure: Callable[..., None],
    home: Vault,
    said: Callable[[], Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for key in ("broken", "orders"):
        configure(key, "host=h")
        store_whole(home, AT, key)
    listed = Vault.list

    def refuse(vault: Vault, prefix: str) -> Any:
        if prefix.startswith("broken/"):
            raise AwsFailed("s3:ListObjectsV2 of broken/ failed: SlowDown")
        return listed(vault, prefix)

    monkeypatch.setattr(Vault, "list", refuse)
    for at in NEXT_DAY:
        with pytest.raises(AwsFailed, match="broken"):
            plan(at)
    assert [each.database for each in queues.taken(queues.drills)] == ["orders"]
    told = said()
    assert told.log("plan.failed")["level"] == "ERROR"
    assert told.measured("Unproven") == [], "what was not looked at is not counted as proven"


def test_the_command_line_orders_drills_of_the_newest_good_backups(
    queues: Queues, configure: Callable[..., None], home: Vault
) -> None:
    for key in ("orders", "people"):
        configure(key, "host=h")
    store_whole(home, days(-1))
    store_whole(home, AT)
    home.put(f"orders/2026-11-23T03-00-00Z{Kind.DAMAGED}", b"{}")
    store_whole(home, days(36_500), "people")
    wanted = ["orders", "people", "others", "orders", 7, "../orders"]
    answer = handler({"drill": wanted}, Context())
    (told,) = answer["drills"]
    assert (told["database"], told["taken_at"]) == ("orders", "2026-11-22T03:00:00Z")
    (drill,) = queues.taken(queues.drills)
    assert drill.taken_at == days(-1)
    assert told["ordered_at"] == f"{drill.ordered_at:%Y-%m-%dT%H:%M:%SZ}"
    nonsense: list[object] = ["orders", None, {"orders": 1}, []]
    for strange in nonsense:
        assert handler({"drill": strange}, Context()) == {"drills": []}


def test_a_proof_is_done_and_counted_for_the_database_and_the_stage(
    backed_up: Queues,
    outcome: dict[str, Any],
    said: Callable[[], Any],
) -> None:
    assert drilled(Drill("orders", AT, datetime.now(UTC))) == {"batchItemFailures": []}
    told = said()
    assert events(told) == ["drill.began", "drill.ended"]
    assert told.measured("DrillSucceeded") == [[1.0], [1.0]]
    assert told.measured("RecoverySeconds") == [[3.0], [3.0]]
    assert ["Database" in metric for metric in told.metrics] == [True, False]
    assert backed_up.taken(backed_up.letters) == []


def test_what_speaks_against_a_backup_joins_the_dead_letters_at_once_with_its_reason(
    backed_up: Queues,
    outcome: dict[str, Any],
    said: Callable[[], Any],
) -> None:
    outcome["with"] = RestoreFailed("public.items has 3 rows, not 4", against_backup=True)
    drill = Drill("orders", AT, datetime.now(UTC).replace(microsecond=0))
    assert drilled(drill) == {"batchItemFailures": []}
    (letter,) = backed_up.taken(backed_up.letters)
    assert (letter.database, letter.taken_at) == ("orders", AT)
    assert letter.reason == "public.items has 3 rows, not 4"
    told = said()
    assert told.log("drill.failed")["level"] == "ERROR"
    assert told.measured("DrillFailed") == [[1.0], [1.0]]


@pytest.mark.parametrize(
    "trouble", [SnapperError("PostgreSQL did not start"), ValueError("hush-hush")], ids=str
)
def test_what_could_not_be_tried_goes_back_and_is_no_failed_drill(
    trouble: Exception,
    backed_up: Queues,
    outcome: dict[str, Any],
    said: Callable[[], Any],
) -> None:
    outcome["with"] = trouble
    assert drilled(Drill("orders", AT, AT)) == {"batchItemFailures": [{"itemIdentifier": "m0"}]}
    told = said()
    assert told.log("drill.untried")["database"] == "orders"
    assert told.log("drill.untried")["level"] == "WARNING"
    assert told.measured("DrillFailed") == []
    assert "hush-hush" not in json.dumps(told.logs)
    assert backed_up.taken(backed_up.letters) == []


def test_where_the_options_cannot_be_read_it_goes_back_with_the_reason(
    backed_up: Queues,
    configure_options: Callable[..., None],
    cloud: Cloud,
    stage: str,
    said: Callable[[], Any],
) -> None:
    configure_options(orders=Options(drill="daily"))
    name = options_piece(parameter_root(stage), 0)
    spoilt = '{"orders": "{"}'
    cloud.client("ssm").put_parameter(Name=name, Value=spoilt, Type="String", Overwrite=True)
    assert drilled(Drill("orders", AT, AT)) == {"batchItemFailures": [{"itemIdentifier": "m0"}]}
    told = said().log("drill.untried")
    assert (told["database"], told["kind"]) == ("orders", "OptionsInvalid")


def test_a_message_that_is_no_drill_goes_back_and_keeps_no_other_from_being_done(
    backed_up: Queues,
    outcome: dict[str, Any],
    said: Callable[[], Any],
) -> None:
    poison = ["", "{", "[" * 100_000, '{"version": 1, "drill": "../orders"}', '{"version": 9}']
    answer = drilled(*poison, Drill("orders", AT, datetime.now(UTC)))
    assert len(answer["batchItemFailures"]) == len(poison)
    assert events(said()) == [*["job.failed"] * len(poison), "drill.began", "drill.ended"]


def test_a_drill_that_could_not_be_given_up_comes_back(
    backed_up: Queues,
    outcome: dict[str, Any],
    said: Callable[[], Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    outcome["with"] = RestoreFailed("refused", against_backup=True)
    monkeypatch.setenv("SNAPPER_DEAD_LETTER_URL", backed_up.letters.replace("dead", "no"))
    monkeypatch.setattr("snapper.aws.queue._PAUSE_SECONDS", 0)
    assert len(drilled(Drill("orders", AT, AT))["batchItemFailures"]) == 1
    assert events(said()) == ["drill.began", "drill.failed", "drill.untried"]


def test_a_function_without_settings_fails_aloud(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SNAPPER_STAGE", "SNAPPER_BUCKET", "SNAPPER_QUEUE_URL"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(SettingsError, match="SNAPPER_BUCKET"):
        plan(AT)
