"""The options of one database: each is defined here and nowhere else.

They stand in the stack's config as `snapper:databases: {KEY: {option: value}}` and are no secrets.
docs/options.md is made from the definitions.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import Field, dataclass, fields
from datetime import datetime
from typing import Any, Self

from snapper.errors import SettingsError
from snapper.values.credentials import secret_fault
from snapper.values.health import LONGEST_AGE
from snapper.values.nearest import did_you_mean
from snapper.values.option import Choice, Names, Option, Queries, Text, Whole, config_key, option
from snapper.values.packing import ROOM
from snapper.values.proving import DAILY, FREQUENCIES, LONGEST_UNPROVEN, Frequency
from snapper.values.schedule import ScheduleInvalid, parse_schedule, why_never

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
        options = cls(**dict(_values(given, faults)))
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


def parse_options(
    given: object, known: Collection[str], faults: list[str], now: datetime
) -> dict[str, Options]:
    """Read the options of every database of a stage, by key; every fault joins `faults`.

    A schedule that never fires from now on is one of them; when it has been deployed it may end.
    """
    if not isinstance(given, Mapping):
        faults.append(f"{SETTING} must hold the options of each database under its key")
        return {}
    read: dict[str, Options] = {}
    for key, options in given.items():
        if key not in known:
            meant = did_you_mean(str(key), known) or f"the stage has {', '.join(sorted(known))}"
            faults.append(f"{SETTING}.{key} is no database: {meant}")
        wrong: list[str] = []
        read[key] = Options.read_into(options, wrong)
        if (schedule := read[key].schedule) and (never := why_never(parse_schedule(schedule), now)):
            wrong.append(f"schedule is {schedule}, it {never}")
        faults.extend(f"{SETTING}.{key}: {fault}" for fault in wrong)
        if len(read[key].to_json().encode()) > ROOM:
            faults.append(f"{SETTING}.{key} has options of more than {ROOM} bytes")
    return read


def definitions() -> Iterator[tuple[str, Option]]:
    """Give every option with its name in the config, in the order in which they are told."""
    for each in fields(Options):
        yield config_key(each.name), _definition(each)


def _values(given: object, faults: list[str]) -> Iterator[tuple[str, Any]]:
    """Yield what is set, by field; faults join `faults`."""
    if not isinstance(given, Mapping):
        faults.append("must be options with their values")
        return
    known = {config_key(each.name): each for each in fields(Options)}
    for name, value in given.items():
        if name not in known:
            meant = did_you_mean(str(name), known) or f"there are {', '.join(known)}"
            faults.append(f"{name} is not an option: {meant}")
            continue
        field = known[name]
        try:
            yield field.name, _definition(field).kind.read(value)
        except ValueError as fault:
            faults.append(f"{name} {fault}")


def _changed(options: Options) -> list[Field[Any]]:
    return [each for each in fields(options) if getattr(options, each.name) != each.default]


def _definition(field: Field[Any]) -> Option:
    defined: Option = field.metadata["option"]
    return defined
