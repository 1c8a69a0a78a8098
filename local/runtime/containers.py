"""Runs the containers of AWS Batch: each as a process under its job's own role.

The emulator keeps Batch's interface and posts a job to the address that `url` gives. The answer is
how it ended. A container has its own folder, where alone it may write, the environment of its
definition, the credentials of its role, and nothing else of this machine's.
"""

import json
import secrets
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any

from local.emulator.cloud import Cloud
from local.loopback import LoopbackHandler, LoopbackServer
from local.runtime.log_stream import CloudWatchStream, LogStream, written
from local.runtime.sandbox import Sandbox
from snapper.machine import children, python
from snapper.values.container import FAREWELL

_ENTRY = ("AWS_LAMBDA_RUNTIME_API", "BASH_ENV", "SNAPPER_ENTRY")
"""What the entry of the image is told, and leaves out of the environment of what it becomes."""


class Containers:
    """Who runs containers for one cloud; their folders lie in `folder`, their logs in `logs`."""

    def __init__(self, cloud: Cloud, folder: Path, logs: Path) -> None:
        self._cloud, self._folder, self._logs = cloud, folder, logs
        self._running: dict[str, children.Child] = {}
        self._lock = threading.Lock()
        self._closed = False
        self.farewell = FAREWELL.total_seconds()
        """Seconds from SIGTERM until SIGKILL; a test may take less."""
        self._server = _Server(self)
        threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name="containers", daemon=True
        ).start()

    @property
    def url(self) -> str:
        """The address to which the emulator posts jobs; the token keeps it from being guessed."""
        return f"http://{self._server.address}/{self._server.token}"

    def run(self, job: Mapping[str, Any]) -> dict[str, Any]:
        """Run a container to its end; gives its exit status and Batch's words for how it ended."""
        container, identifier = job["container"], job["jobId"]
        # A short name, as a server's socket must have that lies in it.
        directory = self._folder / secrets.token_hex(4)
        directory.mkdir(mode=0o700, parents=True)
        try:
            stream = self._stream(container, f"{identifier}-{job['attempt']}")
            log = LogStream(self._logs / f"{job['jobName']}.log", stream)
            child = self._start(job, directory, log)
            log.begin()
            try:
                ended = self._await(child, job)
            finally:
                children.stop(child, grace=0.0, farewell=signal.SIGKILL)
                log.end()
        except Exception as error:  # whatever it is, the container has not begun
            return {"statusReason": f"Task failed to start: {error}"}
        finally:
            with self._lock:
                self._running.pop(identifier, None)
            shutil.rmtree(directory, ignore_errors=True)
        return ended

    def terminate(self, identifier: str) -> None:
        """End a container as Batch does: SIGTERM, and SIGKILL after the farewell."""
        with self._lock:
            child = self._running.get(identifier)
        if child:
            children.stop(child, grace=self.farewell)

    def logs(self, name: str) -> list[str]:
        """Give the lines that containers of this name have written so far."""
        return written(self._logs / f"{name}.log")

    def stop(self) -> None:
        """End every container at once, and take no more."""
        with self._lock:
            self._closed = True
            left = list(self._running.values())
        for child in left:
            children.stop(child, grace=0.0, farewell=signal.SIGKILL)
        self._server.shutdown()
        self._server.server_close()

    def _await(self, child: children.Child, job: Mapping[str, Any]) -> dict[str, Any]:
        seconds = job["timeout"].get("attemptDurationSeconds")
        try:
            status, late = child.wait(seconds), False
        except subprocess.TimeoutExpired:
            status, late = children.stop(child, grace=self.farewell), True
        told = (
            "Job attempt duration exceeded timeout"
            if late
            else "Essential container in task exited"
        )
        # A shell's way to tell of a signal, which is the runtime's too.
        code = status if status >= 0 else 128 - status
        return {"exitCode": code, "statusReason": told, "timedOut": late}

    def _start(self, job: Mapping[str, Any], directory: Path, log: LogStream) -> children.Child:
        container = job["container"]
        sandbox = Sandbox.of(directory)
        with self._lock:
            if self._closed:
                raise RuntimeError("the cloud has ended")
            child = children.spawn(
                sandbox.around([sys.executable, *python.running("local.runtime.container_start")]),
                environment={
                    **self._variables(job, directory),
                    **self._cloud.place(),
                    **self._cloud.credentials(container["jobRoleArn"], "container"),
                },
                directory=directory,
                stdout=log.writable,
                stderr=log.writable,
                farewell=signal.SIGKILL,
            )
            self._running[job["jobId"]] = child
        return child

    def _variables(self, job: Mapping[str, Any], directory: Path) -> dict[str, str]:
        """Give the image's variables, then the definition's; /opt lies in a folder of ours."""
        container, layers = job["container"], directory / "opt"
        own = {each["name"]: each["value"] for each in container["environment"]}
        own = {
            name: str(layers / value[5:]) if f"{value}/".startswith("/opt/") else value
            for name, value in own.items()
            if name not in _ENTRY
        }
        (start,) = container["command"]
        return {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            **python.environment(),
            "HOME": str(directory),
            "TMPDIR": str(directory),
            "LAMBDA_TASK_ROOT": str(directory / "task"),
            "AWS_EXECUTION_ENV": "AWS_ECS_FARGATE",
            "AWS_BATCH_JOB_ID": job["jobId"],
            "AWS_BATCH_JOB_ATTEMPT": str(job["attempt"]),
            "_HANDLER": start,
            **own,
        }

    def _stream(self, container: Mapping[str, Any], name: str) -> CloudWatchStream:
        options = container["logConfiguration"]["options"]
        writer = self._cloud.credentials(container["executionRoleArn"], "start")
        return CloudWatchStream(
            lambda: self._cloud.client_with("logs", writer),
            options["awslogs-group"],
            f"{options['awslogs-stream-prefix']}/default/{name}",
        )


class _Server(LoopbackServer):
    def __init__(self, containers: Containers) -> None:
        super().__init__(_Handler)
        self.containers = containers
        self.token = secrets.token_urlsafe(24)


class _Handler(LoopbackHandler):
    server: _Server

    def do_POST(self) -> None:  # noqa: N802 (http.server's way)
        """Run a container until it ends, or end one."""
        asked = json.loads(self.body())
        _, token, wanted = [*self.path.split("/", 2), "", ""][:3]
        if not secrets.compare_digest(token, self.server.token):
            self.answer(HTTPStatus.NOT_FOUND)
            return
        if wanted == "terminate":
            self.server.containers.terminate(asked["jobId"])
            self.answer(HTTPStatus.OK, b"{}")
            return
        self.answer(HTTPStatus.OK, json.dumps(self.server.containers.run(asked)).encode())
