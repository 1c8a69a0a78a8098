"""Makes a chosen call to AWS fail in a chosen way, at the very place where it would be sent.

A fault is data: which call, how, how often. `Injection.into(client)` listens to botocore's own
`before-send`, once per attempt: so retries, checksums and parsing are the real ones, and what is
"applied" has really been done by the cloud before its answer is lost.
"""

import io
import os
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NoReturn
from urllib.parse import parse_qs, urlsplit

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import ConnectionClosedError, ConnectTimeoutError, ReadTimeoutError

Send = Callable[[], AWSResponse]

FOR_GOOD = 1_000_000


@dataclass(frozen=True)
class Fault:
    """The `times` first attempts of a call fail; with FOR_GOOD every later call of its kind too."""

    call: str
    kind: str
    times: int = 1

    def __str__(self) -> str:
        often = "for good" if self.times == FOR_GOOD else f"{self.times} x"
        return f"{self.call}: {self.kind}, {often}"


@dataclass
class Injection:
    """Names all calls, "s3:UploadPart 2" for the second, and lets some of them fail."""

    faults: tuple[Fault, ...] = ()
    calls: list[str] = field(default_factory=list)
    hits: Counter[Fault] = field(default_factory=Counter)
    _names: dict[str, str] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def into(self, client: Any) -> Any:
        """Let all calls of the client go through here, and give it back."""
        service = client.meta.service_model.service_name

        def intercept(request: AWSPreparedRequest, event_name: str, **_: Any) -> Any:
            call = f"{service}:{event_name.rpartition('.')[2]}"
            return self._attempt(call, request, lambda: client._endpoint.http_session.send(request))

        client.meta.events.register(f"before-send.{service}", intercept)
        return client

    def _attempt(self, operation: str, request: AWSPreparedRequest, send: Send) -> Any:
        with self._lock:
            call = self._name(operation, request)
            fault = next((f for f in self.faults if self._strikes(f, call)), None)
            if fault is None:
                return None
            self.hits[fault] += 1
        return KINDS[fault.kind](request, send)

    def _name(self, operation: str, request: AWSPreparedRequest) -> str:
        # All attempts of one call have the same identity.
        identity = request.headers["amz-sdk-invocation-id"]
        if (name := self._names.get(str(identity))) is None:
            # Parts are sent at once, in any order: they have numbers of their own.
            part = parse_qs(urlsplit(request.url).query).get("partNumber", [""])[0]
            number = part or sum(each.startswith(f"{operation} ") for each in self.calls) + 1
            name = self._names[str(identity)] = f"{operation} {number}"
            self.calls.append(name)
        return name

    def _strikes(self, fault: Fault, call: str) -> bool:
        if fault.times == FOR_GOOD:
            operation, number = call.split(" ")
            first_operation, first = fault.call.split(" ")
            return operation == first_operation and int(number) >= int(first)
        return fault.call == call and self.hits[fault] < fault.times


class _Raw(io.BytesIO):
    """A body as urllib3 hands it on."""

    def stream(self, amount: int = 1 << 16, **_: object) -> Iterator[bytes]:
        while block := self.read(amount):
            yield block


def _answer(request: AWSPreparedRequest, status: int, body: bytes) -> AWSResponse:
    return AWSResponse(request.url, status, {"content-length": str(len(body))}, _Raw(body))


def _refusing(status: int, code: str, json_code: str = "") -> Callable[..., AWSResponse]:
    """Refuse in the words of the service: S3 speaks XML, SSM and SQS JSON."""

    def refuse(request: AWSPreparedRequest, _: Send) -> AWSResponse:
        message = "injected by a test"
        if "x-amz-target" in {name.lower() for name in request.headers}:
            body = f'{{"__type": "{json_code or code}", "message": "{message}"}}'
        else:
            body = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
        return _answer(request, status, body.encode())

    return refuse


def _refusing_within_200(request: AWSPreparedRequest, _: Send) -> AWSResponse:
    return _refusing(200, "InternalError")(request, _)


def _closed(request: AWSPreparedRequest) -> NoReturn:
    raise ConnectionClosedError(endpoint_url=request.url, request=request, error="reset by peer")


def _reset(request: AWSPreparedRequest, _: Send) -> NoReturn:
    _closed(request)


def _reset_after(request: AWSPreparedRequest, send: Send) -> NoReturn:
    send()
    _closed(request)


def _no_connection(request: AWSPreparedRequest, _: Send) -> NoReturn:
    raise ConnectTimeoutError(endpoint_url=request.url, request=request, error="timed out")


def _silence(request: AWSPreparedRequest, send: Send) -> NoReturn:
    send()
    raise ReadTimeoutError(endpoint_url=request.url, request=request, error="read timed out")


def _truncated(request: AWSPreparedRequest, send: Send) -> AWSResponse:
    """Give half of the answer as if it were all; half of an empty one is a lost connection."""
    answer = send()
    if not answer.content:
        _closed(request)
    return AWSResponse(
        request.url,
        answer.status_code,
        dict(answer.headers),
        _Raw(answer.content[: len(answer.content) // 2]),
    )


def _emptied(request: AWSPreparedRequest, send: Send) -> AWSResponse:
    """Do what was asked and answer 200 with nothing in it, as a proxy that lost the body does."""
    return _answer(request, send().status_code, b"")


def _corrupted(request: AWSPreparedRequest, send: Send) -> AWSResponse:
    """Flip one bit of what is sent; only a checksum can tell."""
    whole, reset = request.body, request.reset_stream
    if not whole:
        return send()
    content = bytearray(whole if isinstance(whole, bytes) else whole.read())
    content[len(content) // 3] ^= 4
    request.body = bytes(content)
    try:
        return send()
    finally:
        request.body = whole
        reset()


def _die(request: AWSPreparedRequest, _: Send) -> NoReturn:
    os.killpg(0, signal.SIGKILL)
    raise AssertionError("the process lives")


def _die_after(request: AWSPreparedRequest, send: Send) -> NoReturn:
    send()
    _die(request, send)


KINDS: dict[str, Callable[[AWSPreparedRequest, Send], AWSResponse]] = {
    "500": _refusing(500, "InternalError", "InternalServerError"),
    "503 slow down": _refusing(503, "SlowDown", "ThrottlingException"),
    "connection reset before": _reset,
    "connection reset after": _reset_after,
    "no connection in time": _no_connection,
    "no answer in time": _silence,
    "truncated answer": _truncated,
    "empty answer": _emptied,
    "403": _refusing(403, "AccessDenied", "AccessDeniedException"),
    "expired token": _refusing(400, "ExpiredToken", "ExpiredTokenException"),
    "wrong checksum": _refusing(400, "BadDigest", "InvalidParameterValue"),
    "key disabled": _refusing(400, "KMS.DisabledException"),
    "bit flipped": _corrupted,
    "error within 200": _refusing_within_200,
    "killed before": _die,
    "killed after": _die_after,
}
"""What can happen to one attempt of a call."""

ANSWERS = tuple(
    kind for kind in KINDS if not kind.startswith(("killed", "key", "bit", "error within"))
)
"""The kinds that any call can meet."""

BODIES = ("s3:PutObject", "s3:UploadPart")
"""The calls whose bytes matter: theirs can be altered on the way."""


def kinds_for(call: str) -> tuple[str, ...]:
    """Give every kind of answer that the call can meet."""
    more = ("bit flipped",) if call.startswith(BODIES) else ()
    return ANSWERS + more + (("error within 200",) if "CompleteMultipartUpload" in call else ())
