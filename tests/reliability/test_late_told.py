"""Deployed, the watcher names each late database to the stage's topic, and no other."""

from datetime import UTC, datetime, timedelta

from snapper.aws.logs import Logs
from snapper.values.options import Options
from tests.support.backups import store
from tests.support.cloud import eventually, invoke
from tests.support.deployments import NOWHERE
from tests.support.stage import StageUnderTest
from tests.support.topics import subscribed

AGED = Options(max_age_hours=2)


def test_two_databases_that_are_late_one_after_the_other_are_both_told(
    stage: StageUnderTest,
) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    topic, watcher = stage.deployment.outputs["topic"], stage.deployment.outputs["watcher"]

    log = Logs(stage.cloud.client("logs"), f"/aws/lambda/{watcher}")

    def knows(key: str) -> bool:
        """Tell whether the log has come to where the watcher looks for it."""
        events = log.events(now - timedelta(minutes=1), '"looked_at"')
        return any(each.fields.get("database") == key for each in events)

    with (
        stage.database("behind", NOWHERE, 1, AGED),
        stage.database("behind-2", NOWHERE, 1, AGED),
        subscribed(stage.cloud, topic) as somebody,
    ):
        store(stage.vault, now - timedelta(hours=3), "behind")
        store(stage.vault, now, "behind-2")
        invoke(stage.cloud, watcher, {})
        eventually(lambda: knows("behind"))
        ((subject, text),) = somebody.told()
        assert (subject, "behind-2" in text) == (f"Snapper {stage.name}: behind late", False)
        assert f"bin/snapper status behind --stage {stage.name}" in text
        # Its newest backup turns out to be none.
        stage.forget("behind-2")
        store(stage.vault, now - timedelta(hours=4), "behind-2")
        assert "behind-2" in invoke(stage.cloud, watcher, {})["late"]
        eventually(lambda: knows("behind-2"))
        assert somebody.subjects() == [f"Snapper {stage.name}: behind-2 late"]
        invoke(stage.cloud, watcher, {})
        assert somebody.told() == []
