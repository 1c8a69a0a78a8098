"""Statements of IAM policies for containers of AWS Batch, as pure values."""

from infra.iam import Statement, allow, may_list_bucket, of_backups
from snapper.values.keys import DUMPS, LISTS, Kind
from snapper.values.place import Place


def containers_may_assume(place: Place) -> Statement:
    """Trust the service that runs containers, for those of this account, to take a role.

    Source: "Amazon ECS task execution IAM role", on the confused deputy.
    """
    return {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"Service": "ecs-tasks.amazonaws.com"},
        "Condition": {
            "StringEquals": {"aws:SourceAccount": place.account},
            "ArnLike": {"aws:SourceArn": place.arn("ecs", "*")},
        },
    }


def may_hand_over(queue: str, definition: str) -> list[Statement]:
    """Put jobs of one definition, of any revision, into one queue, and see which are under way.

    Batch knows no narrower right to list: whoever may list one queue may list all of the account's.
    What stands in a job only `DescribeJobs` would tell.
    Source: "Actions, resources, and condition keys for AWS Batch".
    """
    return [
        allow(["batch:SubmitJob"], [queue, definition, f"{definition}:*"]),
        allow(["batch:ListJobs"], ["*"]),
    ]


def failures_may_be_told(queue: str, rules: list[str]) -> Statement:
    """Let these rules of EventBridge, and no others, put what they tell into the queue."""
    return {
        "Sid": "FailedContainers",
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": ["sqs:SendMessage"],
        "Resource": [queue],
        "Condition": {"ArnEquals": {"aws:SourceArn": rules}},
    }


def may_restore_backups(bucket: str) -> list[Statement]:
    """Read backups, and what is known of them, and list; write nothing."""
    kinds = (*DUMPS, Kind.MANIFEST, *LISTS, Kind.VERIFICATION, Kind.DAMAGED)
    return [
        allow(["s3:GetObject"], [of_backups(bucket, kind) for kind in kinds]),
        may_list_bucket(bucket),
    ]
