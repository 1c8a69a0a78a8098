"""`status` and `doctor` say whether anybody is notified of failures."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from snapper.values.settings import service_parameter
from tests.support.stage import StageUnderTest

Subscribe = Callable[[str, str], None]


@pytest.fixture
def subscribe(stage: StageUnderTest) -> Iterator[Subscribe]:
    """Subscribe somebody to the alarms for one test; only an e-mail confirms itself here."""
    sns, topic, made = stage.cloud.client("sns"), stage.deployment.outputs["topic"], []

    def subscribe(protocol: str, endpoint: str) -> None:
        sns.subscribe(TopicArn=topic, Protocol=protocol, Endpoint=endpoint)
        made.append(endpoint)

    yield subscribe
    for each in sns.list_subscriptions()["Subscriptions"]:
        if each["Endpoint"] in made:
            sns.unsubscribe(SubscriptionArn=each["SubscriptionArn"])


def found(stage: StageUnderTest, **how: Any) -> dict[str, Any]:
    """What `status` says of the alarms, the same way in both forms."""
    document, lines = (
        stage.run_cli("status", "--json", **how).document,
        stage.run_cli("status", **how),
    )
    alarms: dict[str, Any] = document["alarms"]
    said = [line for line in lines.lines if alarms["fact"] in line]
    assert bool(said) is (alarms["level"] != "ok")
    assert all(alarms["fix"] in line for line in said)
    return alarms


def test_nobody_is_told(stage: StageUnderTest) -> None:
    alarms = found(stage)
    assert alarms["level"] == "warning"
    assert alarms["fact"].startswith("nobody is notified of failures")
    assert "pulumi config set alarmEmail" in alarms["fix"]


def test_somebody_is_told(stage: StageUnderTest, subscribe: Subscribe) -> None:
    subscribe("email", "operator@example.com")
    assert found(stage)["level"] == "ok"


def test_somebody_who_has_not_confirmed_is_named(
    stage: StageUnderTest, subscribe: Subscribe
) -> None:
    subscribe("https", "https://127.0.0.1:1/alarms")
    alarms = found(stage)
    assert alarms["level"] == "warning"
    assert "https://127.0.0.1:1/alarms, so nobody is notified" in alarms["fact"]


def test_it_is_not_known_of_a_stage_that_an_older_release_deployed(stage: StageUnderTest) -> None:
    ssm, name = stage.cloud.client("ssm"), service_parameter(f"/snapper/{stage.name}")
    text = ssm.get_parameter(Name=name)["Parameter"]["Value"]
    older = {key: value for key, value in json.loads(text).items() if key != "topic"}
    ssm.put_parameter(Name=name, Value=json.dumps(older), Overwrite=True)
    try:
        alarms = found(stage)
        assert "sns" not in stage.run_cli("policy").out
    finally:
        ssm.put_parameter(Name=name, Value=text, Overwrite=True)
    assert (alarms["level"], alarms["fix"]) == ("warning", "pulumi up")
    assert "an older release" in alarms["fact"]


def test_it_is_not_known_to_who_has_the_policy_of_an_older_release(stage: StageUnderTest) -> None:
    policy = stage.run_cli("policy").document
    policy["Statement"] = [each for each in policy["Statement"] if "sns" not in each["Action"][0]]
    alarms = found(stage, env=stage.as_role(policy))
    assert alarms["level"] == "warning"
    assert "sns:ListSubscriptionsByTopic" in alarms["fact"]
    assert "snapper policy" in alarms["fix"]


def test_the_policy_for_looking_is_enough(stage: StageUnderTest) -> None:
    assert "nobody" in found(stage, env=stage.as_role(stage.run_cli("policy").out))["fact"]


def test_doctor_says_it_of_the_stage_and_stays_healthy(stage: StageUnderTest) -> None:
    with stage.database("alarming", stage.source(18).dsn):
        ran = stage.run_cli("doctor", "alarming", "--json")
    finding, _ = ran.document["findings"]["(stage)"]
    assert (finding["level"], finding["subject"]) == ("warning", "alarms")
    assert finding["fact"].startswith("nobody is notified of failures")
    assert ran.code == 0
