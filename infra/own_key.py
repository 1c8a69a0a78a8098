"""A key of the stage's own by which S3 and Parameter Store encrypt: `kmsKey: create`.

With a bucket that is kept its key is kept: without it nobody could ever read what lies there.
"""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.iam import Statement, allow, document
from infra.scope import Scope
from infra.settings import StackSettings
from snapper.values.place import Place

DAYS = 30
"""Days for which the key waits before it is deleted: the most that KMS knows."""

_USING = ("kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey")
_MANAGING = (
    "kms:CancelKeyDeletion",
    "kms:CreateAlias",
    "kms:DeleteAlias",
    "kms:DescribeKey",
    "kms:DisableKey",
    "kms:EnableKey",
    "kms:EnableKeyRotation",
    "kms:GetKeyPolicy",
    "kms:GetKeyRotationStatus",
    "kms:ListAliases",
    "kms:ListKeyPolicies",
    "kms:ListKeyRotations",
    "kms:ListResourceTags",
    "kms:PutKeyPolicy",
    "kms:ScheduleKeyDeletion",
    "kms:TagResource",
    "kms:UntagResource",
    "kms:UpdateAlias",
    "kms:UpdateKeyDescription",
)


@dataclass(frozen=True)
class OwnKeyArgs:
    """Whose key, where, and whether it ends with the stage."""

    scope: Scope
    place: pulumi.Output[Place]
    delete_backups_on_destroy: bool


class OwnKey(pulumi.ComponentResource):
    """The key, which AWS turns over every year, and a name for it in AWS's console."""

    arn: pulumi.Output[str]

    def __init__(
        self, name: str, args: OwnKeyArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("snapper:infra:OwnKey", name, None, opts)
        scope = args.scope
        key = aws.kms.Key(
            f"{name}-key",
            description=f"Snapper, stage {scope.stage}: encrypts backups and secrets",
            enable_key_rotation=True,
            deletion_window_in_days=DAYS,
            policy=args.place.apply(key_policy),
            tags=scope.tags,
            opts=pulumi.ResourceOptions(
                parent=self, retain_on_delete=not args.delete_backups_on_destroy
            ),
        )
        # Not kept with a kept key: the stage that comes after this one has a key of that name.
        aws.kms.Alias(
            f"{name}-alias",
            name=f"alias/{scope.name('backups')}",
            target_key_id=key.key_id,
            opts=pulumi.ResourceOptions(parent=self, delete_before_replace=True),
        )
        self.arn = key.arn
        self.register_outputs({"arn": self.arn})


def key_of(
    name: str, settings: StackSettings, place: pulumi.Output[Place], opts: pulumi.ResourceOptions
) -> pulumi.Output[str] | None:
    """Give the key by which all is encrypted: the stage's own, the operator's, or None of these."""
    if settings.kms_key:
        args = OwnKeyArgs(settings.scope, place, settings.delete_backups_on_destroy)
        return OwnKey(name, args, opts).arn
    return pulumi.Output.from_input(settings.kms_key_arn) if settings.kms_key_arn else None


def key_policy(place: Place) -> str:
    """Give the policy of the key: roles of this account use it, by what their own policies say.

    And only through the two services that hold what it encrypts: nobody decrypts anything by hand,
    an administrator neither. Nobody deletes it in a hurry. Who may change this policy can undo it,
    and were that forbidden nobody could ever change it again: that is in CloudTrail.
    """
    account = {"AWS": f"arn:{place.partition}:iam::{place.account}:root"}
    services = [f"{each}.{place.region}.{place.domain}" for each in ("s3", "ssm")]
    through = {"StringEquals": {"kms:ViaService": services}}
    hurry = {"NumericLessThan": {"kms:ScheduleKeyDeletionPendingWindowInDays": str(DAYS)}}
    return document(
        _of("UsedThroughS3AndParameterStoreOnly", account, allow(_USING, ["*"], through)),
        _of("ManagedByThisAccount", account, allow(_MANAGING, ["*"])),
        {
            **_of(
                "NotDeletedInAHurry", {"AWS": "*"}, allow(["kms:ScheduleKeyDeletion"], ["*"], hurry)
            ),
            "Effect": "Deny",
        },
    )


def _of(sid: str, principal: dict[str, str], statement: Statement) -> Statement:
    return {"Sid": sid, "Principal": principal, **statement}
