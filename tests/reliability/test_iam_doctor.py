"""Doctor says where nothing can be stored: it needs all that a backup needs of the role."""

import pytest

from tests.reliability.test_iam import cold_start, open_uploads
from tests.support.cloud import eventually
from tests.support.few import few
from tests.support.rights import Rights, without_a_part
from tests.support.stage import StageUnderTest


@pytest.mark.long
@pytest.mark.parametrize("action", few(["s3:PutObject", "s3:ListBucket"]))
def test_doctor_fails_where_the_dumper_may_not(action: str, stage: StageUnderTest) -> None:
    dumper = stage.deployment.outputs["dumper"]
    rights = Rights(stage.cloud, dumper)
    weakening, *_ = (each for each in without_a_part(rights.statements) if action in each.actions)

    def told() -> dict[str, str] | None:
        cold_start(stage, dumper)
        ran = stage.run_cli("doctor", "healthy", "--json")
        found = {each["subject"]: each for each in ran.document["findings"]["healthy"]}
        return found["vault"] if ran.code == 1 and found["vault"]["level"] == "failure" else None

    with stage.database("healthy", stage.source(18).dsn):
        with rights.weakened(weakening):
            found = eventually(told)
        assert "AccessDenied" in found["fact"]
        eventually(lambda: stage.run_cli("doctor", "healthy").code == 0)
    # Others may be under way, of tests that plant some.
    assert [each for each in open_uploads(stage) if each.startswith("healthy/")] == []
