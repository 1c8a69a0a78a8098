"""Statements of IAM policies about the lock on the bucket; see `infra/iam.py`.

None lifts a lock: no role may bypass governance, delete a version or change the rule.
"""

from infra.iam import Statement, allow, of_backups
from snapper.values.keys import DUMPS
from snapper.values.object_lock import SUMMARIES
from snapper.values.summary import FOLDER


def may_see_locks(bucket: str) -> list[Statement]:
    """See until when dumps are locked, and nothing of what they hold."""
    return [allow(["s3:GetObjectRetention"], [of_backups(bucket, kind) for kind in DUMPS])]


def may_lock_summaries(bucket: str) -> list[Statement]:
    """Lock summaries for less long than the bucket would, and not for longer than a day.

    They are written anew every hour. Whoever could lock them for years could make them costly.
    """
    longer = {"NumericGreaterThan": {"s3:object-lock-remaining-retention-days": SUMMARIES.days}}
    summaries = [f"{bucket}/{FOLDER}*"]
    return [
        allow(["s3:PutObjectRetention"], summaries),
        {
            "Sid": "SummariesForADayOnly",
            "Effect": "Deny",
            "Action": ["s3:PutObjectRetention"],
            "Resource": summaries,
            "Condition": longer,
        },
    ]
