"""A second bucket, in another region or account, to which S3 itself copies every backup."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from snapper.values.nearest import did_you_mean
from snapper.values.object_lock import ObjectLock, read_lock
from snapper.values.place import Place, partition_of

REPLICA = "replica"
"""The key of the stack's config."""

ALLOWED = timedelta(hours=2)
"""How long S3 may take; it copies most within 15 minutes, and promises nothing."""

LONGEST_KEPT = 36_500
"""Days, a hundred years."""

_NAMES = ("region", "accountId", "kmsKeyArn", "lock", "days")
_REGION = re.compile(r"[a-z]{2,3}(?:-[a-z]+)+-\d{1,2}")
_ACCOUNT = re.compile(r"\d{12}", re.ASCII)
_KEY_ARN = re.compile(r"arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key/[A-Za-z0-9-]+", re.ASCII)


@dataclass(frozen=True)
class Replica:
    """Where the second bucket is, and what becomes of what lies there.

    With an account, that account has made the bucket itself (`replica/`). Backups stay for `days`
    after they came there, 0 is for ever.
    """

    region: str
    account_id: str = ""
    kms_key_arn: str = ""
    lock: ObjectLock | None = None
    days: int = 0

    def faults(self, *, encrypts: bool, deletes: bool) -> Iterator[str]:
        """Tell what does not go with a key of the operator's, or with deleting all in the end."""
        if self.account_id and (self.lock or self.days):
            yield (
                f"{REPLICA}.{'lock' if self.lock else 'days'} and {REPLICA}.accountId are both "
                "set: that account decides it, where it makes the bucket (replica/README.md)"
            )
        if self.lock and deletes:
            yield (
                f"{REPLICA}.lock and deleteBackupsOnDestroy are both set: S3 deletes nothing that "
                "is locked, so that destroying would stop halfway"
            )
        if encrypts and not self.kms_key_arn:
            yield (
                f"{REPLICA}.kmsKeyArn is not set: what a key of yours encrypts in the vault, "
                f"one of yours in {self.region} must encrypt there"
            )

    def place_faults(self, region: str | None) -> Iterator[str]:
        """Tell what does not go with the stage's own region."""
        if region and region == self.region and not self.account_id:
            yield (
                f"{REPLICA}.region is {self.region}, the stage's own: "
                "name another one, or another account by accountId"
            )
        if region and partition_of(region) != partition_of(self.region):
            yield f"{REPLICA}.region is {self.region}: S3 copies nothing there from {region}"

    @property
    def words(self) -> str:
        """Say what it does and what that costs, for who deploys."""
        until = f"for {self.days} days" if self.days else "for ever (replica.days would end it)"
        return (
            f"replica: every new backup is copied to {self.region} and stays there {until}, also "
            "when it is pruned here. By AWS's list prices that is $0.02 for each GB that crosses "
            "regions, and $0.023 a month for each GB that lies there"
        )


def replica_prefix(stage: str) -> str:
    """Give how the name of a stage's second bucket begins, which is no other stage's.

    >>> replica_prefix("prod")
    'replica-snapper-prod-'
    """
    return f"replica-snapper-{stage}-"


def foreign_replica(stage: str, account: str) -> str:
    """Name the second bucket where another account has made it, for the stage of this account.

    >>> foreign_replica("prod", "123456789012")
    'replica-snapper-prod-123456789012'
    """
    return f"{replica_prefix(stage)}{account}"


def read_replica(given: object, faults: list[str]) -> Replica | None:
    """Read the setting; every fault joins `faults`. None where nothing is set."""
    if given is None:
        return None
    if not isinstance(given, Mapping):
        faults.append(f"{REPLICA} must hold a region, like {{region: eu-west-1}}")
        return None
    wrong = []
    for name in given:
        if name not in _NAMES:
            meant = did_you_mean(str(name), _NAMES) or f"there are {', '.join(_NAMES)}"
            wrong.append(f"{REPLICA}.{name} is no part of the setting: {meant}")
    account = given.get("accountId", "")
    if type(account) is int:  # as `pulumi config set --path` keeps what has digits alone
        account = str(account)
    region, days = given.get("region"), given.get("days", 0)
    wrong += _form_faults(region, account, given.get("kmsKeyArn", ""), days)
    lock = read_lock(given.get("lock"), wrong, f"{REPLICA}.lock")
    if lock and type(days) is int and 0 < days < lock.days:
        wrong.append(
            f"{REPLICA}.days is {days}, less than the {lock.days} days of {REPLICA}.lock: "
            "nothing can go before"
        )
    faults.extend(wrong)
    if wrong:
        return None
    return Replica(str(region), account, given.get("kmsKeyArn", ""), lock, int(days))


def _form_faults(region: object, account: object, key: object, days: object) -> Iterator[str]:
    if not (isinstance(region, str) and _REGION.fullmatch(region)):
        yield f"{REPLICA}.region {_is(region)}must be a region, like eu-west-1"
    if account != "" and not (isinstance(account, str) and _ACCOUNT.fullmatch(account)):
        yield f"{REPLICA}.accountId {_is(account)}must be the 12 digits of an account"
    if key != "" and not (isinstance(key, str) and _KEY_ARN.fullmatch(key)):
        yield f"{REPLICA}.kmsKeyArn {_is(key)}must be the ARN of a key (not of an alias)"
    elif key and Place.of(str(key)).region != region:
        yield f"{REPLICA}.kmsKeyArn {_is(key)}must be of a key in {region}"
    if type(days) is not int or not 0 <= days <= LONGEST_KEPT:
        yield f"{REPLICA}.days {_is(days)}must be a whole number up to {LONGEST_KEPT}"


def _is(value: object) -> str:
    if value is None:
        return "is not set, "
    return f"is {value}, " if isinstance(value, (int, str)) and len(str(value)) < 200 else ""
