"""Runs the packaged Lambda functions: awslambdaric behind the emulator's proxy hook.

    with LambdaHost(cloud, run_dir) as host:
        host.install(Function("hello", "hello.handler", archive, role_arn))

The emulator keeps Lambda's interface, its retries and concurrency, and posts each event to the
address that `url` gives (the environment variable MINISTACK_LAMBDA_PROXY_URL of the function in the
emulator). Here a warm execution environment takes it, or a new one. Each has an environment as
clean as on AWS, the credentials of the function's role and nothing else of this machine's.
"""

import os
import secrets
import shutil
import tempfile
import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Self

from botocore.exceptions import BotoCoreError, ClientError

from local.emulator.cloud import Cloud
from local.loopback import LoopbackHandler, LoopbackServer
from local.runtime.api import Answer, Invocation
from local.runtime.archives import suits_this_python, unpack
from local.runtime.containers import Containers
from local.runtime.environment import Environment, Function, variables
from local.runtime.log_stream import CloudWatchStream, LogStream, written
from local.runtime.sandbox import Sandbox
from snapper.machine.run_directory import run_directory

SHORT = Path("/tmp")  # noqa: S108  for a folder of our own, closed to others
LONGEST = 25
"""Characters of a folder in which a server of a function can still have its socket."""

__all__ = ["Function", "LambdaHost"]


@dataclass
class _Installed:
    function: Function
    directory: Path
    sandbox: Sandbox
    idle: list[Environment] = field(default_factory=list)
    busy: set[Environment] = field(default_factory=set)
    starting: int = 0
    unpacking: threading.Lock = field(default_factory=threading.Lock)
    unpacked: bool = False

    def unpack(self) -> None:
        """Unpack the function and its layers, for its first event: many a function gets none."""
        with self.unpacking:
            if not self.unpacked:
                unpack(self.function.archive, self.directory / "task")
                for layer in self.function.layers:
                    unpack(layer, self.directory / "opt", _loadable(layer))
                self.unpacked = True


class LambdaHost:
    """The functions of one cloud. Their logs are in `run_dir`, in logs/.

    The functions lie in a folder of their own whose name is short, as a socket's must be, and that
    lets through whoever they run as.
    """

    def __init__(self, cloud: Cloud, run_dir: Path) -> None:
        self._cloud = cloud
        self._logs = run_dir.resolve() / "logs"
        self._installed: dict[str, _Installed] = {}
        self._layers: dict[str, Path] = {}
        self._lock = threading.Condition()
        self._logs.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._ending = ExitStack()
        self._functions = self._ending.enter_context(run_directory(_parent()))
        self.containers = Containers(cloud, self._functions / "containers", self._logs)
        self._server = _Server(self)
        threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name="lambda-host", daemon=True
        ).start()

    def install(self, function: Function) -> None:
        """Have a function ready for its first event."""
        self.remove(function.name)
        directory = self._functions / function.name
        scratch = directory / "tmp"
        scratch.mkdir(mode=0o700, parents=True)
        sandbox = Sandbox.of(scratch)
        with self._lock:
            self._installed[function.name] = _Installed(function, directory, sandbox)

    def add_layer(self, arn: str, archive: Path) -> None:
        """Remember where the zip of a layer's version is."""
        self._layers[arn] = archive

    def layer(self, arn: str) -> Path:
        """Give the zip of a layer's version."""
        return self._layers[arn]

    def remove(self, name: str) -> None:
        """End a function's environments and remove its files; its log stays."""
        with self._lock:
            installed = self._installed.pop(name, None)
            # What is just being started would write into the files that we remove.
            self._lock.wait_for(lambda: installed is None or not installed.starting)
            ending = [*installed.idle, *installed.busy] if installed else []
        for environment in ending:
            environment.stop()
        if installed:
            shutil.rmtree(installed.directory)

    def url(self, name: str) -> str:
        """Give the address to which the function's events are posted."""
        return f"http://{self._server.address}/{self._server.token}/{name}"

    def logs(self, name: str) -> list[str]:
        """Give the lines that the function has written so far."""
        return written(self._logs / f"{name}.log")

    def stop(self) -> None:
        """End every function, also those that are at work."""
        self._server.shutdown()
        self._server.server_close()
        self.containers.stop()
        for name in list(self._installed):
            self.remove(name)
        self._ending.close()

    def handle(self, name: str, invocation: Invocation) -> Answer:
        """Have a function handle an event, in a warm environment if one is idle."""
        with self._lock:
            installed = self._installed.get(name)
            if installed is None:
                return Answer.error("ResourceNotFoundException", f"function not found: {name}")
            installed.starting += 1
        try:
            environment = self._environment(installed)
        except (BotoCoreError, ClientError, OSError) as error:
            return Answer.error("Runtime.NotStarted", str(error))
        finally:
            with self._lock:
                installed.starting -= 1
                self._lock.notify_all()
        try:
            return environment.invoke(invocation)
        finally:
            self._return(installed, environment)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _environment(self, installed: _Installed) -> Environment:
        with self._lock:
            while installed.idle:
                environment = installed.idle.pop()
                if environment.is_usable:
                    installed.busy.add(environment)
                    return environment
                environment.stop()
        fresh = self._start(installed)
        with self._lock:
            installed.busy.add(fresh)
        return fresh

    def _start(self, installed: _Installed) -> Environment:
        function, directory = installed.function, installed.directory
        installed.unpack()
        given = variables(function, directory / "task", directory / "opt", directory / "tmp")
        role = self._cloud.credentials(function.role, function.name)
        stream = CloudWatchStream(
            lambda: self._cloud.client_with("logs", role),
            given["AWS_LAMBDA_LOG_GROUP_NAME"],
            given["AWS_LAMBDA_LOG_STREAM_NAME"],
        )
        return Environment(
            function,
            {**given, **self._cloud.place(), **role},
            directory / "task",
            installed.sandbox,
            LogStream(self._logs / f"{function.name}.log", stream),
        )

    def _return(self, installed: _Installed, environment: Environment) -> None:
        usable = environment.is_usable
        if not usable:
            environment.stop()
        with self._lock:
            installed.busy.discard(environment)
            if usable:
                installed.idle.append(environment)


def _parent() -> Path | None:
    """Give where the functions' folder lies: where temporary files do, if that is not too long."""
    return SHORT if len(os.fsencode(tempfile.gettempdir())) > LONGEST else None


def _loadable(layer: Path) -> Callable[[str], bool]:
    """Leave out Python packages that were built for another interpreter than the one here.

    The environment that we run in has the same locked versions.
    """
    suits = suits_this_python(layer)
    return lambda name: suits or not name.startswith("python/")


class _Server(LoopbackServer):
    """The address the emulator posts events to; the token keeps it from being guessed."""

    def __init__(self, host: LambdaHost) -> None:
        super().__init__(_Handler)
        self.host = host
        self.token = secrets.token_urlsafe(24)


class _Handler(LoopbackHandler):
    server: _Server

    def do_POST(self) -> None:  # noqa: N802 (http.server's way)
        """Handle one event; an error of the function is an answer with status 500."""
        event = self.body()
        _, token, name = [*self.path.split("/", 2), "", ""][:3]
        if not secrets.compare_digest(token, self.server.token):
            self.answer(HTTPStatus.NOT_FOUND)
            return
        invocation = Invocation(
            request_id=self.headers["X-Amzn-Lambda-Request-Id"],
            function_arn=self.headers["X-Amzn-Lambda-Function-Arn"],
            deadline_ms=int(self.headers["X-Amzn-Lambda-Deadline-Ms"]),
            event=event,
        )
        answer = self.server.host.handle(name, invocation)
        status = HTTPStatus.INTERNAL_SERVER_ERROR if answer.failed else HTTPStatus.OK
        self.answer(status, answer.body)
