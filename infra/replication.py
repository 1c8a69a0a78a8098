"""S3 copies every new backup into a second bucket, and no deletion."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.iam import Statement, document, may_list_bucket
from infra.replica_bucket import ReplicaBucket, ReplicaBucketArgs
from infra.replication_rights import may_copy, may_reencrypt, s3_may_assume
from infra.scope import Scope
from infra.settings import StackSettings
from infra.vault import Vault
from snapper.values.place import Place
from snapper.values.replica import Replica, foreign_replica, replica_prefix

REPLICATION = "replication"
"""The part of the stage that copies, and so the end of its role's name."""


@dataclass(frozen=True)
class ReplicationArgs:
    """From where to where, as whom, and what becomes of the second bucket with the stage."""

    scope: Scope
    place: pulumi.Output[Place]
    replica: Replica
    vault: Vault
    kms_key_arn: pulumi.Input[str]
    noncurrent_days: int
    delete_backups_on_destroy: bool
    permissions_boundary: str


class Replication(pulumi.ComponentResource):
    """The role that S3 copies as, the second bucket where it is this account's, and the rule."""

    bucket_name: pulumi.Output[str]
    account: pulumi.Output[str]
    arn: pulumi.Output[str]
    region: str
    kms_key_arn: str

    def __init__(
        self, name: str, args: ReplicationArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("snapper:infra:Replication", name, None, opts)
        self._named = pulumi.ResourceOptions(parent=self, delete_before_replace=True)
        scope, replica = args.scope, args.replica
        self.region, self.kms_key_arn = replica.region, replica.kms_key_arn
        pulumi.log.info(replica.words, self)
        role = aws.iam.Role(
            f"{name}-role",
            name=scope.name(REPLICATION),
            assume_role_policy=document(s3_may_assume()),
            permissions_boundary=args.permissions_boundary or None,
            tags=scope.tags,
            opts=self._named,
        )
        before: list[pulumi.Resource] = [args.vault.versioned]
        if replica.account_id:
            self.account = pulumi.Output.from_input(replica.account_id)
            self.bucket_name = args.place.apply(
                lambda place: foreign_replica(scope.stage, place.account)
            )
            self.arn = args.place.apply(
                lambda place: (
                    f"arn:{place.partition}:s3:::{foreign_replica(scope.stage, place.account)}"
                )
            )
        else:
            made = self._own_bucket(name, args, role)
            self.account, self.bucket_name = args.place.apply(_account), made.bucket_name
            self.arn = made.arn
            before.append(made.versioned)
        rights = aws.iam.RolePolicy(
            f"{name}-rights",
            name=REPLICATION,
            role=role.name,
            policy=pulumi.Output.all(args.vault.arn, self.arn, args.kms_key_arn).apply(
                lambda known: document(*_rights(replica, args.vault, *known))
            ),
            opts=self._named,
        )
        aws.s3.BucketReplicationConfig(
            f"{name}-config",
            bucket=args.vault.bucket_name,
            role=role.arn,
            rules=[_rule(replica, self.arn)],
            # S3 asks whether both keep versions, and copies nothing that the role may not.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[*before, rights]),
        )
        self.register_outputs({"bucket_name": self.bucket_name})

    @property
    def facts(self) -> dict[str, pulumi.Input[str]]:
        """What a Service says of it."""
        return {
            "replica_bucket": self.bucket_name,
            "replica_region": self.region,
            "replica_account": self.account,
            "replica_kms_key_arn": self.kms_key_arn,
        }

    def may_list(self) -> pulumi.Output[list[Statement]]:
        """See what lies in the second bucket, and read nothing there."""
        return self.arn.apply(lambda arn: [may_list_bucket(arn)])

    def _own_bucket(self, name: str, args: ReplicationArgs, role: aws.iam.Role) -> ReplicaBucket:
        replica = args.replica
        return ReplicaBucket(
            f"{name}-replica",
            ReplicaBucketArgs(
                role=role.arn,
                tags=args.scope.tags,
                kms_key_arn=replica.kms_key_arn,
                lock=replica.lock,
                days=replica.days,
                noncurrent_days=args.noncurrent_days,
                delete_backups_on_destroy=args.delete_backups_on_destroy,
                prefix=replica_prefix(args.scope.stage),
                region=replica.region,
            ),
            pulumi.ResourceOptions(parent=self),
        )


def replicated(
    name: str,
    settings: StackSettings,
    vault: Vault,
    key: pulumi.Output[str] | None,
    place: pulumi.Output[Place],
    opts: pulumi.ResourceOptions,
) -> Replication | None:
    """Have the vault copied, if the stage wants it."""
    if not settings.replica:
        return None
    args = ReplicationArgs(
        settings.scope,
        place,
        settings.replica,
        vault,
        "" if key is None else key,
        settings.noncurrent_days,
        settings.delete_backups_on_destroy,
        settings.permissions_boundary,
    )
    return Replication(name, args, opts)


def _account(place: Place) -> str:
    return place.account


def _rights(
    replica: Replica, vault: Vault, source: str, destination: str, source_key: str
) -> list[Statement]:
    copy = may_copy(
        source,
        destination,
        foreign=bool(replica.account_id),
        locked=vault.object_lock is not None,
    )
    return [*copy, *may_reencrypt(source_key, replica.kms_key_arn)]


def _rule(
    replica: Replica, bucket: pulumi.Output[str]
) -> aws.s3.BucketReplicationConfigRuleArgsDict:
    destination: aws.s3.BucketReplicationConfigRuleDestinationArgsDict = {"bucket": bucket}
    if replica.account_id:
        # Else the copies would belong to the account that can delete the first ones.
        destination["account"] = replica.account_id
        destination["access_control_translation"] = {"owner": "Destination"}
    rule: aws.s3.BucketReplicationConfigRuleArgsDict = {
        "id": "every-new-object",
        "status": "Enabled",
        "priority": 1,
        "filter": {"prefix": ""},
        "delete_marker_replication": {"status": "Disabled"},
        "destination": destination,
    }
    if replica.kms_key_arn:
        destination["encryption_configuration"] = {"replica_kms_key_id": replica.kms_key_arn}
        rule["source_selection_criteria"] = {"sse_kms_encrypted_objects": {"status": "Enabled"}}
    return rule
