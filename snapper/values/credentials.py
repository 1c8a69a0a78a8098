"""What proves to a server who we are, where that is not a password in the connection."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field


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
