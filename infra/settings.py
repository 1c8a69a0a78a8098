"""What the operator decides about a stage: read once, checked, all faults shown at once."""

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import Field, dataclass, fields
from datetime import UTC, datetime
from typing import Any

import pulumi
from pulumi.runtime.config import CONFIG

from infra import checks
from infra.authorities import bundle_faults
from infra.credentials import sign_in_faults
from infra.scope import Scope
from snapper.engines.checks import doubts, option_faults, usability_checks
from snapper.errors import SecretsInvalid
from snapper.values import unprovable
from snapper.values.embedded import is_embedded
from snapper.values.handover import crowding
from snapper.values.option import config_key
from snapper.values.options import SETTING
from snapper.values.proving import WEEKLY, Proving, read_days
from snapper.values.schedule import parse_schedule
from snapper.values.secrets import Database, parse_secrets, with_options
from snapper.values.settings import CONNECTIONS, RETENTIONS
from snapper.values.timetable import Punctuality


class SettingsRefused(pulumi.RunError):
    """The stack's settings have faults.

    A RunError, because Pulumi prints those alone, without a stack trace; `faults` holds a sentence
    for each, and none holds a secret.
    """

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__(
            "the settings of this stack are invalid:\n"
            + "\n".join(f"  - {fault}" for fault in faults)
        )
        self.faults = faults


@dataclass(frozen=True)
class StackSettings:
    """The settings of one stage. Defaults stand here and, for the reader, in Pulumi.yaml.

    A field `dumper_memory` is the config key `snapper:dumperMemory`.
    """

    stage: str
    databases: tuple[Database, ...]
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

    def __post_init__(self) -> None:
        """Refuse values that AWS would refuse later, or that contradict each other."""
        faults = (
            *checks.stage_faults(self.stage),
            *checks.range_faults(vars(self)),
            *checks.choice_faults(self.architecture, self.log_retention_days),
            *checks.form_faults(self.kms_key_arn, self.permissions_boundary, self.alarm_email),
            *checks.bucket_faults(self.bucket, self.delete_backups_on_destroy),
            *checks.network_faults(self.subnet_ids, self.security_group_ids),
            *checks.schedule_faults(self.schedule, self.late_after_hours, datetime.now(UTC)),
            *checks.option_faults(
                self.databases,
                self.schedule,
                self.dumper_timeout,
                large=self.large_databases,
            ),
            *unprovable.faults(self.proving, self.databases),
        )
        if faults:
            raise SettingsRefused(faults)

    @property
    def scope(self) -> Scope:
        """The names and tags of this stage."""
        return Scope(self.stage)

    @property
    def own_schedules(self) -> frozenset[str]:
        """The schedules that single databases have in place of the stage's."""
        return frozenset(each.options.schedule for each in self.databases) - {""}

    @property
    def proving(self) -> Proving:
        """What holds of drills for the databases that say nothing else."""
        return Proving(self.drill, read_days(self.said_within_days))

    @property
    def said_within_days(self) -> str:
        """How long a database may be unproven, as text; empty where `drill` decides it."""
        return "" if self.proven_within_days < 0 else str(self.proven_within_days)

    @property
    def watches_proofs(self) -> bool:
        """Whether any database is to be proven within some time."""
        return any(self.proving.of(each.options).within for each in self.databases)

    @property
    def watches_lateness(self) -> bool:
        """Whether an alarm shall tell that a database is late."""
        punctuality = Punctuality(parse_schedule(self.schedule), self.late_after_hours)
        return any(punctuality.is_watched(each.options) for each in self.databases)

    @property
    def is_foreign(self) -> bool:
        """Whether the bucket to adopt does not look as if a stage of this name has made it."""
        own = re.fullmatch(rf"{self.scope.name('')}\d{{18}}[0-9a-f]{{8}}", self.bucket)
        return bool(self.bucket) and not own

    @classmethod
    def load(cls) -> "StackSettings":
        """Read the settings of the stack being deployed; raise SettingsRefused with all faults."""
        config = pulumi.Config()
        shells = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
        faults = [
            *checks.key_faults(_given(), _known()),
            *checks.region_faults(pulumi.Config("aws").get("region"), shells),
        ]
        settings: StackSettings | None = None
        databases = _with_options(config, _databases(config, faults), faults)
        plain = dict(_plain_values(config, faults))
        faults.extend(bundle_faults(databases, plain.get("ca_bundle", "")))
        try:
            settings = cls(stage=pulumi.get_stack(), databases=databases, **plain)
        except SettingsRefused as refused:
            faults.extend(refused.faults)
        if faults or settings is None:
            raise SettingsRefused(tuple(faults))
        networked = bool(settings.subnet_ids) or is_embedded(_endpoints())
        for doubt in doubts(databases, networked=networked):
            pulumi.log.warn(doubt)
        return settings


def _known() -> list[str]:
    return [
        CONNECTIONS,
        RETENTIONS,
        SETTING,
        *(config_key(field.name) for field in _plain_fields()),
    ]


def _given() -> list[str]:
    """Give the keys that are set in the project's own namespace, Pulumi.yaml's defaults too."""
    own = f"{pulumi.get_project()}:"
    # Pulumi gives the value of a key, but the keys to nobody who does not know them.
    return [key.removeprefix(own) for key in CONFIG.get() if key.startswith(own)]


def _plain_fields() -> Sequence[Field[Any]]:
    """Give the fields that are a setting each; the stage is none, and the databases are two."""
    return fields(StackSettings)[2:]


def _databases(config: pulumi.Config, faults: list[str]) -> tuple[Database, ...]:
    given = {key: config.get(key) for key in (CONNECTIONS, RETENTIONS)}
    secrets = {key: value for key, value in given.items() if value is not None}
    if missing := given.keys() - secrets.keys():
        faults.extend(
            f"{key} is not set: pulumi config set --secret {key}" for key in sorted(missing)
        )
        return ()
    usable = usability_checks(from_here=is_embedded(_endpoints()))
    try:
        databases = parse_secrets(secrets[CONNECTIONS], secrets[RETENTIONS], usable)
    except SecretsInvalid as invalid:
        faults.extend(invalid.faults)
        return ()
    if warning := crowding(secrets, len(databases)):
        pulumi.log.warn(warning)
    return databases


def _with_options(
    config: pulumi.Config, databases: Sequence[Database], faults: list[str]
) -> tuple[Database, ...]:
    """Give each database its options; Pulumi.yaml cannot declare a setting of their form."""
    try:
        given = config.get_object(SETTING, {})
    except pulumi.ConfigTypeError:
        given = None
    chosen = with_options(databases, given, faults, datetime.now(UTC))
    # Only where each option can be kept is it known who signs in by what.
    faults.extend(list(option_faults(chosen)) or sign_in_faults(chosen))
    return chosen


def _endpoints() -> list[str]:
    """Give where AWS is, if it is not AWS's own, as the provider knows it."""
    given = pulumi.Config("aws").get_object("endpoints") or ()
    return [str(url) for each in given for url in each.values()]


def _plain_values(config: pulumi.Config, faults: list[str]) -> Iterator[tuple[str, Any]]:
    """Yield what is set, by field; what is of the wrong type becomes a fault and its default."""
    read: Mapping[type, Callable[[str], Any]] = {
        str: config.get,
        int: config.get_int,
        bool: config.get_bool,
        tuple: lambda key: _texts(config.get_object(key)),
    }
    for field in _plain_fields():
        key, kind = config_key(field.name), type(field.default)
        try:
            value = read[kind](key)
        except (pulumi.ConfigTypeError, TypeError, ValueError):
            faults.append(f"{key} must be {_KINDS[kind]}")
            continue
        if value is not None:
            yield field.name, value


_KINDS = {str: "a text", int: "a whole number", bool: "true or false", tuple: "a list of texts"}


def _texts(value: object) -> tuple[str, ...] | None:
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise TypeError
    return tuple(value)
