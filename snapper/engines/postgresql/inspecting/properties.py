"""What is set on a database itself, and not in it: a dump of its content holds none of it.

A manifest may be forged, and SQL is made of this. So nothing can be made here that PostgreSQL could
not have said: whoever tries gets a ValueError.
"""

import re
from dataclasses import dataclass, field, fields
from typing import Any, Self

from snapper.values import document

PUBLIC = ""
"""The grantee that means everybody; no role has an empty name."""


PROVIDERS = frozenset({"libc", "icu", "builtin"})
PRIVILEGES = frozenset({"CONNECT", "CREATE", "TEMPORARY"})

_LONGEST_LOCALE = 255
_LARGEST_LIMIT = 2**31 - 1

# Servers before 14 also let names be set that hold a hyphen.
_PART = r"[A-Za-z_\u00a0-\U0010ffff][\w$\u00a0-\U0010ffff-]*"
_SETTING = re.compile(rf"{_PART}(?:\.{_PART})*")
_LONGEST_SETTING = 255


@dataclass(frozen=True)
class Locale:
    """How a database sorts and classifies texts; `provider` is libc, icu or builtin.

    `name` is the provider's own locale and `rules` are those added to it; empty where it has none.
    """

    provider: str
    collate: str
    ctype: str
    name: str
    rules: str

    def __post_init__(self) -> None:
        """Refuse what no server has."""
        if self.provider not in PROVIDERS:
            raise ValueError("no provider of locales")
        for each in (self.collate, self.ctype, self.name):
            if not document.text(each, _LONGEST_LOCALE).isprintable():
                raise ValueError("no locale")
        document.text(self.rules)

    def __str__(self) -> str:
        """Say which it is, in the words of a message."""
        return f"{self.name or self.collate} of {self.provider}"


@dataclass(frozen=True)
class Right:
    """A right on the database; `grantable` if the grantee may hand it on."""

    grantee: str
    privilege: str
    grantable: bool

    def __post_init__(self) -> None:
        """Refuse what no server has."""
        if self.privilege not in PRIVILEGES:
            raise ValueError("no right on a database")
        if self.grantee != PUBLIC:
            document.name(self.grantee)


@dataclass(frozen=True)
class Setting:
    """What sessions in the database begin with: all of them, or with `role` those of one role.

    An application may keep a secret here, so the value is in no `repr`.
    """

    role: str
    name: str
    value: str = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse what no server has."""
        if not _SETTING.fullmatch(document.text(self.name, _LONGEST_SETTING)):
            raise ValueError("no name of a setting")
        if self.role:
            document.name(self.role)
        document.text(self.value)

    @property
    def custom(self) -> bool:
        """Whether it is an application's or an extension's own: such a value may be a secret."""
        return "." in self.name


@dataclass(frozen=True)
class Properties:
    """All that is set on one database; `comment` is empty and `connection_limit` -1 for none."""

    owner: str
    locale: Locale
    connection_limit: int
    comment: str
    rights: tuple[Right, ...]
    settings: tuple[Setting, ...]
    is_template: bool = False

    def __post_init__(self) -> None:
        """Refuse what no server has."""
        document.name(self.owner)
        document.text(self.comment)
        if not -1 <= self.connection_limit <= _LARGEST_LIMIT:
            raise ValueError("no limit of connections")

    @property
    def roles(self) -> tuple[str, ...]:
        """The roles that are named here."""
        named = {self.owner, *(right.grantee for right in self.rights)}
        named |= {setting.role for setting in self.settings}
        return tuple(sorted(named - {PUBLIC}))

    @classmethod
    def from_dict(cls, found: dict[str, Any]) -> Self:
        """Read what `asdict` gave; raise KeyError, TypeError, ValueError if it is not that."""
        # Backups of Snappers that did not know it lack the last one.
        found = {"is_template": False, **found}
        return cls(
            locale=Locale(**_plain(Locale, found["locale"])),
            rights=tuple(Right(**_plain(Right, each)) for each in found["rights"]),
            settings=tuple(Setting(**_plain(Setting, each)) for each in found["settings"]),
            **_plain(cls, found),
        )


def _plain(kind: type, found: dict[str, Any]) -> dict[str, Any]:
    """Give the fields that hold a text, a number or a truth, each of its own kind."""
    plain = {each.name: each.type for each in fields(kind) if each.type in (str, int, bool)}
    values = {name: found[name] for name in plain}
    if any(type(values[name]) is not plain[name] for name in plain):
        raise TypeError
    return values
