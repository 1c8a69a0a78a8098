"""What is set on a database itself, and not in it: a dump of its content holds none of it."""

from dataclasses import dataclass, field, fields
from typing import Any, Self

PUBLIC = ""
"""The grantee that means everybody; no role has an empty name."""


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

    def __str__(self) -> str:
        """Say which it is, in the words of a message."""
        return f"{self.name or self.collate} of {self.provider}"


@dataclass(frozen=True)
class Right:
    """A right on the database; `grantable` if the grantee may hand it on."""

    grantee: str
    privilege: str
    grantable: bool


@dataclass(frozen=True)
class Setting:
    """What sessions in the database begin with: all of them, or with `role` those of one role.

    An application may keep a secret here, so the value is in no `repr`.
    """

    role: str
    name: str
    value: str = field(repr=False)

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

    @property
    def roles(self) -> tuple[str, ...]:
        """The roles that are named here."""
        named = {self.owner, *(right.grantee for right in self.rights)}
        named |= {setting.role for setting in self.settings}
        return tuple(sorted(named - {PUBLIC}))

    @classmethod
    def from_dict(cls, found: dict[str, Any]) -> Self:
        """Read what `dataclasses.asdict` gave; raise KeyError or TypeError if it is not that."""
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
