"""The state of the key by which backups and secrets are encrypted, and what it means for them."""

from dataclasses import dataclass
from datetime import datetime

from snapper.values.job import write_time

SUBJECT = "key"
ENABLED, GONE = "Enabled", "Gone"
_DISABLED, _PENDING = "Disabled", "PendingDeletion"


@dataclass(frozen=True)
class KeyState:
    """What KMS says of a key; GONE is ours, of one that KMS does not know."""

    key: str
    state: str
    deleted_at: datetime | None = None

    @property
    def usable(self) -> bool:
        """Whether anything can be encrypted and decrypted by it."""
        return self.state == ENABLED

    @property
    def fact(self) -> str:
        """What is the matter with it, and what follows."""
        if self.state == GONE:
            return (
                f"the key {self.key} is gone: no backup that it encrypted can ever be read, "
                "and none can be made"
            )
        if self.state == _PENDING:
            when = f" at {write_time(self.deleted_at)}" if self.deleted_at else ""
            return (
                f"the key {self.key} is to be deleted{when}: then no backup that it encrypted can "
                "ever be read; none can be made or read even now"
            )
        what = "disabled" if self.state == _DISABLED else f"in the state {self.state}"
        return f"the key {self.key} is {what}: no backup can be made, and none of its own be read"

    @property
    def fix(self) -> str:
        """What to do about it."""
        enable = f"aws kms enable-key --key-id {self.key}"
        return {
            GONE: "set kmsKeyArn to another key, or kmsKey, and pulumi up; then back up anew",
            _PENDING: f"aws kms cancel-key-deletion --key-id {self.key} && {enable}",
            _DISABLED: enable,
        }.get(self.state, f"aws kms describe-key --key-id {self.key}")
