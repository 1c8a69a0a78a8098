"""The stage that a command works on: found by its name alone, from what the deployment left."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo
from functools import cached_property
from typing import ClassVar

from snapper.aws import client as aws
from snapper.aws import signpost
from snapper.aws.added import Added
from snapper.aws.dead_letters import DeadLetters
from snapper.aws.functions import Functions
from snapper.aws.logs import Logs
from snapper.aws.ownership import doubt
from snapper.aws.parameters import Parameters
from snapper.aws.proven_recipients import ProvenRecipients
from snapper.aws.queue import JobQueue
from snapper.aws.topic import Topic
from snapper.aws.vault import Vault
from snapper.cli.lines import warn
from snapper.errors import AwsDenied, AwsFailed, SettingsError
from snapper.values.keys import DATABASE_KEY
from snapper.values.options import UNSET, Options
from snapper.values.proving import Proving
from snapper.values.schedule import Schedule, ScheduleInvalid, parse_schedule
from snapper.values.service import Service
from snapper.values.time_zone import read_zone
from snapper.values.timetable import Punctuality, read_hours
from snapper.verbs.run import only


@dataclass(frozen=True)
class Stage:
    """One deployed stage, whose parts are opened when they are first needed."""

    name: str
    service: Service
    parameters: Parameters

    reads_only: ClassVar[bool] = False
    """Whether nothing can be recorded beside the backups."""

    @classmethod
    def open(cls, name: str, profile: str | None = None, region: str | None = None) -> "Stage":
        """Find the stage; raise SettingsError if it, credentials or region are missing."""
        aws.sign_in(profile, region)
        service = signpost.find(name, aws.client("ssm"))
        return cls(name, service, Parameters.connect(service.parameter_root, _not_shown))

    @cached_property
    def vault(self) -> Vault:
        """The bucket of the backups, if it is this stage's own."""
        try:
            doubtful = doubt(self.service, self.name, aws.client("s3"), aws.client("ssm"))
        except AwsFailed as error:
            if self.service.replica_bucket and "NoSuchBucket" in str(error):
                error.hint = f"--from replica reads {self.service.replica_bucket} instead"
            raise
        if doubtful:
            warn(doubtful)
        return Vault.connect(self.service.bucket)

    @cached_property
    def replica(self) -> Vault | None:
        """The second bucket, to be listed, if the stage has one."""
        service = self.service
        if not service.replica_bucket:
            return None
        return Vault.connect(service.replica_bucket, service.replica_region)

    @cached_property
    def queue(self) -> JobQueue:
        """The queue of jobs."""
        return JobQueue.connect(self.service.queue_url)

    @cached_property
    def letters(self) -> DeadLetters:
        """The dead letters."""
        return DeadLetters.connect(self.service.dead_letter_url)

    @cached_property
    def logs(self) -> Logs:
        """What the dumper has logged, and the containers that have taken over from it."""
        return Logs.connect(*self.service.dump_log_groups)

    @cached_property
    def prover_logs(self) -> Logs | None:
        """What the prover has logged, and its containers, if the stage has one."""
        return Logs.connect(*self.service.drill_log_groups) if self.service.prover else None

    @property
    def prover(self) -> str:
        """The name of the prover; raises SettingsError if the stage has none."""
        if not self.service.prover:
            raise SettingsError(
                f"the stage {self.name} has no prover: an older release deployed it",
                hint="pulumi up with this release",
            )
        return self.service.prover

    @property
    def proving(self) -> Proving | None:
        """What the stage has decided about drills, if it has a prover."""
        return self.service.proving if self.service.prover else None

    @cached_property
    def topic(self) -> Topic | None:
        """The topic of the alarms, if the deployment names it."""
        return Topic.connect(self.service.topic) if self.service.topic else None

    @cached_property
    def functions(self) -> Functions:
        """The deployed functions."""
        return Functions.connect()

    def options_of(self, database: str) -> Options:
        """Give the options of a database; none of one that the stage no longer has."""
        return self._options.get(database, UNSET)

    @cached_property
    def _options(self) -> Mapping[str, Options]:
        return self.parameters.options()

    @property
    def schedule(self) -> Schedule:
        """When the stage backs up."""
        try:
            return parse_schedule(self.service.schedule)
        except ScheduleInvalid as error:
            # AWS has taken it, so it is we who do not understand.
            raise SettingsError(f"the schedule {self.service.schedule} {error}") from None

    @property
    def punctuality(self) -> Punctuality:
        """When the stage backs up, and how old a backup may be."""
        return Punctuality(self.schedule, read_hours(self.service.late_after_hours))

    @property
    def time_zone(self) -> tzinfo:
        """The one by whose calendar retention counts."""
        return read_zone(self.service.time_zone)

    @cached_property
    def added(self) -> Added:
        """The databases that are no part of the deployment, to be changed."""
        return Added.connect(self.service.parameter_root, self.service.kms_key_arn)

    @cached_property
    def proven_recipients(self) -> ProvenRecipients:
        """Who has proven which recipient."""
        return ProvenRecipients.connect(self.service.parameter_root)

    def configured(self) -> list[str]:
        """Give the databases that are backed up."""
        return self.parameters.database_keys()

    def databases(self, *keys: str) -> list[str]:
        """Give the databases that are backed up, and those that only have old backups.

        Of them only those that are named, if any is; raises SettingsError if one is unknown.
        """
        ours = filter(DATABASE_KEY.fullmatch, self.vault.folders())
        known = sorted({*self.configured(), *ours})
        return only(keys, known)


def _not_shown(denied: AwsDenied) -> None:
    warn(f"databases that were added to the stage are not shown: {denied}; {denied.hint}")
