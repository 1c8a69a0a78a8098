"""Deploying a Pulumi program onto the embedded cloud: all of it, as it is, and back to nothing."""

import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from local.deployment.deploy import DeployFailed, Deployment, deploy
from local.emulator.cloud import Cloud
from local.runtime.host import LambdaHost
from snapper.errors import SettingsError, SnapperError
from tests.support.cloud import write_zip

# pulumi_aws warns of its own deprecated names while it is imported, on first use of a service.
pytestmark = pytest.mark.filterwarnings("ignore:.* has been deprecated in favor of")

PROJECT = """
    name: small
    runtime: python
    config:
      days: {type: integer, default: 7}
      names: {type: array, default: [one, two]}
      loud: {type: boolean, default: false}
      aws:profile: {value: nobody}
      password: {type: string, secret: true}
"""


@pytest.fixture(scope="module")
def host(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LambdaHost]:
    with LambdaHost(cloud, tmp_path_factory.mktemp("host")) as started:
        yield started


class Program:
    """A small Pulumi program in a directory of its own."""

    def __init__(self, cloud: Cloud, host: LambdaHost, root: Path) -> None:
        self.cloud, self.host, self.root = cloud, host, root
        (root / "Pulumi.yaml").write_text(textwrap.dedent(PROJECT))

    def deploy(self, source: str, config: Mapping[str, str] | None = None) -> Deployment:
        head = "import pulumi, pulumi_aws as aws\n"
        (self.root / "__main__.py").write_text(head + textwrap.dedent(source))
        return deploy(self.cloud, self.host, self.root, "dev", config or {})

    def queues(self) -> list[str]:
        urls = self.cloud.client("sqs").list_queues(QueueNamePrefix="small-").get("QueueUrls", [])
        return [url.rpartition("/")[2] for url in urls]


@pytest.fixture
def program(cloud: Cloud, host: LambdaHost, tmp_path: Path) -> Program:
    return Program(cloud, host, tmp_path)


def test_what_the_program_exports_is_given(program: Program) -> None:
    deployment = program.deploy("""
        queue = aws.sqs.Queue("jobs", name="small-exported")
        pulumi.export("url", queue.url)
        pulumi.export("tail", queue.arn.apply(lambda arn: arn.split(":")[-1]))
        pulumi.export("number", 3)
    """)
    assert deployment.outputs["url"].endswith("/small-exported")
    assert deployment.outputs["tail"] == "small-exported"
    assert deployment.outputs["number"] == 3
    deployment.destroy()


def test_what_is_registered_exists_until_it_is_destroyed(program: Program) -> None:
    deployment = program.deploy('aws.sqs.Queue("jobs", name="small-real")')
    assert program.queues() == ["small-real"]
    deployment.destroy()
    assert program.queues() == []


def test_resources_are_made_after_what_they_need_and_destroyed_before_it(program: Program) -> None:
    deployment = program.deploy("""
        first = aws.iam.Role("role", name="small", assume_role_policy="{}")
        right = '{"Statement": [{"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}]}'
        aws.iam.RolePolicy("rights", role=first.name, policy=right)
    """)
    assert [made.name for made in deployment.registrations] == ["role", "rights"]
    deployment.destroy()  # IAM refuses to delete a role that still has rights
    roles = program.cloud.client("iam").list_roles()["Roles"]
    assert "small" not in [role["RoleName"] for role in roles]


def test_settings_not_given_have_the_defaults_of_the_project(program: Program) -> None:
    source = """
        config = pulumi.Config()
        pulumi.export("days", config.require_int("days"))
        pulumi.export("names", config.require_object("names"))
        pulumi.export("loud", config.require_bool("loud"))
        pulumi.export("region", pulumi.Config("aws").require("region"))
        pulumi.export("profile", pulumi.Config("aws").require("profile"))
        pulumi.export("stack", pulumi.get_stack())
    """
    assert program.deploy(source).outputs == {
        "days": 7,
        "names": ["one", "two"],
        "loud": False,
        "region": program.cloud.region,
        "profile": "nobody",
        "stack": "dev",
    }
    assert program.deploy(source, {"days": "8"}).outputs["days"] == 8


def test_a_secret_setting_reaches_its_resource_and_is_a_secret_on_the_way(
    program: Program,
) -> None:
    deployment = program.deploy(
        """
        value = pulumi.Config().require_secret("password")
        parameter = aws.ssm.Parameter("p", name="/small/p", type="SecureString", value=value)
        pulumi.export("is_secret", pulumi.Output.from_input(parameter.value.is_secret()))
        pulumi.export("list", pulumi.Output.all(parameter.value, "plain"))
        """,
        {"password": "hush"},
    )
    stored = program.cloud.client("ssm").get_parameter(Name="/small/p", WithDecryption=True)
    assert stored["Parameter"]["Value"] == "hush"
    assert deployment.registrations[0].inputs["value"] == "hush"
    assert deployment.outputs == {"is_secret": True, "list": ["hush", "plain"]}
    deployment.destroy()


def test_whole_numbers_and_user_keyed_maps_arrive_as_they_were_written(program: Program) -> None:
    deployment = program.deploy("""
        queue = aws.sqs.Queue(
            "jobs", name="small-exact", visibility_timeout_seconds=77, tags={"camelCase_key": "v"}
        )
        pulumi.export("url", queue.url)
    """)
    sqs, url = program.cloud.client("sqs"), deployment.outputs["url"]
    assert sqs.list_queue_tags(QueueUrl=url)["Tags"] == {"camelCase_key": "v"}
    names = ["VisibilityTimeout"]
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    assert found == {"VisibilityTimeout": "77"}
    deployment.destroy()


def test_what_is_to_be_retained_outlives_the_deployment(program: Program) -> None:
    deployment = program.deploy("""
        aws.sqs.Queue("kept", name="small-kept", opts=pulumi.ResourceOptions(retain_on_delete=True))
        aws.sqs.Queue("gone", name="small-gone")
    """)
    assert sorted(made.retained for made in deployment.registrations) == [False, True]
    deployment.destroy()
    assert program.queues() == ["small-kept"]
    program.cloud.client("sqs").delete_queue(
        QueueUrl=program.cloud.client("sqs").get_queue_url(QueueName="small-kept")["QueueUrl"]
    )


def test_components_are_only_names_around_their_children(program: Program) -> None:
    deployment = program.deploy("""
        class Room(pulumi.ComponentResource):
            def __init__(self, name):
                super().__init__("small:test:Room", name)
                child = pulumi.ResourceOptions(parent=self)
                queue = aws.sqs.Queue(f"{name}-queue", name="small-child", opts=child)
                self.register_outputs({"url": queue.url})

        Room("room")
        pulumi.export("word", "stack's own")
    """)
    (queue,) = deployment.of_type("aws:sqs/queue:Queue")
    assert "small:test:Room$aws:sqs/queue:Queue::room-queue" in queue.urn
    assert deployment.outputs == {"word": "stack's own"}
    deployment.destroy()


def test_a_function_and_its_layer_run(program: Program, tmp_path: Path) -> None:
    write_zip(tmp_path / "layer.zip", {"python/words.py": "WORD = 'from the layer'"})
    source = """
        import os, words
        def handler(event, context): return [words.WORD, os.environ["camelCase"]]
    """
    write_zip(tmp_path / "code.zip", {"app.py": source})
    deployment = program.deploy("""
        role = aws.iam.Role(
            "role",
            name="small-runs",
            assume_role_policy='{"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",'
            ' "Principal": {"Service": "lambda.amazonaws.com"}}]}',
        )
        layer = aws.lambda_.LayerVersion(
            "layer", layer_name="small", code=pulumi.FileArchive("layer.zip")
        )
        aws.lambda_.Function(
            "function",
            name="small-runs",
            role=role.arn,
            handler="app.handler",
            runtime="python3.13",
            code=pulumi.FileArchive("code.zip"),
            layers=[layer.arn],
            environment={"variables": {"camelCase": "kept"}},
        )
    """)
    answer = program.cloud.client("lambda").invoke(FunctionName="small-runs")["Payload"].read()
    assert answer == b'["from the layer", "kept"]'
    deployment.destroy()


def test_an_input_that_nobody_applies_is_refused(program: Program) -> None:
    with pytest.raises(DeployFailed, match="inputs not applied locally: fifoThroughputLimit"):
        program.deploy('aws.sqs.Queue("q", name="small-odd", fifo_throughput_limit="perQueue")')
    assert program.queues() == []


def test_a_resource_of_an_unknown_type_is_refused(program: Program) -> None:
    with pytest.raises(DeployFailed, match="aws:sqs/queue:Unheard is not known"):
        program.deploy('pulumi.CustomResource("aws:sqs/queue:Unheard", "x", {})')


def test_only_what_can_be_adopted_here_is(program: Program) -> None:
    with pytest.raises(DeployFailed, match="aws:sqs/queue:Queue is not known"):
        program.deploy("""
            aws.sqs.Queue("q", name="small-q", opts=pulumi.ResourceOptions(import_="small-q"))
        """)


def test_a_program_that_leaves_by_itself_is_told_by_what_made_it_leave(program: Program) -> None:
    with pytest.raises(SettingsError, match="days is 0"):
        program.deploy("""
            try:
                raise pulumi.RunError("days is 0")
            except pulumi.RunError as refused:
                raise SystemExit(32) from refused
        """)


def test_a_look_up_in_aws_is_refused(program: Program) -> None:
    with pytest.raises(DeployFailed, match="getCallerIdentity"):
        program.deploy("aws.get_caller_identity()")


def test_after_a_failure_nothing_is_left(program: Program) -> None:
    with pytest.raises(DeployFailed, match=r"rights was not made: .*NoSuchEntity"):
        program.deploy("""
            queue = aws.sqs.Queue("jobs", name="small-before")
            aws.iam.RolePolicy(
                "rights",
                role="nobody",
                policy=queue.arn.apply(lambda arn: '{"Statement": []}'),
            )
        """)
    assert program.queues() == []


def test_what_the_program_refuses_is_told_in_its_words(program: Program) -> None:
    with pytest.raises(SettingsError) as told:
        program.deploy('raise pulumi.RunError("days is 0, must be at least 1")')
    assert str(told.value) == "days is 0, must be at least 1"


def test_a_setting_that_is_missing_is_told(program: Program) -> None:
    with pytest.raises(SettingsError, match="small:password"):
        program.deploy('pulumi.Config().require("password")')


def test_an_error_of_the_house_keeps_its_kind(program: Program) -> None:
    with pytest.raises(SnapperError) as told:
        program.deploy("""
            from snapper.errors import BackupNotFound
            raise BackupNotFound("no such thing", hint="look elsewhere")
        """)
    assert (told.value.exit_code, told.value.hint) == (3, "look elsewhere")


def test_any_other_failure_of_the_program_is_one_sentence(program: Program) -> None:
    with pytest.raises(DeployFailed) as told:
        program.deploy("1 / 0")
    assert str(told.value) == "the Pulumi program failed: ZeroDivisionError: division by zero"


def test_a_failure_inside_an_output_is_told(program: Program) -> None:
    with pytest.raises(DeployFailed, match="ZeroDivisionError"):
        program.deploy("""
            queue = aws.sqs.Queue("jobs", name="small-inside")
            pulumi.export("never", queue.arn.apply(lambda arn: 1 / 0))
        """)
    assert program.queues() == []


def test_destroying_goes_on_after_a_failure_and_tells_it(program: Program) -> None:
    deployment = program.deploy("""
        first = aws.sqs.Queue("first", name="small-first")
        aws.iam.Role("role", name="small-taken", assume_role_policy="{}",
                     opts=pulumi.ResourceOptions(depends_on=[first]))
    """)
    program.cloud.client("iam").delete_role(RoleName="small-taken")
    with pytest.raises(DeployFailed, match="role was not destroyed"):
        deployment.destroy()
    assert program.queues() == []
