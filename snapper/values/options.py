"""The options of one database: each is defined here and nowhere else.

They stand in the stack's config as `snapper:databases: {KEY: {option: value}}` and are no secrets.
docs/options.md is made from the definitions.
"""

import json
from collections.abc import Collection, Iterator
from dataclasses import Field, dataclass, fields
from typing import Any, Self

from snapper.errors import SettingsError
from snapper.values.credentials import secret_fault
from snapper.values.health import LONGEST_AGE
from snapper.values.option import (
    Choice,
    Flag,
    Names,
    Option,
    Queries,
    Text,
    Whole,
    config_key,
    definition,
    option,
    read_fields,
)
from snapper.values.proving import DAILY, FREQUENCIES, LONGEST_UNPROVEN, Frequency
from snapper.values.recipients import PublicKeys
from snapper.values.schedule import ScheduleInvalid, parse_schedule
from snapper.values.storage_class import StorageClass

SETTING = "databases"
"""The key of the stack's config."""

PASSWORD, RDS_IAM = "password", "rds-iam"

FUNCTION, BATCH = "function", "batch"


def _schedule_fault(text: str) -> str:
    try:
        parse_schedule(text)
    except ScheduleInvalid as invalid:
        return str(invalid)
    return ""


@dataclass(frozen=True)
class Options:
    """What differs for one database from what the stage does; a field's default changes nothing.

    A field `max_age_hours` is the option `maxAgeHours`.
    """

    schedule: str = option(
        Text(_schedule_fault, example="rate(1 hour)"),
        "When this database is backed up, in place of the stage's schedule: rate(...) or cron(...) "
        "of EventBridge, in UTC",
        default="",
        unset="the stage's schedule",
    )
    timeout: int = option(
        Whole(60, 900),
        "Seconds that one dump of this database may take, at most the stage's dumperTimeout",
        default=0,
        unset="the stage's dumperTimeout",
    )
    dump_jobs: int | None = option(
        Whole(0, 8),
        "Connections that dump this database at once, if large; 0 for one a processor, at most 4",
        default=None,
        unset="the stage's dumpJobs",
    )
    dump_in: str = option(
        Choice(FUNCTION, BATCH),
        "Where this database is dumped; in a container of AWS Batch only with largeDatabases",
        default="",
        unset="in the function; with largeDatabases in a container if that takes too long",
    )
    storage_class: str = option(
        StorageClass(),
        "S3's storage class of this database's dumps; what lies beside them is small, and in "
        "STANDARD",
        default="",
        unset="STANDARD",
    )
    max_age_hours: int = option(
        Whole(1, LONGEST_AGE),
        "Hours without a good backup until this database is late, for the alarm and for status",
        default=0,
        unset="lateAfterHours; with a schedule of its own, 1.5 times its longest pause",
    )
    exclude_schemas: tuple[str, ...] = option(
        Names(example="scratch"),
        "Schemas that are not backed up, with everything in them",
        default=(),
        unset="none",
    )
    exclude_tables: tuple[str, ...] = option(
        Names(example="public.sessions"),
        "Tables that are not backed up, each as schema.table; partitions go with their table",
        default=(),
        unset="none",
    )
    exclude_table_data: tuple[str, ...] = option(
        Names(example="public.events"),
        "Tables that are backed up without their rows, each as schema.table; so are partitions",
        default=(),
        unset="none",
    )
    auth: str = option(
        Choice(PASSWORD, RDS_IAM),
        "How the dumper proves who it is: by the password, or by a token of RDS IAM",
        default=PASSWORD,
        unset=PASSWORD,
    )
    secret: str = option(
        Text(
            secret_fault,
            example="arn:aws:secretsmanager:eu-central-1:123456789012:secret:orders-AbCdEf",
        ),
        "ARN of the secret in Secrets Manager that holds the password, read at each run",
        default="",
        unset="the password in the connection",
    )
    ca_bundle: str = option(
        Text(example="certificates/company.pem"),
        "Path of a PEM file with the authorities that may sign the server's certificate",
        default="",
        unset="the stage's caBundle",
    )
    drill: str = option(
        Frequency(*FREQUENCIES, example=DAILY),
        "How often the newest backup is restored for the proof, into a PostgreSQL of the prover",
        default="",
        unset="the stage's drill",
    )
    assertions: tuple[str, ...] = option(
        Queries(example="SELECT max(created_at) > now() - interval '26 hours' FROM orders"),
        "Queries that must give true in the restored copy: read-only, with a time-out; the "
        "database itself is never asked",
        default=(),
        unset="none",
    )
    proven_within_days: int | None = option(
        Whole(0, LONGEST_UNPROVEN),
        "Days without a restored backup until this database is unproven, for the alarm and for "
        "status; 0 for never",
        default=None,
        unset="the stage's provenWithinDays; with drill off, never",
    )
    recipients: tuple[str, ...] = option(
        PublicKeys(),
        "Public keys for which this database's backups are sealed, in place of the stage's: who "
        "has the key to one of them opens them, and nobody else does",
        default=(),
        unset="the stage's recipients",
    )
    contents_in_clear: bool | None = option(
        Flag(),
        "Whether the list of what is in a sealed backup, with names and counts, is readable "
        "without a key",
        default=None,
        unset="the stage's contentsInClear",
    )

    @classmethod
    def read(cls, given: object) -> Self:
        """Read the options of one database; raise OptionsInvalid with every fault."""
        faults: list[str] = []
        options = cls.read_into(given, faults)
        if faults:
            raise OptionsInvalid(faults)
        return options

    @classmethod
    def read_into(cls, given: object, faults: list[str]) -> Self:
        """Read what can be read; every fault joins `faults`."""
        options = cls(**dict(read_fields(fields(cls), given, faults)))
        if options.auth == RDS_IAM and options.secret:
            faults.append(f"auth is {RDS_IAM} and secret is set: a token needs no password")
        return options

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote; raises OptionsInvalid."""
        try:
            return cls.read(json.loads(text))
        except (ValueError, RecursionError):
            raise OptionsInvalid(["they are no JSON"]) from None

    def to_dict(self) -> dict[str, Any]:
        """Give what differs from the defaults, by the names that the config has."""
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in (
                (config_key(each.name), getattr(self, each.name)) for each in _changed(self)
            )
        }

    def to_json(self) -> str:
        """Write the options as they travel: nothing where none is set.

        >>> Options(timeout=600).to_json(), Options().to_json()
        ('{"timeout": 600}', '')
        """
        plain = self.to_dict()
        # Parameter Store takes two braces for another parameter's name; only a text has them.
        return json.dumps(plain, sort_keys=True).replace("{{", "{\\u007b") if plain else ""


UNSET = Options()
"""The options of a database that has none."""


class OptionsInvalid(SettingsError):
    """The options of a database have faults; `faults` holds a part of a sentence for each."""

    def __init__(self, faults: Collection[str]) -> None:
        super().__init__("; ".join(faults), hint="docs/options.md lists the options")
        self.faults = tuple(faults)


def definitions() -> Iterator[tuple[str, Option]]:
    """Give every option with its name in the config, in the order in which they are told."""
    for each in fields(Options):
        yield config_key(each.name), definition(each)


def _changed(options: Options) -> list[Field[Any]]:
    return [each for each in fields(options) if getattr(options, each.name) != each.default]
