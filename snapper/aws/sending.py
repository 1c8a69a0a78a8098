"""The calls that make an object ask its stream first, and replace nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol


class Readable(Protocol):
    """A stream that raises rather than end early: an empty read means complete."""

    def read(self, size: int = -1, /) -> bytes:
        """Give exactly `size` bytes, or fewer at the true end; without a size all that is left."""
        ...

    def check(self) -> None:
        """Raise if nobody waits for the stream any more: no part of it is then sent again."""
        ...

    def commit(self) -> None:
        """Raise as `check` does, or count as done: the call that makes the object is sent."""
        ...


@contextmanager
def checked(client: Any, stream: Readable) -> Iterator[None]:  # noqa: ANN401  boto3 has no types
    """Ask the stream before every attempt to send: retries must not outlive a deadline."""

    def check(**_: object) -> None:
        stream.check()

    def commit(**_: object) -> None:
        stream.commit()

    asked = {"UploadPart": check, "CompleteMultipartUpload": commit, "PutObject": commit}
    for call, ask in asked.items():
        client.meta.events.register(f"before-send.s3.{call}", ask)
    try:
        yield
    finally:
        for call, ask in asked.items():
            client.meta.events.unregister(f"before-send.s3.{call}", ask)


@contextmanager
def never_over(client: Any) -> Iterator[None]:  # noqa: ANN401  boto3 has no types
    """Have the calls that make an object refuse to replace one: s3transfer has no argument for it.

    Only `If-None-Match`: for `If-Match` S3 would ask for the right to read backups.
    """

    def add(params: dict[str, Any], **_: object) -> None:
        params["IfNoneMatch"] = "*"

    events = [
        f"provide-client-params.s3.{call}" for call in ("PutObject", "CompleteMultipartUpload")
    ]
    for event in events:
        client.meta.events.register(event, add)
    try:
        yield
    finally:
        for event in events:
            client.meta.events.unregister(event, add)
