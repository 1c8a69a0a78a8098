"""How events reach the functions: from queues, rules and callers, but not from just anybody."""

import http.client
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.emulator.cloud import Cloud
from local.runtime.host import LambdaHost
from tests.support.cloud import LONGEST, allow, eventually, invoke, make_function
from tests.support.few import few

ANSWER = "def handler(event, context): return {}"


@pytest.fixture(scope="module")
def host(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LambdaHost]:
    with LambdaHost(cloud, tmp_path_factory.mktemp("host")) as started:
        yield started


def post(url: str, headers: Mapping[str, str] | None = None) -> int:
    """What the host answers to an event that did not come from the emulator."""
    address, _, path = url.removeprefix("http://").partition("/")
    connection = http.client.HTTPConnection(address, timeout=LONGEST)
    try:
        connection.request("POST", f"/{path}", body=b"{}", headers=dict(headers or {}))
        return connection.getresponse().status
    finally:
        connection.close()


def queue_with_letters(cloud: Cloud, name: str) -> tuple[str, str, str]:
    """A queue whose jobs come back when they are told to, and are dead after three failures."""
    sqs = cloud.client("sqs")
    arn = f"arn:aws:sqs:{cloud.region}:{cloud.account}:{name}"
    dead = sqs.create_queue(QueueName=f"{name}-dead")["QueueUrl"]
    redrive = {"deadLetterTargetArn": f"{arn}-dead", "maxReceiveCount": 3}
    attributes = {"VisibilityTimeout": "3600", "RedrivePolicy": json.dumps(redrive)}
    url = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    return url, arn, dead


def waiting(cloud: Cloud, url: str) -> int:
    """How many messages are in a queue, in flight or not."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    answer = cloud.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)
    return sum(int(number) for number in answer["Attributes"].values())


def lines(host: LambdaHost, function: str, word: str) -> list[str]:
    """What a function has written so far in whole lines that begin with this word."""
    return [line.split()[1] for line in host.logs(function) if line.startswith(f"{word} ")]


def map_queue(cloud: Cloud, arn: str, function: str, **settings: Any) -> None:
    cloud.client("lambda").create_event_source_mapping(
        EventSourceArn=arn,
        FunctionName=function,
        BatchSize=1,
        FunctionResponseTypes=["ReportBatchItemFailures"],
        **settings,
    )


def test_a_job_in_a_queue_is_handled_and_gone(
    cloud: Cloud, host: LambdaHost, tmp_path: Path
) -> None:
    url, arn, dead = queue_with_letters(cloud, "handled")
    source = """
        def handler(event, context):
            print("body", event["Records"][0]["body"])
            return {"batchItemFailures": []}
    """
    make_function(cloud, host, tmp_path, "handles", source)
    map_queue(cloud, arn, "handles")
    cloud.client("sqs").send_message(QueueUrl=url, MessageBody="one")
    eventually(lambda: "body one" in host.logs("handles"))
    eventually(lambda: waiting(cloud, url) == 0)
    assert waiting(cloud, dead) == 0


def notify(cloud: Cloud, bucket: str, function: str) -> None:
    """Have S3 call a function for each manifest that is made in a bucket."""
    arn = f"arn:aws:lambda:{cloud.region}:{cloud.account}:function:{function}"
    ends = {"FilterRules": [{"Name": "suffix", "Value": ".manifest.json"}]}
    called = {
        "LambdaFunctionArn": arn,
        "Events": ["s3:ObjectCreated:*"],
        "Filter": {"Key": ends},
    }
    cloud.client("s3").put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"LambdaFunctionConfigurations": [called]}
    )


def let_call(cloud: Cloud, bucket: str, function: str) -> None:
    cloud.client("lambda").add_permission(
        FunctionName=function,
        StatementId=bucket,
        Action="lambda:InvokeFunction",
        Principal="s3.amazonaws.com",
        SourceArn=f"arn:aws:s3:::{bucket}",
        SourceAccount=cloud.account,
    )


def test_what_is_made_in_a_bucket_is_told_to_a_function_that_lets_it(
    cloud: Cloud, host: LambdaHost, tmp_path: Path
) -> None:
    s3 = cloud.client("s3")
    source = """
        def handler(event, context):
            (record,) = event["Records"]
            print("made", record["s3"]["object"]["key"], record["eventName"])
    """
    make_function(cloud, host, tmp_path, "listens", source)
    for bucket in ("telling", "intruding"):
        s3.create_bucket(Bucket=bucket)
        with pytest.raises(ClientError, match="Unable to validate"):
            notify(cloud, bucket, "listens")
        let_call(cloud, bucket, "listens")
        notify(cloud, bucket, "listens")
    cloud.client("lambda").remove_permission(FunctionName="listens", StatementId="intruding")
    for bucket in ("intruding", "telling"):
        s3.put_object(Bucket=bucket, Key=f"{bucket}/a.sql.gz", Body=b"a")
        s3.put_object(Bucket=bucket, Key=f"{bucket}/a b.manifest.json", Body=b"a")
    eventually(lambda: lines(host, "listens", "made"))
    # As S3 writes a key, and nothing of who was forbidden to call.
    assert lines(host, "listens", "made") == ["telling/a+b.manifest.json"]


@pytest.mark.parametrize("way", few(["reports", "raises"]))
def test_a_job_that_fails_three_times_joins_the_dead_letters(
    cloud: Cloud, host: LambdaHost, tmp_path: Path, way: str
) -> None:
    name = f"failing-{way}"
    url, arn, dead = queue_with_letters(cloud, name)
    source = """
        def handler(event, context):
            (record,) = event["Records"]
            print("attempt", record["attributes"]["ApproximateReceiveCount"])
            print("receipt", record["receiptHandle"])
            if %r == "raises":
                raise ValueError
            return {"batchItemFailures": [{"itemIdentifier": record["messageId"]}]}
    """
    make_function(cloud, host, tmp_path, name, source % way)
    map_queue(cloud, arn, name)
    cloud.client("sqs").send_message(QueueUrl=url, MessageBody="one")
    for attempt in range(3):
        receipt = eventually(lambda: lines(host, name, "receipt")[attempt:])[0]  # noqa: B023
        cloud.client("sqs").change_message_visibility(
            QueueUrl=url, ReceiptHandle=receipt, VisibilityTimeout=0
        )
    eventually(lambda: waiting(cloud, dead) == 1)
    assert lines(host, name, "attempt") == ["1", "2", "3"]
    assert waiting(cloud, url) == 0


def test_no_more_jobs_are_handled_at_once_than_the_mapping_says(
    cloud: Cloud, host: LambdaHost, tmp_path: Path
) -> None:
    sqs = cloud.client("sqs")
    # None comes back while it is at work, however slow that is.
    hidden = {"VisibilityTimeout": "3600"}
    url = sqs.create_queue(QueueName="many", Attributes=hidden)["QueueUrl"]
    source = """
        import os, pathlib, time
        seen = pathlib.Path(os.environ["TMPDIR"])
        def handler(event, context):
            print("+", os.getpid())
            (seen / str(os.getpid())).touch()
            while len(list(seen.iterdir())) < 2:  # the first one waits for the second
                time.sleep(0.01)
            time.sleep(0.2)  # and both for a third one, which must not come
            print("-", os.getpid())
    """
    make_function(cloud, host, tmp_path, "limited", source)
    arn = f"arn:aws:sqs:{cloud.region}:{cloud.account}:many"
    for number in range(6):
        sqs.send_message(QueueUrl=url, MessageBody=str(number))
    map_queue(cloud, arn, "limited", ScalingConfig={"MaximumConcurrency": 2})
    eventually(lambda: waiting(cloud, url) == 0)
    steps = [1 if line.startswith("+") else -1 for line in host.logs("limited")]
    assert steps.count(1) == 6
    assert max(sum(steps[: end + 1]) for end in range(len(steps))) <= 2
    assert len({line.split()[1] for line in host.logs("limited")}) == 2


def test_an_event_reaches_the_function_of_a_rule(
    cloud: Cloud, host: LambdaHost, tmp_path: Path
) -> None:
    make_function(
        cloud, host, tmp_path, "ruled",
        "def handler(event, context): print(event['detail']['word'])",
    )  # fmt: skip
    events = cloud.client("events")
    events.put_rule(Name="words", EventPattern=json.dumps({"source": ["test"]}))
    arn = f"arn:aws:lambda:{cloud.region}:{cloud.account}:function:ruled"
    events.put_targets(Rule="words", Targets=[{"Id": "ruled", "Arn": arn}])
    entry = {"Source": "test", "DetailType": "word", "Detail": json.dumps({"word": "hello"})}
    events.put_events(Entries=[entry])
    eventually(lambda: "hello" in host.logs("ruled"))


def test_an_event_that_a_function_failed_on_joins_the_dead_letters(
    cloud: Cloud, host: LambdaHost, tmp_path: Path
) -> None:
    dead = cloud.client("sqs").create_queue(QueueName="failures")["QueueUrl"]
    arn = f"arn:aws:sqs:{cloud.region}:{cloud.account}:failures"
    source = "def handler(event, context): raise ValueError('no')"
    make_function(
        cloud, host, tmp_path, "hopeless", source, allow("sqs:SendMessage", arn)
    )  # fmt: skip
    cloud.client("lambda").put_function_event_invoke_config(
        FunctionName="hopeless",
        MaximumRetryAttempts=1,
        DestinationConfig={"OnFailure": {"Destination": arn}},
    )
    cloud.client("lambda").invoke(FunctionName="hopeless", InvocationType="Event", Payload="{}")
    eventually(lambda: waiting(cloud, dead) == 1)
    assert sum("[ERROR] ValueError" in line for line in host.logs("hopeless")) == 2


def test_an_event_without_the_token_is_refused(
    cloud: Cloud, host: LambdaHost, tmp_path: Path
) -> None:
    make_function(cloud, host, tmp_path, "guarded", ANSWER)
    address, _, rest = host.url("guarded").removeprefix("http://").partition("/")
    assert post(f"http://{address}/guarded") == 404
    assert post(f"http://{address}/{rest[::-1]}") == 404


@pytest.mark.parametrize(
    "sign",
    [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "none"}, {"Host": "evil.example"}],
)
def test_an_event_from_a_web_page_is_refused(
    cloud: Cloud, host: LambdaHost, tmp_path: Path, sign: dict[str, str]
) -> None:
    assert post(host.url("guarded"), sign) == 403


def test_an_event_for_a_function_that_is_not_there_is_an_error(host: LambdaHost) -> None:
    headers = {
        "X-Amzn-Lambda-Request-Id": "1",
        "X-Amzn-Lambda-Function-Arn": "arn",
        "X-Amzn-Lambda-Deadline-Ms": "0",
    }
    assert post(host.url("nobody"), headers) == 500


def test_a_function_whose_role_cannot_be_taken_on_is_an_error(
    cloud: Cloud, host: LambdaHost, tmp_path: Path
) -> None:
    function = make_function(cloud, host, tmp_path, "roleless", ANSWER)
    cloud.client("iam").delete_role(RoleName=function.role.rpartition("/")[2])
    assert invoke(cloud, "roleless")["errorType"] == "Runtime.NotStarted"
