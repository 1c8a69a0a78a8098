"""What the operator decides about a stage: each setting with its default, read and judged alike."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import Field, dataclass, fields
from datetime import UTC, datetime, timedelta
from typing import Any

from snapper.values import sealed_for, shut_drills, stage_checks, unprovable
from snapper.values.drill_identity import DRILL_IDENTITY, DrillIdentity
from snapper.values.in_force import sets
from snapper.values.object_lock import OBJECT_LOCK, ObjectLock, read_lock
from snapper.values.option import config_key
from snapper.values.options import SETTING
from snapper.values.proven_recipient import WITHIN_DAYS
from snapper.values.proving import WEEKLY, Proving, read_days
from snapper.values.recipients import canonical
from snapper.values.replica import REPLICA, Replica, read_replica
from snapper.values.schedule import parse_schedule
from snapper.values.sealed_for import SealedFor
from snapper.values.secrets import Database, Target
from snapper.values.settings import CONNECTIONS, RETENTIONS, TARGETS
from snapper.values.storage_class import doubts as class_doubts
from snapper.values.time_zone import USUAL
from snapper.values.timetable import Punctuality, schedule_of


@dataclass(frozen=True)
class StageSettings:
    """The settings of one stage. Defaults stand here and, for the reader, in Pulumi.yaml.

    A field `dumper_memory` is the config key `snapper:dumperMemory`.
    """

    stage: str
    databases: tuple[Database, ...]
    targets: tuple[Target, ...] = ()
    schedule: str = "rate(1 day)"
    architecture: str = "arm64"
    dumper_memory: int = 2048
    dumper_timeout: int = 900
    max_concurrency: int = 4
    dump_jobs: int = 0
    max_per_server: int = 2
    subnet_ids: tuple[str, ...] = ()
    security_group_ids: tuple[str, ...] = ()
    kms_key_arn: str = ""
    kms_key: str = ""
    permissions_boundary: str = ""
    ca_bundle: str = ""
    bucket: str = ""
    noncurrent_days: int = 7
    log_retention_days: int = 30
    delete_backups_on_destroy: bool = False
    alarm_email: str = ""
    late_after_hours: int = 0
    drill: str = WEEKLY
    drill_disk_gb: int = 4
    proven_within_days: int = -1
    large_databases: bool = False
    time_zone: str = USUAL
    object_lock: ObjectLock | None = None
    tamper_evident: bool = False
    recipients: tuple[str, ...] = ()
    contents_in_clear: bool = False
    drill_identity: DrillIdentity | None = None
    replica: Replica | None = None
    recipient_proven_within_days: int = WITHIN_DAYS

    def faults(self) -> Iterator[str]:
        """Tell of values that AWS would refuse later, or that contradict each other."""
        yield from stage_checks.stage_faults(self.stage)
        yield from stage_checks.range_faults(vars(self))
        yield from stage_checks.choice_faults(self.architecture, self.log_retention_days)
        yield from stage_checks.form_faults(
            self.kms_key_arn, self.permissions_boundary, self.alarm_email
        )
        yield from stage_checks.key_choice_faults(self.kms_key, self.kms_key_arn)
        yield from stage_checks.zone_faults(self.time_zone)
        yield from stage_checks.bucket_faults(self.bucket, self.delete_backups_on_destroy)
        yield from stage_checks.lock_faults(self.object_lock, self.delete_backups_on_destroy)
        if self.replica:
            yield from self.replica.faults(
                encrypts=bool(self.kms_key_arn or self.kms_key),
                deletes=self.delete_backups_on_destroy,
            )
        yield from stage_checks.network_faults(self.subnet_ids, self.security_group_ids)
        yield from stage_checks.schedule_faults(
            self.schedule, self.late_after_hours, datetime.now(UTC)
        )
        yield from stage_checks.option_faults(
            self.databases, self.schedule, self.dumper_timeout, large=self.large_databases
        )
        yield from stage_checks.target_faults(self.targets, large=self.large_databases)
        yield from unprovable.faults(self.proving, self.databases)
        yield from sealed_for.faults(
            self.recipients, self.databases, in_clear=self.contents_in_clear
        )

    @property
    def sealed_for(self) -> SealedFor:
        """For whom backups are sealed where a database says nothing else."""
        return SealedFor(canonical(self.recipients), self.contents_in_clear)

    def doubts(self) -> Iterator[str]:
        """Tell of what works, and costs more than it seems or is less safe."""
        told = self.told_drill_identity
        yield from shut_drills.doubts(self.databases, self.sealed_for, self.proving, told)
        stage = parse_schedule(self.schedule)
        kept = timedelta(days=self.noncurrent_days)
        locked = timedelta(days=self.object_lock.days if self.object_lock else 0)
        for each in self.databases:
            schedule = schedule_of(each.options, stage)
            yield from class_doubts(
                each.key, each.options.storage_class, each.retention, schedule, kept, locked
            )

    @property
    def own_schedules(self) -> frozenset[str]:
        """The schedules that single databases have in place of the stage's."""
        return frozenset(each.options.schedule for each in self.databases) - {""}

    @property
    def proving(self) -> Proving:
        """What holds of drills for the databases that say nothing else."""
        return Proving(self.drill, read_days(self.said_within_days))

    @property
    def recipients_proven_within(self) -> timedelta | None:
        """How old the proof of a recipient may be; None where nobody wants to hear of any."""
        return timedelta(days=self.recipient_proven_within_days) or None

    @property
    def said_recipient_proven_within_days(self) -> str:
        """The same as text; empty where it is as usual."""
        days = self.recipient_proven_within_days
        return "" if days == WITHIN_DAYS else str(days)

    @property
    def recipient_sets(self) -> dict[str, list[str]]:
        """The recipients in force by whose they are, where there are any."""
        own = {each.key: each.options.recipients for each in self.databases}
        return sets(self.sealed_for.recipients, own)

    @property
    def said_within_days(self) -> str:
        """How long a database may be unproven, as text; empty where `drill` decides it."""
        return "" if self.proven_within_days < 0 else str(self.proven_within_days)

    @property
    def told_drill_identity(self) -> str:
        """Which public keys the key of the drills has, as text; empty where there is none."""
        return self.drill_identity.told if self.drill_identity else ""

    @property
    def watches_proofs(self) -> bool:
        """Whether any database is to be proven within some time."""
        return any(self.proving.of(each.options).within for each in self.databases)

    @property
    def watches_lateness(self) -> bool:
        """Whether an alarm shall tell that a database is late."""
        punctuality = Punctuality(parse_schedule(self.schedule), self.late_after_hours)
        return any(punctuality.is_watched(each.options) for each in self.databases)


def known_keys() -> list[str]:
    """Give every key of the config that is a setting."""
    plain = (config_key(each.name) for each in plain_fields())
    parts = (SETTING, OBJECT_LOCK, REPLICA)
    return [CONNECTIONS, RETENTIONS, TARGETS, DRILL_IDENTITY, *parts, *plain]


def plain_fields() -> Sequence[Field[Any]]:
    """Give the fields that are a plain value each: neither of a secret, nor with parts."""
    return [each for each in fields(StageSettings)[3:] if type(each.default) in _KINDS]


def read_structured(given: Callable[[str], object], faults: list[str]) -> dict[str, Any]:
    """Read the settings that have parts, by field; what is wrong becomes a fault and its default.

    `given` gives a setting as JSON values, None where it is not set.
    """
    return {
        "object_lock": read_lock(given(OBJECT_LOCK), faults),
        "replica": read_replica(given(REPLICA), faults),
    }


def read_plain(given: Callable[[str], str | None], faults: list[str]) -> dict[str, Any]:
    """Read what is set, by field, of the texts that Pulumi keeps.

    What is of the wrong type becomes a fault and its default.
    """
    found: dict[str, Any] = {}
    for field in plain_fields():
        key = config_key(field.name)
        words, read = _KINDS[type(field.default)]
        if (text := given(key)) is None:
            continue
        try:
            found[field.name] = read(text)
        except (ValueError, RecursionError):
            faults.append(f"{key} must be {words}")
    return found


def _boolean(text: str) -> bool:
    if text not in ("true", "True", "false", "False"):  # as Pulumi reads them
        raise ValueError(text)
    return text.lower() == "true"


def _texts(text: str) -> tuple[str, ...]:
    value = json.loads(text)
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ValueError(text)
    return tuple(value)


_KINDS: dict[type, tuple[str, Callable[[str], Any]]] = {
    str: ("a text", str),
    int: ("a whole number", int),
    bool: ("true or false", _boolean),
    tuple: ("a list of texts", _texts),
}
