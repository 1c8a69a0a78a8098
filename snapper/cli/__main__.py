"""The command line as a program: what `bin/snapper` runs, isolated from the current folder."""

import gc
import signal
import sys
from collections.abc import Sequence

from snapper.cli.interruption import signals_raise
from snapper.cli.outcome import reporting
from snapper.cli.streams import open_streams
from snapper.machine.environment import IDENTITY_VARIABLE, withhold
from snapper.machine.programs import forget_the_current_folder

_OBJECTS = 100_000
"""So many are made between two looks for garbage, which take a tenth of a long list's time."""


def main(arguments: Sequence[str]) -> int:
    """Run one command and give its exit code; every error is a message, never a stack trace."""
    gc.set_threshold(_OBJECTS)
    withhold(IDENTITY_VARIABLE)
    open_streams()
    forget_the_current_folder()
    with reporting(as_json="--json" in arguments) as result, signals_raise():
        # The commands take a moment to import; from the first one on, Ctrl-C ends in plain words.
        from snapper.cli.app import run

        run(arguments, result)
    return result.code


if __name__ == "__main__":
    code = main(sys.argv[1:])
    # The result is out. A signal now would only interrupt the clearing up, and belie the result.
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)
    sys.exit(code)
