"""Operators' policies, with IAM enforced: every command runs under exactly its policy."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from snapper.aws.store import Store
from snapper.values.job import Job, read_time
from snapper.values.keys import Kind, object_key
from tests.support.cloud import refused
from tests.support.databases import AT
from tests.support.deployments import document_of
from tests.support.few import few
from tests.support.manifests import manifest
from tests.support.restores import flip
from tests.support.stage import StageUnderTest, wait_until

Env = Mapping[str, str]
LOOKING = (
    ("list",),
    ("list", "guarded"),
    ("status",),
    ("prune", "--dry-run"),
    ("policy", "operate"),
    ("databases",),
)
READING_LETTERS = (("failures",), ("retry", "--dry-run"))


@pytest.fixture(scope="module")
def guarded(stage: StageUnderTest) -> Iterator[str]:
    with stage.database("guarded", stage.source(18).dsn, retention=1) as key:
        stage.back_up(key)
        yield key
    stage.settle()


@pytest.fixture(scope="module")
def who(stage: StageUnderTest) -> Mapping[str, Env]:
    """Somebody for each policy as the command prints it, and somebody without any right."""
    printed = {kind: stage.run_cli("policy", kind) for kind in ("read", "restore", "operate")}
    assert {ran.code for ran in printed.values()} == {0}
    people = {kind: stage.as_role(ran.out) for kind, ran in printed.items()}
    nothing = {"Effect": "Allow", "Action": ["sts:GetCallerIdentity"], "Resource": ["*"]}
    return people | {"nobody": stage.as_role({"Version": "2012-10-17", "Statement": [nothing]})}


@pytest.mark.parametrize("command", LOOKING, ids=" ".join)
@pytest.mark.parametrize("kind", few(["read", "restore", "operate"]))
def test_whoever_may_look_looks(
    stage: StageUnderTest, who: Mapping[str, Env], guarded: str, kind: str, command: tuple[str, ...]
) -> None:
    stage.post_dead_letter(Job(guarded, AT).to_json())
    ran = stage.run_cli(*command, env=who[kind])
    assert "error" not in ran.err
    # The samples have no backup, which makes the stage unhealthy.
    assert ran.code == (1 if command == ("status",) else 0)
    stage.settle()


@pytest.mark.parametrize("command", READING_LETTERS, ids=" ".join)
@pytest.mark.parametrize("kind", ["restore", "operate"])
def test_whoever_may_restore_reads_dead_letters(
    stage: StageUnderTest, who: Mapping[str, Env], guarded: str, kind: str, command: tuple[str, ...]
) -> None:
    stage.post_dead_letter(Job(guarded, AT).to_json())
    ran = stage.run_cli(*command, env=who[kind])
    assert (ran.code, "guarded" in ran.out) == (0, True)
    stage.settle()


@pytest.mark.parametrize("command", READING_LETTERS, ids=" ".join)
def test_whoever_may_only_look_reads_and_hides_no_dead_letter(
    stage: StageUnderTest, who: Mapping[str, Env], guarded: str, command: tuple[str, ...]
) -> None:
    stage.post_dead_letter(Job(guarded, AT).to_json())
    ran = stage.run_cli(*command, env=who["read"])
    assert (ran.code, ran.out) == (8, "")
    assert "sqs:ReceiveMessage" in ran.err
    assert "snapper policy" in ran.err
    url = stage.deployment.outputs["dead_letter_url"]
    sqs = client(stage, who["read"], "sqs")
    assert refused(sqs.receive_message, QueueUrl=url)
    assert refused(sqs.purge_queue, QueueUrl=url)
    stage.settle()


def test_whoever_may_only_look_sees_how_many_dead_letters_there_are(
    stage: StageUnderTest, who: Mapping[str, Env], guarded: str
) -> None:
    stage.settle()
    for body in (Job(guarded, AT).to_json(), "hm"):
        stage.post_dead_letter(body)
    ran = stage.run_cli("status", env=who["read"])
    assert (ran.code, ran.err) == (1, "")
    assert "0 jobs waiting or running, 2 dead letters" in ran.lines
    assert "policy restore prints that right" in ran.out
    document = stage.run_cli("status", "--json", env=who["read"]).document
    assert (document["dead_letters"], document["dead_letters_unread"]) == (2, 2)
    assert document["undispatched"] is None
    assert {each["dead_letters"] for each in document["databases"]} == {None}
    stage.settle()
    assert stage.run_cli("status", "--json", env=who["read"]).document["dead_letters"] == 0


def test_a_policy_that_an_older_release_printed_still_shows_the_status(
    stage: StageUnderTest, guarded: str
) -> None:
    stage.settle()
    stage.post_dead_letter(Job(guarded, AT).to_json())
    older = stage.run_cli("policy", "restore").document
    for each in older["Statement"]:
        if each["Action"] == ["sqs:GetQueueAttributes"]:
            each["Resource"] = [arn for arn in each["Resource"] if not arn.endswith("letters")]
    document = stage.run_cli("status", "--json", env=stage.as_role(older)).document
    assert (document["dead_letters"], document["dead_letters_unread"]) == (1, 0)
    stage.settle()


@pytest.mark.parametrize("command", [*LOOKING, ("run", "guarded")], ids=" ".join)
def test_whoever_may_nothing_is_told_so(
    stage: StageUnderTest, who: Mapping[str, Env], guarded: str, command: tuple[str, ...]
) -> None:
    ran = stage.run_cli(*command, env=who["nobody"])
    assert (ran.code, ran.out) == (8, "")
    assert "ssm:GetParameter of /snapper/tried/SERVICE failed: AccessDenied" in ran.err
    assert "snapper policy" in ran.err


@pytest.mark.parametrize("kind", ["read", "restore"])
@pytest.mark.parametrize("command", [("run", "guarded"), ("retry",)], ids=" ".join)
def test_whoever_may_not_operate_queues_nothing(
    stage: StageUnderTest, who: Mapping[str, Env], guarded: str, kind: str, command: tuple[str, ...]
) -> None:
    stage.post_dead_letter(Job(guarded, AT).to_json())
    ran = stage.run_cli(*command, env=who[kind])
    assert (ran.code, ran.out) == (8, "")
    # Without the right to read letters, retry does not get as far as sending one.
    needed = "ReceiveMessage" if (kind, *command) == ("read", "retry") else "SendMessage"
    assert f"sqs:{needed}" in ran.err
    assert len(stage.run_cli("failures", "--json").document["dead_letters"]) == 1
    stage.settle()


@pytest.mark.parametrize("kind", ["read", "restore"])
def test_whoever_may_not_operate_prunes_nothing(
    stage: StageUnderTest, who: Mapping[str, Env], guarded: str, kind: str
) -> None:
    # One more than is kept, whatever other tests have left of it.
    for day in range(2):
        at = AT + timedelta(days=day)
        made = manifest(database=guarded, scheduled_at=at, started_at=at, backup_bytes=99)
        stage.put_backup(made)
    ran = stage.run_cli("prune", guarded, env=who[kind])
    assert (ran.code, ran.out) == (8, "")
    assert "s3:DeleteObject" in ran.err


def test_who_may_operate_pins_and_lets_go_and_whoever_may_look_sees_why(
    stage: StageUnderTest, who: Mapping[str, Env]
) -> None:
    with stage.database("worth", stage.source(18).dsn) as key:
        stage.put_backup(manifest(database=key, scheduled_at=AT, backup_bytes=99))
        for kind in ("read", "restore"):
            ran = stage.run_cli("keep", key, env=who[kind])
            assert (ran.code, ran.out, "s3:PutObject" in ran.err) == (8, "", True)
        ran = stage.run_cli("keep", key, "--note", "for the audit", env=who["operate"])
        assert (ran.code, ran.err) == (0, "")
        assert "pinned: for the audit" in stage.run_cli("list", key, env=who["read"]).out
        older = stage.run_cli("policy", "read").document
        for each in older["Statement"]:
            each["Resource"] = [arn for arn in each["Resource"] if ".kept" not in arn] or ["arn:-"]
        assert stage.run_cli("list", key, env=stage.as_role(older)).lines[1].endswith(", pinned")
        for kind in ("read", "restore"):
            ran = stage.run_cli("unkeep", key, "--at", "latest", env=who[kind])
            assert (ran.code, ran.out, "s3:DeleteObject" in ran.err) == (8, "", True)
        assert stage.run_cli("unkeep", key, "--at", "latest", env=who["operate"]).code == 0


@pytest.mark.parametrize("kind", ["read", "restore"])
def test_whoever_may_not_operate_orders_no_drill(
    stage: StageUnderTest, who: Mapping[str, Env], guarded: str, kind: str
) -> None:
    ran = stage.run_cli("drill", guarded, env=who[kind])
    assert (ran.code, ran.out) == (8, "")
    assert "lambda:InvokeFunction" in ran.err


@pytest.mark.parametrize("kind", ["read", "restore"])
def test_whoever_may_not_operate_adds_no_database_and_reads_none_that_was_added(
    stage: StageUnderTest, who: Mapping[str, Env], tmp_path: Path, kind: str
) -> None:
    rows = tmp_path / "rows"
    rows.write_text(
        "DATABASE_CONN_STRINGS=extra,host=db.example.com,POSTGRES\nBACKUP_STORAGE_DATA=extra,2"
    )
    ran = stage.run_cli("databases", "add", "--file", str(rows), env=who[kind])
    assert (ran.code, ran.out) == (8, "")
    assert "ssm:PutParameter" in ran.err
    assert stage.run_cli("databases", "add", "--file", str(rows), env=who["operate"]).code == 0
    names = Store(stage.cloud.client("ssm")).all_below("/snapper/tried/ADDED")
    (connections,) = (name for name in names if "/DATABASE_CONN_STRINGS/" in name)
    ssm = client(stage, who[kind], "ssm")
    assert refused(ssm.get_parameter, Name=connections, WithDecryption=True)
    assert "extra" in stage.run_cli("databases", env=who[kind]).out
    assert stage.run_cli("databases", "remove", "extra", env=who[kind]).code == 8
    assert stage.run_cli("databases", "remove", "extra", env=who["operate"]).code == 0


def test_whoever_may_operate_does_all_of_it(
    stage: StageUnderTest, who: Mapping[str, Env], guarded: str
) -> None:
    me = who["operate"]
    ran = stage.run_cli("run", guarded, "--wait", "--json", env=me)
    assert ran.code == 0
    # It is done already: no other dump of the server can have it wait a minute for its turn.
    made = read_time(ran.document["jobs"][0]["manifest"]["scheduled_at"])
    stage.post_dead_letter(Job(guarded, made).to_json())
    assert stage.run_cli("retry", guarded, env=me).code == 0
    assert stage.run_cli("prune", guarded, env=me).code == 0
    assert stage.run_cli("drill", guarded, "--wait", env=me).code == 0
    stage.post_dead_letter("hm")
    assert stage.run_cli("failures", "--discard", "--foreign", env=me).code == 0
    assert stage.run_cli("failures", env=me).out == ""
    # The next test must not meet the job that went back.
    wait_until(lambda: stage.run_cli("status", "--json").document["jobs_waiting"] == 0)


def test_whoever_may_look_reads_no_dump_and_no_connection(
    stage: StageUnderTest, who: Mapping[str, Env], guarded: str
) -> None:
    backup = stage.run_cli("list", guarded, "--json").document["databases"][guarded][0]
    ran = stage.run_cli("verify", guarded, env=who["read"])
    assert ran.code == 8
    assert "s3:GetObject" in ran.out
    name, root = backup["manifest"]["object"], "/snapper/tried/DATABASE_CONN_STRINGS"
    for kind in ("read", "restore", "operate"):
        s3, ssm = client(stage, who[kind], "s3"), client(stage, who[kind], "ssm")
        assert refused(s3.get_object, Bucket=stage.vault.bucket, Key=name) is (kind == "read")
        for last in (guarded, "_0"):
            assert refused(ssm.get_parameter, Name=f"{root}/{last}", WithDecryption=True)
        assert refused(ssm.get_parameters_by_path, Path=root)


def test_whoever_may_restore_records_verdicts_and_deletes_none(
    stage: StageUnderTest, who: Mapping[str, Env]
) -> None:
    with stage.database("judged", stage.source(18).dsn) as key:
        made = stage.back_up(key, AT)
        assert stage.run_cli("verify", key, env=who["restore"]).code == 0
        stage.damage(made, flip)
        assert stage.run_cli("verify", key, env=who["restore"]).code == 4
        assert "DAMAGED" in stage.run_cli("list", key, env=who["read"]).out
        s3, name = client(stage, who["restore"], "s3"), object_key(key, AT, Kind.DAMAGED)
        assert refused(s3.delete_object, Bucket=stage.vault.bucket, Key=name)


def test_json_is_what_it_prints_with_or_without_asking(stage: StageUnderTest) -> None:
    plain, asked = stage.run_cli("policy"), stage.run_cli("policy", "read", "--json")
    assert plain.document == asked.document
    assert stage.run_cli("policy", "everything").code == 2


@pytest.mark.parametrize(
    ("kind", "document"),
    [
        ("deploy", "deploy-policy"),
        ("deploy-large", "deploy-large-policy"),
        ("deploy-keys", "deploy-keys-policy"),
        ("deploy-replica", "deploy-replica-policy"),
        ("boundary", "boundary"),
    ],
)
def test_who_deploys_gets_the_policies_of_one_stage_without_aws(
    stage: StageUnderTest, kind: str, document: str
) -> None:
    ran = stage.run_cli("policy", kind, "--stage", "not-yet-there", env={})
    assert (ran.code, ran.err) == (0, "")
    assert ran.document == document_of(document, "not-yet-there")
    assert stage.run_cli("policy", kind, "--stage", "p*", env={}).code == 2


def client(stage: StageUnderTest, env: Env, service: str) -> Any:
    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
    return stage.cloud.client_with(service, {name: env[name] for name in names})
