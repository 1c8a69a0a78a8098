"""One execution environment: a process in which the Lambda runtime runs one function."""

import concurrent.futures
import secrets
import signal
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from local.runtime.api import Answer, Invocation, RuntimeApi
from local.runtime.log_stream import LogStream
from local.runtime.sandbox import Sandbox
from snapper.machine import children, python

_BOOTSTRAP = Path(__file__).with_name("bootstrap.py")

LIFE_SECONDS = 45 * 60
"""After which an idle environment makes room for a fresh one: its credentials last an hour."""


@dataclass(frozen=True)
class Function:
    """What Lambda knows of a function; the paths are those of zip archives."""

    name: str
    handler: str
    archive: Path
    role: str
    timeout: int = 3
    memory: int = 128
    environment: Mapping[str, str] = field(default_factory=dict)
    layers: tuple[Path, ...] = ()


class Environment:
    """A process that has loaded a function, and handles one event at a time."""

    def __init__(
        self,
        function: Function,
        environment: Mapping[str, str],
        task: Path,
        sandbox: Sandbox,
        log: LogStream,
    ) -> None:
        self._function = function
        self._log = log
        self._api = RuntimeApi()
        self._began = time.monotonic()
        self._child = children.spawn(
            sandbox.around([sys.executable, *python.running_alone(_BOOTSTRAP, function.handler)]),
            environment={**environment, "AWS_LAMBDA_RUNTIME_API": self._api.address},
            directory=task,
            stdout=log.writable,
            stderr=log.writable,
            farewell=signal.SIGKILL,
        )
        log.begin()
        threading.Thread(target=self._watch, name=f"watch-{function.name}", daemon=True).start()

    @property
    def is_usable(self) -> bool:
        """Whether the environment may be given another event."""
        return self._child.poll() is None and time.monotonic() - self._began < LIFE_SECONDS

    def invoke(self, invocation: Invocation) -> Answer:
        """Have an event handled; at the deadline the process dies with all that it started."""
        self._api.submit(invocation)
        try:
            answer = invocation.answer.result(invocation.deadline_ms / 1000 - time.time())
            self._log.flush()
            return answer
        except concurrent.futures.TimeoutError:
            self.stop()
            seconds = f"{self._function.timeout}.00 seconds"
            return Answer.error("Sandbox.Timedout", f"Task timed out after {seconds}")

    def stop(self) -> None:
        """End the process and all its descendants at once."""
        children.stop(self._child, grace=0.0, farewell=signal.SIGKILL)
        self._api.close()
        self._log.end()

    def _watch(self) -> None:
        """Answer for a runtime that died: nobody else would."""
        status = self._child.wait()
        end = f"signal: {signal.Signals(-status).name}" if status < 0 else f"exit status {status}"
        self._api.fail(Answer.error("Runtime.ExitError", f"Runtime exited with error: {end}"))


def log_group(function: Function) -> str:
    """Give the log group into which Lambda writes what the function logs."""
    return f"/aws/lambda/{function.name}"


def log_stream() -> str:
    """Make the name of a new environment's stream, in Lambda's own form."""
    return f"{datetime.now(UTC):%Y/%m/%d}/[$LATEST]{secrets.token_hex(16)}"


def variables(function: Function, task: Path, layers: Path, scratch: Path) -> dict[str, str]:
    """Give the environment variables that Lambda would, then the function's own.

    Layers are mounted under /opt there and lie in a directory of ours here, so a value that is
    /opt or begins with /opt/ is made to point there.
    """
    own = {
        name: str(layers / value[5:]) if f"{value}/".startswith("/opt/") else value
        for name, value in function.environment.items()
    }
    return {
        "PATH": f"/usr/local/bin:/usr/bin:/bin:{layers}/bin",
        "LD_LIBRARY_PATH": f"{layers}/lib",
        "PYTHONPATH": f"{task}:{layers}/python",
        "PYTHONUNBUFFERED": "1",
        "HOME": str(scratch),
        "TMPDIR": str(scratch),
        "TZ": ":UTC",
        "LANG": "en_US.UTF-8",
        "_HANDLER": function.handler,
        "LAMBDA_TASK_ROOT": str(task),
        "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory),
        "AWS_LAMBDA_LOG_GROUP_NAME": log_group(function),
        "AWS_LAMBDA_LOG_STREAM_NAME": log_stream(),
        **own,
    }
