"""`snapper list`, run against the deployed service."""

from tests.support.stage import StageUnderTest


def test_the_newest_backup_comes_first(stage: StageUnderTest) -> None:
    with stage.database("orders", stage.source(18).dsn) as key:
        made = stage.back_up(key)
        ran = stage.run_cli("list", key, "--json")
        assert ran.code == 0
        assert ran.document["databases"][key][0]["manifest"]["sha256"] == made.sha256
