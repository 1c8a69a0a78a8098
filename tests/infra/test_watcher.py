"""The watcher sees which databases and backups there are, once an hour, and nothing else."""

from snapper.values.settings import WatcherSettings
from tests.infra.test_functions import BUCKET, LIST, LOGGING, LOGS, PARAMETERS, TABLE, rights
from tests.support.recorder import Graph, record


def test_it_lists_databases_and_backups_and_nothing_else(graph: Graph) -> None:
    assert rights(graph, "watcher") == [
        (LOGGING, [f"{LOGS}-watcher:*"], None),
        (LIST, TABLE, None),
        (LIST, [f"{PARAMETERS}/OPTIONS", f"{PARAMETERS}/ADDED/OPTIONS"], None),
        (["s3:ListBucket"], [BUCKET], None),
    ]


def test_it_knows_when_backups_are_late() -> None:
    graph = record(schedule="rate(12 hours)", lateAfterHours="20")
    told = WatcherSettings("prod", "/snapper/prod", graph.outputs["bucket"], "rate(12 hours)", "20")
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
