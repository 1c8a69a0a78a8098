"""The Runtime API serves its own runtime; another user of the machine learns nothing by it."""

import urllib.request
from collections.abc import Iterator
from http import HTTPStatus
from urllib.error import HTTPError

import pytest

from local.runtime.api import PREFIX, Answer, Invocation, RuntimeApi

EVENT = Invocation("7", "arn", 0, b'{"a": 1}')


@pytest.fixture
def api() -> Iterator[RuntimeApi]:
    served = RuntimeApi()
    yield served
    served.close()


def ask(url: str, body: bytes | None = None) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(f"http://{url}", body) as answer:
            return answer.status, answer.read()
    except HTTPError as refused:
        return refused.code, refused.read()


def test_who_knows_the_token_gets_the_event_and_answers_it(api: RuntimeApi) -> None:
    api.submit(EVENT)
    assert ask(f"{api.address}/{PREFIX}invocation/next") == (HTTPStatus.OK, EVENT.event)
    assert ask(f"{api.address}/{PREFIX}invocation/7/response", b"[]")[0] == HTTPStatus.ACCEPTED
    assert EVENT.answer.result() == Answer(b"[]")


@pytest.mark.parametrize("guess", ["", "/", "/wrong"])
def test_nobody_else_does(guess: str, api: RuntimeApi) -> None:
    place, given = api.address.partition("/")[0], Invocation("8", "arn", 0, b"{}")
    api.submit(given)
    for path, body in (
        ("invocation/next", None),
        ("invocation/8/response", b"{}"),
        ("init/error", b"{}"),
    ):
        assert ask(f"{place}{guess}/{PREFIX}{path}", body)[0] == HTTPStatus.FORBIDDEN
    assert not given.answer.done()
    assert api.take() is given
