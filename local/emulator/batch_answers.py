"""How the emulator's AWS Batch answers, and what it is asked about."""

from http import HTTPStatus
from typing import Any

from ministack.core.responses import error_response_json
from ministack.services import batch

Reply = tuple[int, dict[str, str], bytes]


def name_in(reference: str) -> str:
    """Give the name in an ARN, or in what is one, without a revision.

    >>> name_in("arn:aws:batch:r:1:job-definition/a:3"), name_in("a")
    ('a', 'a')
    """
    return reference.rpartition("/")[2].split(":")[0]


def refused(fact: str) -> Reply:
    """Answer that the call was wrong."""
    answer: Reply = error_response_json("ClientException", fact, HTTPStatus.BAD_REQUEST)
    return answer


def done(**answer: Any) -> Reply:  # noqa: ANN401  what JSON holds
    """Answer that it is done."""
    reply: Reply = batch._json(HTTPStatus.OK, answer)
    return reply
