"""What a restore for the proof has shown, beyond that the server took the whole dump."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from snapper.values import document

_MANY = 100
_LONGEST = 1_000
_LONGEST_ASSERTION = 10_000
_NAMES = ("extensions", "tables", "denied", "refused")


@dataclass(frozen=True)
class Lacking:
    """Extensions that the server did not have, and what of the backup was left out with them.

    `left_out` says how many of each kind, such as `table`; `tables` names the first of those.
    `denied` is what only a superuser may make, such as `type public.box3`, and was left out too;
    `refused` is what this server does not take, of a newer major or built without XML.
    """

    extensions: tuple[str, ...]
    left_out: Mapping[str, int] = field(default_factory=dict)
    tables: tuple[str, ...] = ()
    denied: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Keep no more than is read back."""
        for name in _NAMES:
            kept = tuple(each[:_LONGEST] for each in getattr(self, name)[:_MANY])
            object.__setattr__(self, name, kept)

    def __str__(self) -> str:
        """Say it in a few words.

        >>> print(Lacking(("postgis",), {"table": 3, "index": 1}))
        postgis: 3 tables, 1 index
        >>> print(Lacking(("pg_cron", "postgis")))
        pg_cron and postgis
        >>> print(Lacking((), {"table": 2}, (), ("type public.widget",)))
        what only a superuser may make: 2 tables
        >>> print(Lacking((), {"view": 1}, (), (), ("view public.waits",)))
        what this PostgreSQL does not take: 1 view
        """
        what = ", ".join(f"{count:,} {_plural(kind, count)}" for kind, count in self._sorted())
        denied = ("what only a superuser may make",) if self.denied else ()
        refused = ("what this PostgreSQL does not take",) if self.refused else ()
        reasons = " and ".join((*self.extensions, *denied, *refused))
        return reasons + (f": {what}" if what else "")

    def _sorted(self) -> list[tuple[str, int]]:
        """Give tables first, and then what there is most of."""
        return sorted(self.left_out.items(), key=lambda one: (one[0] != "table", -one[1], one[0]))

    def to_dict(self) -> dict[str, Any]:
        """Give it as JSON values."""
        named = {name: list(getattr(self, name)) for name in _NAMES}
        return {**named, "left_out": dict(self._sorted())}

    @classmethod
    def from_dict(cls, found: Mapping[str, Any]) -> Self:
        """Read it; raises ValueError, KeyError and TypeError for nonsense."""
        left_out = found["left_out"]
        if not isinstance(left_out, dict) or len(left_out) > _MANY:
            raise TypeError
        return cls(
            _texts(found["extensions"], _LONGEST),
            {document.text(kind, _LONGEST): document.size(n) for kind, n in left_out.items()},
            _texts(found["tables"], _LONGEST),
            _texts(found["denied"], _LONGEST),
            _texts(found["refused"], _LONGEST),
        )


@dataclass(frozen=True)
class Proof:
    """What was held against the restored copy, and was so.

    As many tables were `compared` with the list of the backup's contents, and hold as many rows;
    None where it has no list. Each of the `assertions` gave true. `server` is the version of the
    server; what it was `lacking` is not proven.
    """

    server: str
    compared: int | None = None
    assertions: tuple[str, ...] = ()
    lacking: Lacking | None = None

    def __post_init__(self) -> None:
        """Keep no more than is read back."""
        kept = tuple(each[:_LONGEST_ASSERTION] for each in self.assertions[:_MANY])
        object.__setattr__(self, "assertions", kept)

    def to_dict(self) -> dict[str, Any]:
        """Give it as JSON values."""
        lacking = self.lacking.to_dict() if self.lacking else None
        return {**asdict(self), "assertions": list(self.assertions), "lacking": lacking}

    @classmethod
    def from_dict(cls, found: Mapping[str, Any]) -> Self:
        """Read what `to_dict` gave; raises ValueError, KeyError and TypeError for nonsense."""
        compared, lacking = found["compared"], found["lacking"]
        return cls(
            document.word(found["server"]),
            None if compared is None else document.size(compared),
            _texts(found["assertions"], _LONGEST_ASSERTION),
            None if lacking is None else Lacking.from_dict(lacking),
        )


def _texts(found: object, longest: int) -> tuple[str, ...]:
    if not isinstance(found, list) or len(found) > _MANY:
        raise TypeError
    return tuple(document.text(each, longest) for each in found)


def _plural(kind: str, count: int) -> str:
    if count == 1:
        return kind
    if kind.endswith(("s", "x")):
        return f"{kind}es"
    return f"{kind[:-1]}ies" if kind.endswith("y") else f"{kind}s"
