"""A database's connection, read by libpq's own parser and handed on without showing its secrets."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Self

from psycopg2 import ProgrammingError
from psycopg2.extensions import make_dsn, parse_dsn

from snapper.engines.postgresql.conninfo.other_drivers import other_drivers
from snapper.errors import SettingsError
from snapper.values.credentials import Credentials, Login

PASSWORD = "password"  # noqa: S105  the keyword's name, not a password

UNSPEAKABLE = frozenset(
    {"sslpassword", "oauth_client_secret", "scram_client_key", "scram_server_key"}
)
"""Secrets that libpq takes from no environment variable, so pg_dump would show them in its argv."""

# libpq quotes the offending piece, which may be a piece of the password: only these words of its
# messages are ever passed on. Source: fe-connect.c of PostgreSQL 17.
_LIBPQ_FACTS = (
    'missing "="',
    "unterminated quoted string",
    "invalid percent-encoded token",
    "forbidden value %00",
    "invalid URI query parameter",
    "missing key/value separator",
    "extra key/value separator",
    "IPv6 host address may not be empty",
    'looking for matching "]"',
    "unexpected character",
    "invalid connection option",
    "unexpected spaces found",
)
_PLAINER = {
    'missing "="': "it must begin with postgresql:// or be host=… dbname=… pairs",
    "extra key/value separator": "a parameter has more than one '=': parameters are joined by '&', "
    "and a '=' within a value is written %3D",
    "missing key/value separator": "a parameter behind the '?' has no '='",
    "invalid URI query parameter": "behind the '?' stands a name that libpq does not know",
    "invalid connection option": "it has a name that libpq does not know: write "
    "postgresql://user:password@host/db, or host=… dbname=… user=… password=… with spaces between",
}

# What libpq takes for hosts and database: all between the user's "@" and the first "?".
_PLACE = re.compile(r"postgres(?:ql)?://(?:[^@/]*@)?([^?]*)")
_PORTS = re.compile(r"\s*[0-9]{0,5}\s*(?:,\s*[0-9]{0,5}\s*)*")
# A list of names and addresses; a path of sockets may hold anything.
_HOSTS = re.compile(r"(?:[^;&=?#\s]|,\s)*|[/@].*", re.DOTALL)
# What other clients write, or a URI without its "?", for libpq is all one name.
_CREDENTIALS = re.compile(r"://[^/@]*:[^@]*@|\b(?:password|passwd|pwd)\s*=", re.IGNORECASE)
_FORMS = "write postgresql://user:password@host/db?name=value&... or host=... password='...'"
_ENCODE = "a '/' in a user or password must be written %2F, an '@' anywhere %40"
_BARE_IPV6 = re.compile(r"[0-9a-f]*:[0-9a-f]*:[0-9a-f:]*(?:/|$)", re.IGNORECASE)


class ConnectionInvalid(SettingsError):
    """libpq cannot read the connection; the message holds no piece of it."""


@dataclass(frozen=True)
class Connection:
    """libpq's parameters by keyword; the password is apart, so that it cannot slip into an argv."""

    parameters: Mapping[str, str]
    password: str | None = field(default=None, repr=False)
    credentials: Credentials | None = field(default=None, repr=False)
    """What gives the password at each connecting, where that is not the connection itself."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a URI or keyword/value string; raise ConnectionInvalid if libpq would not."""
        if "\0" in text:  # where psycopg2 would end it without a word
            raise ConnectionInvalid("libpq cannot read the connection: a zero byte")
        try:
            parameters: dict[str, str] = parse_dsn(text)
        except (ProgrammingError, ValueError) as error:
            message = str(error)
            fact = next((known for known in _LIBPQ_FACTS if known in message), "unknown form")
            fact = other_drivers(text) or _PLAINER.get(fact, fact)
            raise ConnectionInvalid(f"libpq cannot read the connection: {fact}") from None
        if not parameters:
            raise ConnectionInvalid("the connection names no host and no database")
        if unspeakable := sorted(UNSPEAKABLE & parameters.keys()):
            raise ConnectionInvalid(
                f"the connection holds {', '.join(unspeakable)}, "
                "which pg_dump would show on its command line"
            )
        _refuse_misread(text, parameters)
        password = parameters.pop(PASSWORD, None)
        return cls(parameters, password)

    def conninfo(self, defaults: Mapping[str, object], **settings: str) -> str:
        """Give the string for `--dbname`: no password, `settings` over what the user wrote.

        `defaults` hold only where the user said nothing.
        """
        merged = {**{key: str(value) for key, value in defaults.items()}, **self.parameters}
        return str(make_dsn(**{**merged, **settings}))

    @property
    def text(self) -> str:
        """Give the whole connection, with its password: nothing to be shown or logged."""
        return str(make_dsn(**{**self.parameters, PASSWORD: self.password}))

    def environment(self) -> dict[str, str]:
        """Give the password as libpq reads it from a child's environment."""
        return {} if self.password is None else {"PGPASSWORD": self.password}

    def replace(self, **parameters: str) -> Self:
        """Give the same connection with other parameters, such as another `dbname`."""
        return replace(self, parameters={**self.parameters, **parameters})

    def of(self, login: Login) -> Self:
        """Give the same connection as somebody, with nothing more to ask for."""
        named = self.replace(user=login.user)
        return replace(named, password=login.password, credentials=None)

    @property
    def place(self) -> str:
        """The servers and database in words fit for a message.

        >>> Connection.parse("postgresql://me:secret@db.example:5433,other/orders").place
        'db.example:5433,other/orders'
        """
        host = self.parameters.get("host") or self.parameters.get("hostaddr") or "local socket"
        port = self.parameters.get("port", "")
        name = self.parameters.get("dbname") or self.parameters.get("user") or ""
        hosts, ports = host.split(","), port.split(",")
        if 1 < len(ports) == len(hosts):  # each host has its own
            each = zip(hosts, ports, strict=True)
            return f"{','.join(f'{one}:{at}' if at else one for one, at in each)}/{name}"
        return f"{host}{f':{port}' if port else ''}/{name}"


def _refuse_misread(text: str, parameters: Mapping[str, str]) -> None:
    """Refuse what libpq reads without complaint, but not as it was meant.

    Of a password with a raw "@" or "/" it would take the rest for a host, a port or a database,
    and so show it in every message that names the place. So it would a whole list of settings.
    """
    place = _PLACE.match(text)
    if place and "@" in place[1]:
        raise ConnectionInvalid(f"there is an '@' in the host or database name: {_ENCODE}")
    if not _PORTS.fullmatch(parameters.get("port", "")):
        if place and _BARE_IPV6.match(place[1]):
            raise ConnectionInvalid("an address of IPv6 in a URI stands in brackets: [2001:db8::1]")
        raise ConnectionInvalid(f"the port is not a number: {_ENCODE}")
    if not _HOSTS.fullmatch(parameters.get("host", "")):
        raise ConnectionInvalid(f"there is more than hosts in the host: {_FORMS}")
    for keyword, value in parameters.items():
        if keyword != PASSWORD and _CREDENTIALS.search(value):
            raise ConnectionInvalid(f"another connection, or a password, is in {keyword}: {_FORMS}")
