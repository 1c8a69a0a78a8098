"""One dump as the function makes it, in a process of its own that says what it took.

    python -m benchmarks.ours CONNECTION JOBS [unlisted] [sealed]

The bucket is where AWS_ENDPOINT_URL leads; `clients` names the folder of the client programs.
"""

import json
import os
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from bin.pg_dump.layer import client_root

CLIENTS = "BENCHMARK_CLIENTS"
"""The variable with the folder of the client programs."""


@dataclass(frozen=True)
class Took:
    """What a dump took: sizes in bytes, times in seconds, memory of this process in bytes.

    `starting` and `before` are processor time and memory when the job came.
    """

    dump_bytes: int
    backup_bytes: int
    seconds: float
    cpu: float
    peak: int
    before: int
    starting: float


def clients_in(directory: Path) -> Path:
    """Lay the client programs into a folder as a function has them: it looks for no others."""
    from snapper.engines.postgresql.engine import FOLDER

    folder = directory / "clients"
    folder.mkdir()
    (folder / FOLDER).symlink_to(client_root())
    return folder


def main(dsn: str, jobs: int, *, listed: bool = True, sealed: bool = False) -> None:
    """Be the function: import what it imports, dump, and print the figures."""
    import functions.dumper  # noqa: F401  what a function has loaded counts
    from snapper.aws.vault import Vault
    from snapper.engines.engine import engine_of
    from snapper.engines.listing import Listing
    from snapper.machine.memory import give_back_large_blocks
    from snapper.sealing.key_file import new_identity
    from snapper.values.job import Job
    from snapper.values.sealed_for import SealedFor
    from snapper.values.secrets import Database
    from snapper.verbs import dump, dumping
    from snapper.verbs.events import Silence

    if not listed:  # as it was before there were lists
        vars(dumping)["Listing"] = lambda following: Listing(following, most=0)
    give_back_large_blocks()
    engines = partial(engine_of, clients=Path(os.environ[CLIENTS]))
    sealed_for = SealedFor((new_identity().recipient.text,) * sealed)
    dumper = dump.Dumper(
        Vault.connect("vault"), Silence(), engines, jobs=lambda _: jobs, sealed_for=sealed_for
    )
    before, began, used = _peak(), time.monotonic(), time.process_time()
    manifest = dumper.dump(Job("measured", datetime.now(UTC)), Database("measured", dsn, 1))
    assert manifest is not None
    took = Took(
        manifest.dump_bytes,
        manifest.backup_bytes,
        time.monotonic() - began,
        time.process_time() - used,
        _peak(),
        before,
        used,
    )
    print(json.dumps(vars(took)))


def _peak() -> int:
    """Give the most bytes this process has had in memory; its tools are not of it."""
    # ru_maxrss of Linux includes the process that we were forked from.
    status = Path("/proc/self/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


if __name__ == "__main__":
    main(
        sys.argv[1],
        int(sys.argv[2]),
        listed="unlisted" not in sys.argv,
        sealed="sealed" in sys.argv,
    )
