"""The Lambda Runtime API of one execution environment, as the runtime inside it sees it.

The runtime asks for the next invocation, which we hold back until there is one, and posts the
answer or the error. One environment handles one invocation at a time, as on AWS.
"""

import json
import queue
import secrets
import threading
from concurrent.futures import Future
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import NamedTuple

from local.loopback import LoopbackHandler, LoopbackServer

PREFIX = "2018-06-01/runtime/"


class Answer(NamedTuple):
    """What the function gave back: its result, or the error that ended it, as JSON."""

    body: bytes
    failed: bool = False

    @classmethod
    def error(cls, kind: str, message: str) -> "Answer":
        """Make the answer of a function that could not give one itself."""
        body = {"errorType": kind, "errorMessage": message}
        return cls(json.dumps(body).encode(), failed=True)


@dataclass(frozen=True)
class Invocation:
    """One event on its way to the function, and the place where its answer will be."""

    request_id: str
    function_arn: str
    deadline_ms: int
    event: bytes
    answer: "Future[Answer]" = field(default_factory=Future, compare=False)


class RuntimeApi:
    """The server for one environment; `fail` is for whoever sees the runtime die."""

    def __init__(self) -> None:
        self._waiting: queue.SimpleQueue[Invocation | None] = queue.SimpleQueue()
        self._current: Invocation | None = None
        self._verdict: Answer | None = None
        self._lock = threading.Lock()
        self._server = _Server(self)
        # Whoever knows it is the runtime: every user of the machine can knock at the port.
        self.token = secrets.token_urlsafe(24)
        self.address = f"{self._server.address}/{self.token}"
        threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name="runtime-api", daemon=True
        ).start()

    def submit(self, invocation: Invocation) -> None:
        """Hand an invocation to the runtime; its `answer` is set in time."""
        with self._lock:
            self._current = invocation
            if self._verdict:
                _settle(invocation, self._verdict)
        self._waiting.put(invocation)

    def take(self) -> Invocation | None:
        """Wait for the next invocation; None when the environment ends."""
        return self._waiting.get()

    def settle(self, request_id: str, answer: Answer) -> bool:
        """Answer the invocation; False if nobody waits for it any more."""
        with self._lock:
            waits = self._current is not None and self._current.request_id == request_id
            return waits and self._current is not None and _settle(self._current, answer)

    def fail(self, answer: Answer) -> None:
        """Answer the current invocation and all later ones so: the runtime is no more."""
        with self._lock:
            self._verdict = self._verdict or answer
            if self._current:
                _settle(self._current, self._verdict)

    def close(self) -> None:
        """Stop serving; whoever still waits gets an error."""
        self.fail(Answer.error("Runtime.ExitError", "the execution environment has ended"))
        self._waiting.put(None)
        self._server.shutdown()
        self._server.server_close()


def _settle(invocation: Invocation, answer: Answer) -> bool:
    if invocation.answer.done():
        return False
    invocation.answer.set_result(answer)
    return True


class _Server(LoopbackServer):
    def __init__(self, api: RuntimeApi) -> None:
        super().__init__(_Handler)
        self.api = api


class _Handler(LoopbackHandler):
    server: _Server

    def _wanted(self) -> str | None:
        """Give the path behind the token and the prefix; None for whoever does not know them."""
        _, token, path = [*self.path.split("/", 2), "", ""][:3]
        known = secrets.compare_digest(token.encode(), self.server.api.token.encode())
        return path.removeprefix(PREFIX) if known and path.startswith(PREFIX) else None

    def do_GET(self) -> None:  # noqa: N802 (http.server's way)
        """Give the runtime its next invocation."""
        wanted = self._wanted()
        if wanted is None:
            self.answer(HTTPStatus.FORBIDDEN)
            return
        invocation = self.server.api.take() if wanted == "invocation/next" else None
        if invocation is None:
            self.answer(HTTPStatus.GONE)
            return
        self.answer(
            HTTPStatus.OK,
            invocation.event,
            {
                "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
                "Lambda-Runtime-Deadline-Ms": str(invocation.deadline_ms),
                "Lambda-Runtime-Invoked-Function-Arn": invocation.function_arn,
            },
        )

    def do_POST(self) -> None:  # noqa: N802 (http.server's way)
        """Take the answer of an invocation, or the error of a runtime that cannot begin."""
        body, wanted = self.body(), self._wanted()
        if wanted is None:
            self.answer(HTTPStatus.FORBIDDEN)
            return
        match wanted.split("/"):
            case ["init", "error"]:
                self.server.api.fail(Answer(body, failed=True))
                known = True
            case ["invocation", request_id, ("response" | "error") as kind]:
                known = self.server.api.settle(request_id, Answer(body, failed=kind == "error"))
            case _:
                known = False
        self.answer(HTTPStatus.ACCEPTED if known else HTTPStatus.BAD_REQUEST, b"{}")
