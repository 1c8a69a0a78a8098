"""What proves to a server who we are, where that is not a password in the connection."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

_SECRET = re.compile(
    r"arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:[\w/+=.@!-]+-[A-Za-z0-9]{6}", re.ASCII
)


@dataclass(frozen=True)
class Door:
    """Where somebody wants to come in, and as whom; an empty user is for the credentials to say."""

    host: str
    port: int
    user: str


@dataclass(frozen=True)
class Login:
    """A user and what to say as its password."""

    user: str
    password: str = field(repr=False)


Credentials = Callable[[Door], Iterator[Login]]
"""Gives what to try, the best first, each made or read only when it is asked for."""


def secret_fault(text: str) -> str:
    """Give the end of a sentence on what is no ARN of a secret in Secrets Manager."""
    return (
        "" if _SECRET.fullmatch(text) else "must be the whole ARN, with the end that AWS has made"
    )
