"""The watcher sees which databases and backups there are, keeps summaries, and tells the topic."""

from snapper.values.settings import WatcherSettings
from tests.infra.test_alarms import TOPIC
from tests.infra.test_functions import BUCKET, LIST, LOGGING, LOGS, PARAMETERS, TABLE, rights
from tests.support.recorder import Graph, record

RECORDS = [
    f"{BUCKET}/*/????-??-??T??-??-??Z.manifest.json",
    f"{BUCKET}/*/????-??-??T??-??-??Z.verification.json",
    f"{BUCKET}/*/????-??-??T??-??-??Z.damaged.json",
    f"{BUCKET}/*/last-trial.verification.json",
]
SUMMARIES = f"{BUCKET}/_summary/*"


def test_it_lists_reads_records_writes_their_summaries_tells_the_topic_and_nothing_else(
    graph: Graph,
) -> None:
    assert rights(graph, "watcher") == [
        (LOGGING, [f"{LOGS}-watcher:*"], None),
        (LIST, TABLE, None),
        (LIST, [f"{PARAMETERS}/OPTIONS", f"{PARAMETERS}/ADDED/OPTIONS"], None),
        (["s3:ListBucket"], [BUCKET], None),
        (["s3:GetObject"], [*RECORDS, SUMMARIES], None),
        (["s3:PutObject"], [SUMMARIES], None),
        (["sns:Publish"], [TOPIC], None),
        (["logs:FilterLogEvents"], [f"{LOGS}-watcher:*"], None),
    ]


def test_under_a_key_of_the_customers_it_reads_nothing(full_graph: Graph) -> None:
    """There no ETag is a digest, so no summary would ever be believed."""
    mine = [actions for actions, _, _ in rights(full_graph, "watcher")]
    assert ["s3:ListBucket"] in mine
    assert not [each for each in mine if {"s3:GetObject", "s3:PutObject"} & set(each)]
    environment = full_graph.named("snapper-watcher-function").inputs["environment"]
    assert "SNAPPER_SUMMARY" not in environment["variables"]


def test_it_knows_when_backups_are_late() -> None:
    graph = record(schedule="rate(12 hours)", lateAfterHours="20")
    bucket, topic = graph.outputs["bucket"], graph.outputs["topic"]
    told = WatcherSettings("prod", "/snapper/prod", bucket, "rate(12 hours)", "20", "yes", topic)
    environment = graph.named("snapper-watcher-function").inputs["environment"]
    assert environment["variables"] == told.to_env()


def test_a_rule_calls_it_every_hour_and_it_alone_may(graph: Graph) -> None:
    rule = graph.named("snapper-watcher-rule").inputs
    assert (rule["name"], rule["scheduleExpression"]) == ("snapper-prod-watcher", "rate(1 hour)")
    permission = graph.named("snapper-watcher-permission").inputs
    assert permission["function"] == "snapper-prod-watcher"
    assert permission["sourceArn"].endswith(":rule/snapper-prod-watcher")


def test_an_event_that_it_fails_on_is_no_dead_letter(graph: Graph) -> None:
    """The next one comes in an hour, and that none succeeds rings the alarm."""
    names = [one.name for one in graph]
    assert "snapper-pruner-failures" in names
    assert "snapper-watcher-failures" not in names
