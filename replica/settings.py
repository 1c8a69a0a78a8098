"""The settings of the second bucket's own stack: read once, all faults shown at once."""

import re
from dataclasses import dataclass

import pulumi

from snapper.values.object_lock import ObjectLock
from snapper.values.place import partition_of
from snapper.values.replica import foreign_replica, read_replica
from snapper.values.settings import STAGE

KEYS = ("stage", "account", "kmsKeyArn", "days", "noncurrentDays", "lock")

_ACCOUNT = re.compile(r"[0-9]{12}")
_LONGEST = 3650


class SettingsRefused(pulumi.RunError):
    """The stack's settings have faults."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__(
            "the settings of this stack are invalid:\n"
            + "\n".join(f"  - {fault}" for fault in faults)
        )
        self.faults = tuple(faults)


@dataclass(frozen=True)
class ReplicaSettings:
    """Whose copies come here, as which role they are put here, and what becomes of them."""

    stage: str
    account: str
    region: str
    kms_key_arn: str
    lock: ObjectLock | None
    days: int
    noncurrent_days: int

    @property
    def bucket(self) -> str:
        """The name by which the stage knows the bucket."""
        return foreign_replica(self.stage, self.account)

    @property
    def role(self) -> str:
        """The ARN of the role that copies, in the stage's account."""
        partition = partition_of(self.region)
        return f"arn:{partition}:iam::{self.account}:role/snapper-{self.stage}-replication"

    @classmethod
    def load(cls) -> "ReplicaSettings":
        """Read the settings of the stack being deployed; raise SettingsRefused with all faults."""
        config, faults = pulumi.Config(), list[str]()
        region = pulumi.Config("aws").get("region") or ""
        stage, account = config.get("stage") or "", config.get("account") or ""
        if not region:
            faults.append("the stack has no region: pulumi config set aws:region eu-west-1")
        if not STAGE.fullmatch(stage):
            faults.append("stage must be the name of the stage whose backups come here")
        if not _ACCOUNT.fullmatch(account):
            faults.append("account must be the 12 digits of the account of that stage")
        noncurrent = config.get_int("noncurrentDays") or 0
        if not 1 <= noncurrent <= _LONGEST:
            faults.append(f"noncurrentDays must be 1 to {_LONGEST}")
        given = {
            "region": region or "eu-west-1",
            "kmsKeyArn": config.get("kmsKeyArn") or "",
            "days": config.get_int("days") or 0,
            "lock": config.get_object("lock"),
        }
        wrong = list[str]()
        read = read_replica(given, wrong)
        # Here they are no parts of a setting, but settings.
        faults += [fault.replace("replica.", "") for fault in wrong]
        if faults or read is None:
            raise SettingsRefused(faults)
        return cls(stage, account, region, read.kms_key_arn, read.lock, read.days, noncurrent)
