"""Where the parts of a deployed stage are: written by the deployment, read by the command line."""

import json
from dataclasses import MISSING, dataclass, fields
from datetime import timedelta
from typing import Self

from snapper.errors import SettingsError
from snapper.values.cost import Machine
from snapper.values.object_lock import ObjectLock
from snapper.values.place import Place, domain_of, partition_of
from snapper.values.proven_recipient import WITHIN_DAYS
from snapper.values.proving import Proving, read_days
from snapper.values.recipients import from_text
from snapper.values.settings import TARGETS

_OF_A_FUNCTION = 900
"""Seconds that Lambda gives a function at most."""


@dataclass(frozen=True)
class Service:
    """One stage's parts: the bucket, URLs of the queues, names of the functions, the schedule.

    `kms_key_arn` is the customer's own key, or empty where AWS's keys encrypt. `drill`,
    `proven_within_days` and `late_after_hours` are the stage's settings, and `drill_disk_gb` is
    what the prover has of disk. Memory is in MB, `dumper_timeout` in seconds; `alarms` says how
    many metrics the alarms look at. `container_log_group` is where containers of AWS Batch log that
    dump, and `drill_container_log_group` those that prove; empty where there are none.
    `restore_queue` and `restore_definition` are the ARNs of the queue and of what a container for a
    restore is, which logs in `restore_log_group`; empty where the stage restores nothing itself.
    `object_lock` is how what is put into the bucket is locked, as an ObjectLock writes it.
    `signing_key` is the ARN of the key that signs manifests, or empty where none are signed.
    `recipients` are the public keys for which backups are sealed where a database says no others.
    `drill_identity` names the public keys of the key by which drills open sealed backups, each by
    its digest and joined by commas; empty where drills open none.
    `replica_bucket` is the name of the second bucket, of `replica_account` and in `replica_region`,
    where your key `replica_kms_key_arn` encrypts; all empty where there is none.
    `kms_key` says whether the stage has made the key itself.
    What has a default is not on the signpost of stages that an older release deployed.
    """

    version: str
    region: str
    parameter_root: str
    bucket: str
    queue_url: str
    dead_letter_url: str
    dispatcher: str
    dumper: str
    schedule: str
    kms_key_arn: str
    topic: str = ""
    pruner: str = ""
    prover: str = ""
    drill: str = ""
    proven_within_days: str = ""
    drill_disk_gb: str = ""
    architecture: str = ""
    dumper_memory: str = ""
    dumper_timeout: str = ""
    prover_memory: str = ""
    alarms: str = ""
    container_log_group: str = ""
    drill_container_log_group: str = ""
    late_after_hours: str = ""
    watcher: str = ""
    restore_queue: str = ""
    restore_definition: str = ""
    restore_log_group: str = ""
    time_zone: str = ""
    object_lock: str = ""
    signing_key: str = ""
    recipients: str = ""
    drill_identity: str = ""
    replica_bucket: str = ""
    replica_region: str = ""
    replica_account: str = ""
    replica_kms_key_arn: str = ""
    kms_key: str = ""
    recipient_proven_within_days: str = ""

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read the parts; raise SettingsError if another release of Snapper wrote them."""
        try:
            found = json.loads(text)
            names = [
                field.name
                for field in fields(cls)
                if field.default is MISSING or field.name in found
            ]
            values = {name: found[name] for name in names}
            if not all(isinstance(value, str) for value in values.values()):
                raise TypeError
            return cls(**values)
        except (ValueError, KeyError, TypeError, RecursionError):
            raise SettingsError(
                "the stage was deployed by another release of Snapper",
                hint="use that release, or run pulumi up with this one",
            ) from None

    @property
    def sealed_for(self) -> tuple[str, ...]:
        """The recipients, one by one."""
        return from_text(self.recipients)

    def require_restores(self) -> None:
        """Raise SettingsError if the stage has no containers that restore."""
        if self.restore_queue:
            return
        stage = self.parameter_root.rpartition("/")[2]
        option = f"--stack {stage}"
        large = f"pulumi config set largeDatabases true {option} && "
        raise SettingsError(
            f"the stage {stage} has no containers that restore",
            hint=f"{'' if self.container_log_group else large}pulumi config set --secret"
            f" {TARGETS} {option} && pulumi up {option}; the secret has a row"
            " KEY,connection,TYPE for each target",
        )

    @property
    def lock(self) -> ObjectLock | None:
        """How what is put into the bucket is locked, if it is."""
        return ObjectLock.from_text(self.object_lock)

    @property
    def knows_rules(self) -> bool:
        """Whether its functions know rules of retention, and pins: older releases name no zone."""
        return bool(self.time_zone)

    def require_pins(self) -> None:
        """Raise SettingsError if its pruner would delete what is pinned."""
        if not self.knows_rules:
            raise SettingsError(
                "the stage was deployed by an older release, whose pruner knows no pins",
                hint="pulumi up with this release",
            )

    @property
    def log_group(self) -> str:
        """The log group of the dumper."""
        return f"/aws/lambda/{self.dumper}"

    @property
    def dump_log_groups(self) -> tuple[str, ...]:
        """The log groups of all that dump."""
        return tuple(filter(None, (self.log_group, self.container_log_group)))

    @property
    def drill_log_groups(self) -> tuple[str, ...]:
        """The log groups of all that prove; none where an older release deployed the stage."""
        prover = f"/aws/lambda/{self.prover}" if self.prover else ""
        return tuple(filter(None, (prover, self.drill_container_log_group)))

    @property
    def proving(self) -> Proving:
        """What the stage has decided about drills."""
        return Proving(self.drill, read_days(self.proven_within_days))

    @property
    def recipients_proven_within(self) -> timedelta | None:
        """How old the proof of a recipient may be; None where nobody wants to hear of any."""
        days = self.recipient_proven_within_days
        return timedelta(days=_number(days) if days else WITHIN_DAYS) or None

    @property
    def machine(self) -> Machine:
        """What runs the work; of an older deployment what is usual."""
        usual = Machine()
        return Machine(
            self.architecture or usual.architecture,
            _number(self.dumper_memory) or usual.dumper_memory,
            _number(self.prover_memory) or usual.prover_memory,
        )

    @property
    def disk_before_containers(self) -> int | None:
        """The prover's disk in bytes, if what does not fit goes to containers; 0 if not known."""
        return _number(self.drill_disk_gb) << 30 if self.drill_container_log_group else None

    @property
    def longest_dump(self) -> int:
        """How many seconds a dump may take; of an older deployment as many as a function has."""
        return _number(self.dumper_timeout) or _OF_A_FUNCTION

    @property
    def alarm_count(self) -> int:
        """How many metrics its alarms look at; 0 where an older deployment does not say it."""
        return _number(self.alarms)

    @property
    def partition(self) -> str:
        """The partition of AWS in which the region lies."""
        return partition_of(self.region)

    @property
    def account(self) -> str:
        """The number of the account, which stands in the queue's URL."""
        return self.queue_url.split("/")[-2]

    def arn(self, kind: str, resource: str) -> str:
        """Name a regional resource of the account."""
        return Place(self.partition, self.region, self.account).arn(kind, resource)

    def endpoint(self, kind: str) -> str:
        """Name a service of the region as KMS names who asks for a key; China's differ."""
        return f"{kind}.{self.region}.{domain_of(self.partition)}"


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else 0
