"""What the backups of one database cost in a month, by what AWS counts."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import timedelta

from snapper.values.container import Size
from snapper.values.prices import Prices

MONTH = timedelta(days=365) / 12
LONGEST_FUNCTION = timedelta(minutes=15)
"""What took longer was not made by a function, but on Fargate."""

_GB = 1 << 30
_MB_OF_GB = 1024
_HOUR = timedelta(hours=1)

_MESSAGES = 5
"""Requests to the queue for one job: sent, received, hidden, looked after, deleted."""

_METRICS = 4
"""Measured for each backup: that it succeeded, seconds, bytes of the dump and of the object."""

_LISTINGS = 3
"""Listings for each backup: two of the dumper, one of the pruner."""

_SMALL_OBJECTS = 2
"""Objects beside the dump: manifest and list of contents."""


_USUAL = Size(2)
"""Of a container, whatever it does, where nothing says more."""


@dataclass(frozen=True)
class Machine:
    """What runs the work: memory in MB of dumper and prover, and whose processors."""

    architecture: str = "arm64"
    dumper_memory: int = 2048
    prover_memory: int = 3008

    @property
    def is_arm(self) -> bool:
        """Whether the processors are Arm's."""
        return self.architecture == "arm64"


@dataclass(frozen=True)
class Stored:
    """Bytes by storage class: of what is there, and of what was deleted and is still kept."""

    current: Mapping[str, int] = field(default_factory=dict)
    noncurrent: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Usage:
    """What one database uses: runs and drills in a month, how long each takes, what is stored.

    `parts` are the parts of one upload. What is not known, as of a database without a backup, is 0.
    With `in_container` it is dumped on Fargate, however little time that takes, and proven there
    with `drilled_in_container`. The sizes are those of the containers,
    wherever it is done. Dumps are of the storage class, and the newest has so many bytes.
    """

    runs: float
    took: timedelta
    parts: int
    stored: Stored
    drills: float = 0.0
    drill_took: timedelta = timedelta()
    in_container: bool = False
    size: Size = _USUAL
    drilled_in_container: bool = False
    storage_class: str = "STANDARD"
    newest: int = 0
    drill_size: Size = _USUAL


@dataclass(frozen=True)
class Cost:
    """US dollars of a month."""

    functions: float = 0.0
    fargate: float = 0.0
    drills: float = 0.0
    requests: float = 0.0
    storage: float = 0.0
    noncurrent: float = 0.0
    metrics: float = 0.0

    @property
    def total(self) -> float:
        """All of it."""
        return float(sum(asdict(self).values()))


def cost_of(usage: Usage, machine: Machine, prices: Prices) -> Cost:
    """Count one database's month."""
    in_function = usage.took <= LONGEST_FUNCTION and not usage.in_container
    proven_here = usage.drill_took <= LONGEST_FUNCTION and not usage.drilled_in_container
    running, proving = usage.runs * usage.took, usage.drills * usage.drill_took
    calls = usage.runs * (2 if in_function else 3) + usage.drills
    dearer = prices.write_requests.get(usage.storage_class, prices.write_request)
    writing = (usage.parts + _upload_calls(usage.parts)) * dearer
    writing += (_SMALL_OBJECTS + _LISTINGS) * prices.write_request
    reading = usage.newest / _GB * prices.retrieval.get(usage.storage_class, 0.0)
    # Values within one hour are one hour's.
    hours = min(usage.runs, MONTH / _HOUR)
    return Cost(
        functions=_lambda(running, machine.dumper_memory, machine, prices) * in_function
        + calls * prices.lambda_request,
        fargate=_fargate(running, usage.size, machine, prices) * (not in_function),
        drills=_lambda(proving, machine.prover_memory, machine, prices)
        if proven_here
        else _fargate(proving, usage.drill_size, machine, prices),
        requests=usage.runs * writing
        + usage.drills * reading
        + (usage.runs + usage.drills) * _MESSAGES * prices.queue_request,
        storage=_storage(usage.stored.current, prices),
        noncurrent=_storage(usage.stored.noncurrent, prices),
        metrics=hours * _METRICS * prices.metric / (MONTH / _HOUR),
    )


def _upload_calls(parts: int) -> int:
    """Give the calls around the parts: one part is put at once."""
    return 2 if parts > 1 else 0


def _lambda(running: timedelta, memory: int, machine: Machine, prices: Prices) -> float:
    price = prices.lambda_gb_second_arm if machine.is_arm else prices.lambda_gb_second
    return running.total_seconds() * memory / _MB_OF_GB * price


def _fargate(running: timedelta, size: Size, machine: Machine, prices: Prices) -> float:
    vcpu = prices.fargate_vcpu_hour_arm if machine.is_arm else prices.fargate_vcpu_hour
    gigabyte = prices.fargate_gb_hour_arm if machine.is_arm else prices.fargate_gb_hour
    memory = size.memory_mb / _MB_OF_GB
    return running / _HOUR * (size.vcpus * vcpu + memory * gigabyte)


def _storage(stored: Mapping[str, int], prices: Prices) -> float:
    return sum(size / _GB * prices.storage_of(kind) for kind, size in stored.items())
