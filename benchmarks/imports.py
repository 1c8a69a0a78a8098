"""How long the dumper's imports take, as in Lambda: Python's own modules are compiled, others not.

The zips hold no compiled files, which would be of one release of Python alone, and a function may
write none beside them.
"""

import json
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from statistics import median

from snapper.machine import python
from snapper.machine.run_directory import run_directory

_TIMES = 5


def seconds() -> float:
    """Give the processor's seconds, the median of some starts."""
    with run_directory() as compiled:
        _import(compiled)
        for place in (sysconfig.get_path("purelib"), python.ROOT):
            # Where each compiled file lies below says where its source does.
            shutil.rmtree(compiled.joinpath(*Path(place).parts[1:]), ignore_errors=True)
        return median(_import(compiled, "-B") for _ in range(_TIMES))


def _import(compiled: Path, *options: str) -> float:
    prefix = f"pycache_prefix={compiled}"
    command = [sys.executable, *options, "-X", prefix, *python.running("benchmarks.imports")]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    found: float = json.loads(done.stdout)
    return found


def main() -> None:
    """Import it, and print what that took."""
    import time

    used = time.process_time()
    import functions.dumper  # noqa: F401  what is measured

    print(json.dumps(time.process_time() - used))


if __name__ == "__main__":
    main()
