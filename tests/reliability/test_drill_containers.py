"""Drills in containers on the embedded cloud: a proof is recorded, and none dies in silence."""

import itertools
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from local.demo.pipeline import parsed
from local.emulator.cloud import Cloud
from local.runtime.host import LambdaHost
from snapper.aws.batch import Batch
from snapper.engines.postgresql.trying.throw_away import PostgresServer
from snapper.values.container import Size, drill_container_name
from snapper.values.drill import Drill
from snapper.values.keys import Kind, object_key
from snapper.values.options import Options
from tests.support.backups import store_whole
from tests.support.cloud import eventually, refused
from tests.support.deployments import NOWHERE, bring_up
from tests.support.faults import faulted
from tests.support.listed import rows, store_listed
from tests.support.restores import damage, flip
from tests.support.rights import Rights, without_a_statement
from tests.support.stage import StageUnderTest

FAMILY = "iam: one right of a drill's container is missing"
NAME = "bulky"
ROLE = f"snapper-{NAME}-large-drills"
END = b"--\n-- PostgreSQL database dump complete\n--\n\n"
DUMP = (b"CREATE TABLE public.a (a text);\n", rows("public.a", "one", "two"), END)


@pytest.fixture(scope="module")
def bulky(
    cloud: Cloud, server: Callable[[int], PostgresServer], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[StageUnderTest]:
    """Give a stage with largeDatabases, whose prover has no time to restore anything."""
    with LambdaHost(cloud, tmp_path_factory.mktemp(NAME)) as host:
        deployment = bring_up(cloud, host, NAME, largeDatabases="true")
        prover = deployment.outputs["prover"]
        cloud.client("lambda").update_function_configuration(FunctionName=prover, Timeout=55)
        yield StageUnderTest(cloud, host, deployment, server, NAME)
        deployment.destroy()


def container_of(stage: StageUnderTest) -> Batch:
    queue, definition = (
        next(each for each in stage.deployment.of_type(kind) if "prover" in each.name)
        for kind in ("aws:batch/jobQueue:JobQueue", "aws:batch/jobDefinition:JobDefinition")
    )
    arns = queue.outputs["arn"], definition.outputs["arnPrefix"]
    return Batch(*arns, stage.cloud.client("batch"))


@pytest.mark.long
def test_an_operator_sees_a_drill_go_through_a_container_to_its_proof(
    bulky: StageUnderTest,
) -> None:
    with bulky.database("orders", NOWHERE) as key:
        store_listed(bulky.vault, DUMP, _now(), database=key, encoding="UTF8")
        ran = bulky.run_cli("drill", key, "--wait", "--json")
        assert ran.code == 0, ran.err
        (drill,) = ran.document["drills"]
        assert (drill["state"], drill["rows"]) == ("proven", 2)
        log = parsed(bulky.host.logs(bulky.deployment.outputs["prover"]))
        (handed,) = [
            line
            for line in log
            if line["message"] == "drill.handed_over" and line["ordered_at"] == drill["ordered_at"]
        ]
        assert handed["reason"].startswith("too large to be proven here: that takes about 1 min")
        evidence = bulky.run_cli("evidence", key, "--json").document["databases"][0]
        assert evidence["proven"] == 1


@pytest.mark.long
def test_a_damaged_backup_is_among_the_dead_letters_with_what_the_container_found(
    bulky: StageUnderTest,
) -> None:
    with bulky.database("harmed", NOWHERE) as key:
        made, _ = store_listed(bulky.vault, DUMP, _now(), database=key, encoding="UTF8")
        damage(bulky.vault, made, flip)
        ran = bulky.run_cli("drill", key, "--wait")
        assert ran.code == 4, ran.err

        def letters() -> list[dict[str, Any]]:
            return list(bulky.run_cli("failures", key, "--json").document["dead_letters"])

        # The hourly plan may have ordered one too.
        for letter in eventually(letters):
            assert (letter["kind"], letter["database"]) == ("drill", key)
            assert made.dump_key in letter["reason"]


@pytest.mark.long
def test_of_its_own_stage_a_drills_container_reaches_its_work_and_no_more(
    bulky: StageUnderTest, cloud: Cloud
) -> None:
    role = f"arn:aws:iam::{cloud.account}:role/{ROLE}"
    s3, sqs, ssm, batch = (cloud.client_as(each, role) for each in ("s3", "sqs", "ssm", "batch"))
    made = store_whole(bulky.vault, datetime(2026, 11, 23, tzinfo=UTC), "other")
    vault, outputs = bulky.vault.bucket, bulky.deployment.outputs
    assert s3.get_object(Bucket=vault, Key=made.dump_key)
    assert refused(s3.put_object, Bucket=vault, Key=made.dump_key, Body=b"")
    assert refused(s3.delete_object, Bucket=vault, Key=made.dump_key)
    manifest = object_key("other", made.scheduled_at, Kind.MANIFEST)
    assert refused(s3.put_object, Bucket=vault, Key=manifest, Body=b"")
    name = f"/snapper/{NAME}/DATABASE_CONN_STRINGS"
    assert refused(ssm.get_parameter, Name=f"{name}/_0", WithDecryption=True)
    assert refused(ssm.get_parameters_by_path, Path=name, WithDecryption=True)
    for url in ("queue_url", "dead_letter_url"):
        assert refused(sqs.send_message, QueueUrl=outputs[url], MessageBody="x")
    assert refused(batch.submit_job, jobName="x", jobQueue="x", jobDefinition="x")


@pytest.mark.long
def test_a_drills_container_needs_every_right_it_has(bulky: StageUnderTest, cloud: Cloud) -> None:
    batch = container_of(bulky)
    times = (_now() - timedelta(minutes=n) for n in itertools.count(1))

    def said(key: str) -> str:
        """Have a backup proven, or not, and give what the container has said of it."""
        at = next(times)
        store_listed(bulky.vault, DUMP, at, database=key, encoding="UTF8")
        drill = Drill(key, at, _now())
        name = drill_container_name(drill)
        identifier = batch.submit(drill.to_json(), name, Size(2))

        def told() -> str:
            ended = not batch.state(identifier).is_under_way
            lines = "\n".join(bulky.host.containers.logs(name))
            return lines if ended or '"drill.untried"' in lines else ""

        words = str(eventually(told))
        if batch.state(identifier).is_under_way:
            # It would try again in some minutes.
            cloud.client("batch").terminate_job(jobId=identifier, reason="seen")
            eventually(lambda: not batch.state(identifier).is_under_way)
        return words

    options = Options(assertions=("SELECT true",))
    with bulky.database("weighed", NOWHERE, options=options) as key:
        assert '"drill.ended"' in said(key)
        rights = Rights(cloud, ROLE)
        for weakening in without_a_statement(rights.statements):
            with faulted(FAMILY), rights.weakened(weakening):
                assert "AccessDenied" in said(key), str(weakening)
        assert '"drill.ended"' in said(key)


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)
