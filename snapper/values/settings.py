"""What a function gets in its environment: one type writes it in infra and reads it there."""

import re
from dataclasses import dataclass

from snapper.values.environment import Environment
from snapper.values.proving import Proving, read_days
from snapper.values.recipients import from_text
from snapper.values.schedule import parse_schedule
from snapper.values.timetable import Punctuality, read_hours

STAGE = re.compile(r"[a-z][a-z0-9-]{0,19}")
"""A stage stands in names of which the bucket's prefix is the shortest allowed: 37 characters."""

CONNECTIONS = "DATABASE_CONN_STRINGS"
RETENTIONS = "BACKUP_STORAGE_DATA"
TARGETS = "RESTORE_CONN_STRINGS"


def piece_name(number: int) -> str:
    """Name a piece below its path, as no database can be named.

    >>> piece_name(17)
    '_17'
    """
    return f"_{number}"


def parameter_root(stage: str) -> str:
    """Give the SSM path under which everything of a stage lies."""
    return f"/snapper/{stage}"


def connection_piece(root: str, number: int) -> str:
    """Name the SecureString that holds one piece of the connections; no key begins like it."""
    return f"{root}/{CONNECTIONS}/{piece_name(number)}"


def connection_parameter(root: str, database: str) -> str:
    """Name the SecureString of one connection that is in no piece: in older deployments all are."""
    return f"{root}/{CONNECTIONS}/{database}"


def target_parameter(root: str, key: str) -> str:
    """Name the SecureString of one connection into which containers may restore."""
    return f"{root}/{TARGETS}/{key}"


def retention_parameter(root: str, database: str) -> str:
    """Name the SecureString in which older deployments keep the count of one database."""
    return f"{root}/{RETENTIONS}/{database}"


def options_path(root: str) -> str:
    """Name the path below which the options lie of those databases that have some."""
    return f"{root}/OPTIONS"


def options_piece(root: str, number: int) -> str:
    """Name the parameter that holds one piece of the options."""
    return f"{options_path(root)}/{piece_name(number)}"


def options_parameter(root: str, database: str) -> str:
    """Name the parameter of options that are in no piece, as for connections."""
    return f"{options_path(root)}/{database}"


def databases_path(root: str) -> str:
    """Name the path whose SecureStrings together are the table of the databases."""
    return f"{root}/DATABASES"


def added_root(root: str) -> str:
    """Give the path below which the databases lie that were added to a stage as data."""
    return f"{root}/ADDED"


def chain_path(root: str) -> str:
    """Name the path below which stands what is newest in each chain."""
    return f"{root}/CHAIN"


def chain_parameter(root: str, database: str) -> str:
    """Name the parameter that says what is newest in the chain of one database."""
    return f"{chain_path(root)}/{database}"


def chain_keys_path(root: str) -> str:
    """Name the path below which stand the ARNs of the keys that sign: no function may write it."""
    return f"{root}/CHAIN_KEYS"


def service_parameter(root: str) -> str:
    """Name the parameter that says where the parts of a stage are."""
    return f"{root}/SERVICE"


@dataclass(frozen=True)
class DispatcherSettings(Environment):
    """Where the dispatcher finds the names of the databases, and where it puts their jobs."""

    stage: str
    parameter_root: str
    queue_url: str


@dataclass(frozen=True)
class DumperSettings(Environment):
    """Where the dumper finds its secrets and clients, and where it puts the backups.

    `clients` is the folder in which the programs of every engine lie; `queue_url` is where its jobs
    come from, and where one goes back to that has to wait because `max_per_server` dumps of its
    server are under way; both are empty where an older deployment says nothing of them.
    `signing_key` is the ARN of the key that signs manifests, or empty where none is signed.
    `dump_jobs` is how many programs dump one large database at once. `batch_queue` and
    `batch_definition` are the ARNs of the queue of containers and of what a container for a dump
    is; empty where the stage makes none. `recipients` are the public keys for which backups are
    sealed where the options of a database say nothing else.
    """

    stage: str
    parameter_root: str
    bucket: str
    clients: str = "/opt"
    queue_url: str = ""
    batch_queue: str = ""
    batch_definition: str = ""
    dump_jobs: str = "0"
    max_per_server: str = ""
    signing_key: str = ""
    recipients: str = ""
    contents_in_clear: str = ""

    @property
    def sealed_for(self) -> tuple[str, ...]:
        """The recipients, one by one."""
        return from_text(self.recipients)

    @property
    def jobs(self) -> int:
        """By how many connections the stage dumps a large database; 0 where the machine decides."""
        return int(self.dump_jobs)


@dataclass(frozen=True)
class PrunerSettings(Environment):
    """Where the pruner finds which backups each database keeps, and where they lie.

    `time_zone` is the one by whose calendar it counts; empty for UTC.
    `signing_key` is the ARN of the key that signs tombstones, or empty where none are left.
    `object_lock` says whether what lies there may be locked; empty where it is not.
    """

    stage: str
    parameter_root: str
    bucket: str
    time_zone: str = ""
    signing_key: str = ""
    object_lock: str = ""


@dataclass(frozen=True)
class RestorerSettings(Environment):
    """Where a container that restores finds its targets and clients, and the backups.

    `ca_bundle` is the name of the shipped file of authorities, if the stage has one.
    """

    stage: str
    parameter_root: str
    bucket: str
    clients: str = "/opt"
    ca_bundle: str = ""


@dataclass(frozen=True)
class WatcherSettings(Environment):
    """Where the watcher finds the databases and their backups, and when these are late.

    `topic` is the ARN of the one to which it names those that have become late.
    `summary` says whether it keeps summaries; empty where it may not, or they would be of no use.
    `object_lock` says whether the bucket locks what is put there; empty where it does not.
    `replica` is the name of the second bucket and its region; empty where there is none.
    `kms_key` is the ARN of the key by which all is encrypted; empty where AWS's own are.
    """

    stage: str
    parameter_root: str
    bucket: str
    schedule: str
    late_after_hours: str = "0"
    summary: str = ""
    topic: str = ""
    object_lock: str = ""
    replica: str = ""
    replica_region: str = ""
    kms_key: str = ""

    @property
    def punctuality(self) -> Punctuality:
        """When the stage backs up, and how old a backup may be."""
        return Punctuality(parse_schedule(self.schedule), read_hours(self.late_after_hours))


@dataclass(frozen=True)
class ProverSettings(Environment):
    """Where the prover finds backups and servers, and what the stage has decided about drills.

    `clients` is the folder in which the servers lie; `queue_url` is where its drills come from,
    and `dead_letter_url` where those go that speak against a backup. `disk_gb` is the size of its
    /tmp in GB; `proven_within_days` is empty where the stage does not say it. `batch_queue` and
    `batch_definition` are as the dumper's. `drill_identity` names the public keys of the key by
    which drills open sealed backups, as on the signpost; empty where the stage has none.
    """

    stage: str
    parameter_root: str
    bucket: str
    queue_url: str
    dead_letter_url: str
    disk_gb: str = "4"
    drill: str = ""
    proven_within_days: str = ""
    clients: str = "/opt"
    batch_queue: str = ""
    batch_definition: str = ""
    drill_identity: str = ""

    @property
    def disk_bytes(self) -> int:
        """The size of its /tmp."""
        return int(self.disk_gb) << 30

    @property
    def proving(self) -> Proving:
        """What the stage has decided about drills."""
        return Proving(self.drill, read_days(self.proven_within_days))
