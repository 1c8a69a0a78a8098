"""Statements of IAM policies as pure values: who may do what, never on more than it needs.

Every builder takes ARNs and gives dictionaries; nothing here knows Pulumi. Partition, region and
account are read from an ARN at hand, so that the same program serves every partition of AWS.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from snapper.values.keys import DUMPS, LISTS, MARK, Kind, trial_key
from snapper.values.pin import PINNED, UNTIL
from snapper.values.place import Place
from snapper.values.summary import FOLDER

Statement = Mapping[str, Any]

_NEVER_REPLACED = (*DUMPS, Kind.MANIFEST, *LISTS)

_STAMP = "????-??-??T??-??-??Z"
"""The form of a time in keys, as policies can say it."""


def document(*statements: Statement) -> str:
    """Write a policy with sorted keys, so that equal policies are equal texts."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)}, sort_keys=True)


def allow(
    actions: Sequence[str],
    resources: Sequence[str],
    condition: Mapping[str, Any] | None = None,
) -> Statement:
    """Allow the actions on the resources, under the condition if there is one."""
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": list(resources)}
    return {**statement, "Condition": condition} if condition else statement


def lambda_may_assume() -> Statement:
    """Trust the Lambda service, and nobody else, to take a function's role."""
    return {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"Service": "lambda.amazonaws.com"},
    }


def only_by_tls(actions: Sequence[str], resources: Sequence[str]) -> Statement:
    """Refuse everybody, whatever else allows it, where the connection is not encrypted."""
    return {
        "Sid": "OnlyByTls",
        "Effect": "Deny",
        "Principal": "*",
        "Action": list(actions),
        "Resource": list(resources),
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def never_over(bucket: str) -> Statement:
    """Refuse everybody who would put another dump, manifest, list or pin in the place of one.

    Whoever says `If-None-Match` can make an object and replace none. What only begins an upload, or
    sends a part of it, knows no such header; the call that makes the object does. See "Enforce
    conditional writes on Amazon S3 buckets" of AWS's guide.
    """
    return {
        "Sid": "NoBackupIsReplaced",
        "Effect": "Deny",
        "Principal": "*",
        "Action": ["s3:PutObject"],
        "Resource": [f"{bucket}/*{end}" for end in (*_NEVER_REPLACED, PINNED, f"{UNTIL}*")],
        "Condition": {
            "Null": {"s3:if-none-match": "true"},
            "Bool": {"s3:ObjectCreationOperation": "true"},
        },
    }


def may_log(log_group: str) -> Statement:
    """Write to its own log group; the group itself is made by the deployment."""
    return allow(["logs:CreateLogStream", "logs:PutLogEvents"], [f"{log_group}:*"])


def may_read_log(log_group: str) -> Statement:
    """Search a log group."""
    return allow(["logs:FilterLogEvents"], [f"{log_group}:*"])


def may_publish(topic: str) -> Statement:
    """Tell something to who is subscribed to the topic."""
    return allow(["sns:Publish"], [topic])


def may_send(*queues: str) -> Statement:
    """Put messages into the queues, singly or in batches."""
    return allow(["sqs:SendMessage"], queues)


def may_take(queue: str) -> Statement:
    """Let the event source mapping, which acts as the function's role, take jobs.

    The function itself says when one that failed shall come back.
    """
    actions = ["ReceiveMessage", "DeleteMessage", "GetQueueAttributes", "ChangeMessageVisibility"]
    return allow([f"sqs:{action}" for action in actions], [queue])


def may_list_parameters(*paths: str) -> Statement:
    """List what is below the paths of parameters; each path is itself the resource."""
    return allow(["ssm:GetParametersByPath"], paths)


def may_read_parameters(*paths: str) -> Statement:
    """Read the parameters below the paths, one by one."""
    return allow(["ssm:GetParameter"], [f"{path}/*" for path in paths])


def may_list_bucket(bucket: str) -> Statement:
    """See which objects there are, how large they are and when they were made."""
    return allow(["s3:ListBucket"], [bucket])


def may_store_backups(bucket: str) -> list[Statement]:
    """Make dumps, lists of contents, manifests and the marks of late ones, and list.

    Nothing else: a stolen dumper harvests no old dump, deletes none, and says of none that it is
    damaged or proven. That it replaces none is the bucket's own rule.
    """
    made = [of_backups(bucket, end) for end in (*_NEVER_REPLACED, f"{MARK}{_STAMP}")]
    return [
        allow(["s3:PutObject"], made),
        allow(["s3:AbortMultipartUpload"], [of_backups(bucket, kind) for kind in DUMPS]),
        may_list_bucket(bucket),
    ]


def may_prune_backups(bucket: str) -> list[Statement]:
    """Delete what belongs to a backup, spent pins too but none without an end, and list."""
    ends = (*Kind, f"{MARK}{_STAMP}", f"{UNTIL}{_STAMP}")
    return [
        allow(["s3:DeleteObject"], [of_backups(bucket, end) for end in ends]),
        may_list_bucket(bucket),
    ]


def may_prove_backups(bucket: str) -> list[Statement]:
    """Read backups and verdicts, list, and write verdicts.

    Nothing else: who restores what others have written makes no backup, and deletes none.
    """
    verdicts = [
        *(of_backups(bucket, kind) for kind in (Kind.VERIFICATION, Kind.DAMAGED)),
        f"{bucket}/{trial_key('*')}",
    ]
    backups = [of_backups(bucket, kind) for kind in _NEVER_REPLACED]
    return [
        allow(["s3:GetObject"], [*backups, *verdicts]),
        allow(["s3:PutObject"], verdicts),
        may_list_bucket(bucket),
    ]


def may_summarize(bucket: str) -> list[Statement]:
    """Read manifests and verdicts, and read and write their summaries.

    Nothing else: who keeps copies of small records reads no backup and no list of contents, and
    makes, replaces and deletes none.
    """
    summaries = f"{bucket}/{FOLDER}*"
    records = [
        *(of_backups(bucket, kind) for kind in (Kind.MANIFEST, Kind.VERIFICATION, Kind.DAMAGED)),
        f"{bucket}/{trial_key('*')}",
    ]
    return [
        allow(["s3:GetObject"], [*records, summaries]),
        allow(["s3:PutObject"], [summaries]),
    ]


def of_backups(bucket: str, end: str) -> str:
    """Name all objects of backups whose keys end so."""
    return f"{bucket}/*/{_STAMP}{end}"


def may_use_key(key: str, service: str, *actions: str) -> Statement:
    """Use the customer's key, and only through the service that holds what it encrypts."""
    place = Place.of(key)
    via = f"{service}.{place.region}.{place.domain}"
    return allow(actions, [key], {"StringEquals": {"kms:ViaService": via}})


def may_join_network(place: Place) -> list[Statement]:
    """Let Lambda keep network interfaces in the operator's subnets.

    Describing cannot be narrowed, and deleting needs every resource of the account: both are
    named in Lambda's own guide on networks.
    """
    changing = [
        f"ec2:{verb}"
        for verb in (
            "CreateNetworkInterface",
            "DeleteNetworkInterface",
            "AssignPrivateIpAddresses",
            "UnassignPrivateIpAddresses",
        )
    ]
    describing = ["ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets"]
    return [allow(changing, [place.arn("ec2", "*/*")]), allow(describing, ["*"])]


def may_leave_network(place: Place) -> list[Statement]:
    """Let Lambda delete the network interfaces of a function that has left the operator's subnets.

    It does so some minutes later, by the rights that the function's role has then.
    """
    deleting = allow(["ec2:DeleteNetworkInterface"], [place.arn("ec2", "*/*")])
    return [deleting, allow(["ec2:DescribeNetworkInterfaces"], ["*"])]


def but_not_itself(function: str) -> Statement:
    """Refuse the function's own code what Lambda alone does with its role: all of EC2.

    What the code calls bears its function's name; what Lambda calls for it does not.
    """
    return {
        "Sid": "NetworkIsLambdasWork",
        "Effect": "Deny",
        "Action": ["ec2:*"],
        "Resource": ["*"],
        "Condition": {"ArnEquals": {"lambda:SourceFunctionArn": function}},
    }


def alarms_may_publish(topic: str, alarms: Sequence[str]) -> Statement:
    """Let these alarms of this account, and no others, publish to the topic."""
    place = Place.of(topic)
    return {
        "Sid": "AlarmsOfThisStage",
        "Effect": "Allow",
        "Principal": {"Service": "cloudwatch.amazonaws.com"},
        "Action": ["sns:Publish"],
        "Resource": [topic],
        "Condition": {
            "ArnLike": {
                "aws:SourceArn": [place.arn("cloudwatch", f"alarm:{alarm}") for alarm in alarms]
            },
            "StringEquals": {"aws:SourceAccount": place.account},
        },
    }
