"""A small language host: starts a Python program for Pulumi's engine, by Pulumi's own script.

    PULUMI_PYTHON_EXEC=… python language_host.py ENGINE_ADDRESS

The command line starts it as `pulumi-language-python`; it prints the port where it listens. The
real host is a program of its own that no package registry has. What that also does is not here:
making the environment (`pulumi install`), checking types, debugging.
"""

# ruff: noqa: N802 - the methods are named by Pulumi's protocol

import json
import os
import signal
import subprocess
import sys
import threading
from concurrent import futures
from typing import Any

import grpc  # type: ignore[import-untyped]
from google.protobuf import empty_pb2  # type: ignore[import-untyped]
from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2

SCRIPT = "PULUMI_PYTHON_EXEC"
SHOWN = 32
"""The exit status of a program that has shown everything itself."""


class LanguageHost(language_pb2_grpc.LanguageRuntimeServicer):
    """Runs one program; an engine has one host for each."""

    def __init__(self, engine: str) -> None:
        self._engine = engine
        self._program: subprocess.Popen[bytes] | None = None

    def Handshake(self, request: Any, context: Any) -> Any:
        return language_pb2.LanguageHandshakeResponse()

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        return plugin_pb2.PluginInfo(version="0.0.0")

    def GetRequiredPlugins(self, request: Any, context: Any) -> Any:
        return language_pb2.GetRequiredPluginsResponse()

    def GetRequiredPackages(self, request: Any, context: Any) -> Any:
        return language_pb2.GetRequiredPackagesResponse()

    def RuntimeOptionsPrompts(self, request: Any, context: Any) -> Any:
        return language_pb2.RuntimeOptionsResponse()

    def About(self, request: Any, context: Any) -> Any:
        version = sys.version.split()[0]
        return language_pb2.AboutResponse(executable=sys.executable, version=version)

    def GetProgramDependencies(self, request: Any, context: Any) -> Any:
        return language_pb2.GetProgramDependenciesResponse()

    def Run(self, request: Any, context: Any) -> Any:
        """Run the program to its end."""
        context.add_callback(self.interrupt)  # the engine hangs up when it wants no more of it
        self._program = subprocess.Popen(
            [sys.executable, "-u", os.environ[SCRIPT], *self._arguments(request)],
            cwd=request.info.program_directory,
            env={
                **os.environ,
                "PULUMI_CONFIG": json.dumps(dict(request.config)),
                "PULUMI_CONFIG_SECRET_KEYS": json.dumps(list(request.configSecretKeys)),
            },
            stdin=subprocess.DEVNULL,
        )
        status = self._program.wait()
        if status == SHOWN:
            return language_pb2.RunResponse(bail=True)
        error = f"program exited with non-zero exit code: {status}" if status else ""
        return language_pb2.RunResponse(error=error)

    def Cancel(self, request: Any, context: Any) -> Any:
        self.interrupt()
        return empty_pb2.Empty()

    def interrupt(self) -> None:
        """Ask the program to end, as Ctrl-C does."""
        if self._program and self._program.poll() is None:
            self._program.send_signal(signal.SIGINT)

    def end(self) -> None:
        """See the program gone."""
        self.interrupt()
        if self._program:
            try:
                self._program.wait(5)
            except subprocess.TimeoutExpired:
                self._program.kill()

    def _arguments(self, request: Any) -> list[str]:
        told = {
            "monitor": request.monitor_address,
            "engine": self._engine,
            "project": request.project,
            "stack": request.stack,
            "pwd": request.pwd,
            "dry_run": str(request.dryRun).lower(),
            "parallel": str(request.parallel),
            "organization": request.organization,
            "root_directory": request.info.root_directory,
        }
        options = [word for key, value in told.items() if value for word in (f"--{key}", value)]
        return [*options, request.info.entry_point or "."]


def main() -> None:
    """Serve until the command line that started us is gone."""
    done, parent = threading.Event(), os.getppid()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: done.set())
    host = LanguageHost(next(word for word in sys.argv[1:] if not word.startswith("-")))
    unlimited = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
    server = grpc.server(futures.ThreadPoolExecutor(8), options=unlimited)
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(host, server)
    print(server.add_insecure_port("127.0.0.1:0"), flush=True)
    server.start()
    while not done.wait(1) and os.getppid() == parent:
        pass
    host.end()
    os._exit(0)  # nothing here is worth waiting for, neither threads nor calls


if __name__ == "__main__":
    main()
