"""A job that runs in a container of AWS Batch: its name, its size, and how long it may take."""

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from snapper.values.drill import Drill
from snapper.values.job import Job
from snapper.values.keys import STAMP

PAYLOAD = "SNAPPER_JOB"
"""The variable in which a container finds its job, as JSON; a job holds no secret."""

MODULE = "SNAPPER_MODULE"
"""The variable that names what of our code a container becomes."""

CONTAINER = "job"
"""What a container is called in its log, as a function is by its part."""

LONGEST = timedelta(hours=24)
"""How long one attempt may take; Batch ends it then."""

AT_WORK = LONGEST - timedelta(minutes=5)
"""What is left of it: Batch counts from the start, and what runs is fetched after that."""

REGISTRY = "public.ecr.aws"
"""Where the image of containers lies: AWS's public registry, which has no endpoint of its own."""

FAREWELL = timedelta(seconds=30)
"""From SIGTERM until SIGKILL. Source: "Job timeouts" of Batch's guide; Fargate's usual."""

ATTEMPTS = 3
"""How often a container is tried that could not begin, or that says so with the status `AGAIN`."""

AGAIN = 75
"""The exit status of a container that may go well in a minute. Source: sysexits.h, EX_TEMPFAIL."""

LARGEST = 16
"""vCPUs of the largest container on Fargate."""

_MB_OF_A_VCPU = 2048


@dataclass(frozen=True)
class Size:
    """How large a container is: 1, 2, 4, 8 or 16 vCPUs, and the least memory that goes with them.

    Source: "Fargate task definition considerations", the table of CPU and memory.
    """

    vcpus: int

    @property
    def memory_mb(self) -> int:
        """The memory: a dump needs little of it, and so much less than this of each vCPU."""
        return _MB_OF_A_VCPU * self.vcpus


def size_for(jobs: int) -> Size:
    """Give the smallest container in which each of so many dumps at once has a vCPU.

    >>> size_for(1), size_for(3), size_for(99)
    (Size(vcpus=1), Size(vcpus=4), Size(vcpus=16))
    """
    sizes = (1, 2, 4, 8, LARGEST)
    return Size(next((vcpus for vcpus in sizes if vcpus >= jobs), LARGEST))


def container_name(job: Job) -> str:
    """Name the container of a job, as no other job's is; Batch takes 128 letters, digits, - and _.

    Batch takes names for equal that differ in case alone, and no dot: hence the digest of the key.

    >>> from datetime import UTC, datetime
    >>> container_name(Job("eu.orders", datetime(2026, 11, 23, 3, tzinfo=UTC)))
    'eu_orders-2026-11-23T03-00-00Z-4cab8703'
    """
    return named(job.database, job.scheduled_at, job.database)


def drill_container_name(drill: Drill) -> str:
    """Name the container of a drill, as no job's and no other drill's is.

    >>> from datetime import UTC, datetime
    >>> ordered = datetime(2026, 11, 24, tzinfo=UTC)
    >>> drill_container_name(Drill("orders", datetime(2026, 11, 23, 3, tzinfo=UTC), ordered))
    'orders-2026-11-23T03-00-00Z-c7647644-drill'
    """
    return f"{named(drill.database, drill.taken_at, drill.to_json())}-drill"


def named(database: str, at: datetime, what: str) -> str:
    """Name a container after a database and a time, and after all that makes it another's."""
    digest = hashlib.sha256(what.encode()).hexdigest()[:8]
    readable = re.sub(r"[^A-Za-z0-9_-]", "_", database)
    return f"{readable}-{at.strftime(STAMP)}-{digest}"
