"""What the pruner is told about the stage."""

from tests.support.recorder import Graph


def test_the_pruner_is_told_a_time_zone_that_is_not_the_usual(full_graph: Graph) -> None:
    found = full_graph.named("snapper-pruner-function").inputs["environment"]["variables"]
    assert found["SNAPPER_TIME_ZONE"] == "Europe/Berlin"
