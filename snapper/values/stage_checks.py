"""Which settings AWS would refuse later, or take and never do: key, value and what is allowed."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from difflib import get_close_matches
from typing import Any

from snapper.values.fit import DISK_GB
from snapper.values.health import LONGEST_AGE
from snapper.values.object_lock import OBJECT_LOCK, ObjectLock
from snapper.values.options import BATCH, SETTING
from snapper.values.proving import LONGEST_UNPROVEN
from snapper.values.schedule import ScheduleInvalid, parse_schedule, why_never
from snapper.values.secrets import Database, Target
from snapper.values.settings import STAGE, TARGETS
from snapper.values.time_zone import is_zone
from snapper.values.timetable import age_fault

ARCHITECTURES = ("arm64", "x86_64")

CREATE = "create"
"""The one word that kmsKey may hold."""

LOG_RETENTIONS = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827),
    *(2192, 2557, 2922, 3288, 3653),
)
"""The days CloudWatch Logs can keep. Source: PutRetentionPolicy."""

_KEY_ARN = re.compile(r"arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key/[A-Za-z0-9-]+")
_POLICY_ARN = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:policy/(?:[!-~]+/)?[\w+=,.@-]{1,128}", re.A)
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_RANGES = {
    # 900 s is the longest a Lambda may run; below 60 s there is no time to stop a dump in order.
    "dumper_timeout": ("dumperTimeout", 60, 900),
    "dumper_memory": ("dumperMemory", 512, 10240),
    "max_concurrency": ("maxConcurrency", 2, 1000),
    "dump_jobs": ("dumpJobs", 0, 8),
    "max_per_server": ("maxPerServer", 1, 100),
    "noncurrent_days": ("noncurrentDays", 1, 3650),
    "drill_disk_gb": ("drillDiskGb", *DISK_GB),
    "proven_within_days": ("provenWithinDays", -1, LONGEST_UNPROVEN),
    "recipient_proven_within_days": ("recipientProvenWithinDays", 0, 3650),
    "late_after_hours": ("lateAfterHours", -1, LONGEST_AGE),
}


def stage_faults(stage: str) -> Iterator[str]:
    """Tell of a stack's name that cannot become part of every name in AWS."""
    if not STAGE.fullmatch(stage):
        yield (
            f"the stack is named {stage}, but a stage is 1 to 20 lower-case letters, "
            "digits and hyphens, the first a letter: it becomes part of every name in AWS"
        )


def region_faults(region: str | None, shells: str | None) -> Iterator[str]:
    """Tell of a stack that names no region, and so would follow whatever shell deploys it next."""
    if not region:
        yield (
            "the stack has no region: "
            f"pulumi config set aws:region {shells or 'eu-central-1  (or another one)'}"
        )


def key_faults(given: Collection[str], known: Collection[str]) -> Iterator[str]:
    """Tell of every key that is no setting, and which one was meant; its value may be a secret."""
    spelled = {key.lower(): key for key in known}
    for key in sorted(set(given) - set(known)):
        near = get_close_matches(key.lower(), spelled, n=1)
        meant = f"did you mean {spelled[near[0]]}? Then " if near else ""
        yield f"{key} is not a setting: {meant}pulumi config rm {key}"


def range_faults(settings: Mapping[str, Any]) -> Iterator[str]:
    """Tell of every number that lies outside its bounds; the settings come by field."""
    for field, (key, least, most) in _RANGES.items():
        if not least <= (value := settings[field]) <= most:
            yield f"{key} is {value}, must lie within {least}..{most}"


def choice_faults(architecture: str, log_retention_days: int) -> Iterator[str]:
    """Tell of what is none of the few values that AWS knows."""
    if architecture not in ARCHITECTURES:
        yield f"architecture is {architecture}, must be {' or '.join(ARCHITECTURES)}"
    if log_retention_days not in LOG_RETENTIONS:
        allowed = ", ".join(map(str, LOG_RETENTIONS))
        yield f"logRetentionDays is {log_retention_days}, must be one of {allowed}"


def form_faults(kms_key_arn: str, permissions_boundary: str, alarm_email: str) -> Iterator[str]:
    """Tell of texts that are not what they should be; empty ones are."""
    if kms_key_arn and not _KEY_ARN.fullmatch(kms_key_arn):
        # An alias would do for SSM and S3, but not in the policy that lets the dumper use the key.
        yield f"kmsKeyArn is {kms_key_arn}, must be the ARN of a key (not of an alias)"
    if permissions_boundary and not _POLICY_ARN.fullmatch(permissions_boundary):
        yield (
            f"permissionsBoundary is {permissions_boundary}, must be the ARN of a policy of your "
            "account, like arn:aws:iam::123456789012:policy/snapper-boundary"
        )
    if alarm_email and not _EMAIL.fullmatch(alarm_email):
        yield f"alarmEmail is {alarm_email}, must be an e-mail address"


def zone_faults(time_zone: str) -> Iterator[str]:
    """Tell of a time zone that there is not."""
    if not is_zone(time_zone):
        yield f"timeZone is {time_zone}, must be a name such as Europe/Berlin, or UTC"


def key_choice_faults(kms_key: str, kms_key_arn: str) -> Iterator[str]:
    """Tell of a key that is neither to be made nor there, or both."""
    if kms_key and kms_key != CREATE:
        yield f"kmsKey is {kms_key}, must be {CREATE}; kmsKeyArn names a key that is there"
    if kms_key and kms_key_arn:
        yield (
            f"kmsKey and kmsKeyArn are both set: {CREATE} makes a key, the other names one that is "
            "there; pulumi config rm one of them"
        )


def bucket_faults(bucket: str, delete_backups_on_destroy: bool) -> Iterator[str]:
    """Tell of a name that no bucket has, and of adopting backups only to delete them."""
    if bucket and not _BUCKET.fullmatch(bucket):
        yield f"bucket is {bucket}, must be the name of an existing bucket"
    if bucket and delete_backups_on_destroy:
        yield (
            "bucket and deleteBackupsOnDestroy are both set: adopt the bucket first, "
            "then pulumi config rm bucket (it stays adopted)"
        )


def lock_faults(lock: ObjectLock | None, delete_backups_on_destroy: bool) -> Iterator[str]:
    """Tell of a lock on what destroying is to delete: that would stop halfway."""
    if lock and delete_backups_on_destroy:
        yield (
            f"{OBJECT_LOCK} and deleteBackupsOnDestroy are both set: S3 deletes nothing that is "
            f"locked, each object {lock.words} after it was made, so that destroying would stop "
            "halfway: pulumi config rm deleteBackupsOnDestroy"
        )


def network_faults(subnet_ids: Sequence[str], security_group_ids: Sequence[str]) -> Iterator[str]:
    """Tell of names that are none, and of subnets without groups or the reverse."""
    yield from _identifier_faults("subnetIds", "subnet", subnet_ids)
    yield from _identifier_faults("securityGroupIds", "sg", security_group_ids)
    if bool(subnet_ids) != bool(security_group_ids):
        given, missing = ("subnetIds", "securityGroupIds")
        if security_group_ids:
            given, missing = missing, given
        yield f"{given} is set without {missing}: a function in a network needs both"


def schedule_faults(schedule: str, late_after_hours: int, now: datetime) -> Iterator[str]:
    """Tell of a schedule that is none, never fires, or whose pauses an alarm takes for lateness."""
    try:
        read = parse_schedule(schedule)
    except ScheduleInvalid as invalid:
        yield f"schedule is {schedule}, it {invalid}"
        return
    if never := why_never(read, now):
        yield f"schedule is {schedule}, it {never}"
        return
    pause = read.longest_pause()
    if late_after_hours > 0 and timedelta(hours=late_after_hours) <= pause:
        yield (
            f"lateAfterHours is {late_after_hours}, must be more than the "
            f"{pause / timedelta(hours=1):g} hours between two runs of {schedule}, "
            "or 0 for one and a half times as long"
        )


def option_faults(
    databases: Iterable[Database], schedule: str, dumper_timeout: int, *, large: bool
) -> Iterator[str]:
    """Tell of options of single databases that the stage's own settings contradict."""
    for database in databases:
        options, where = database.options, f"{SETTING}.{database.key}"
        if options.timeout > dumper_timeout:
            yield (
                f"{where}: timeout is {options.timeout}, must be at most dumperTimeout, "
                f"which is {dumper_timeout}"
            )
        if options.dump_in == BATCH and not large:
            yield f"{where}: dumpIn is {BATCH}, and largeDatabases is off"
        if fault := age_fault(options, schedule):
            yield f"{where}: {fault}"


def target_faults(targets: Collection[Target], *, large: bool) -> Iterator[str]:
    """Tell of targets of restores in a stage without any container that could restore."""
    if targets and not large:
        yield f"{TARGETS} is set, and largeDatabases is off: no container restores into them"


def clear_text_faults(*, encrypted: bool) -> Iterator[str]:
    """Tell of a third secret that is kept in clear.

    Pulumi wants a value of whatever Pulumi.yaml calls a secret, so that does not name this one.
    """
    if not encrypted:
        yield f"{TARGETS} is not encrypted: pulumi config set --secret {TARGETS}"


def _identifier_faults(key: str, prefix: str, identifiers: Sequence[str]) -> Iterator[str]:
    for identifier in identifiers:
        if not re.fullmatch(rf"{prefix}-[0-9a-f]+", identifier):
            yield f"{key} has {identifier}, must be like {prefix}-0a1b2c3d4e5f67890"
