"""What PostgreSQL adds to a manifest: read strictly, and written as it is read."""

from dataclasses import asdict, dataclass
from typing import Any, Self

from snapper.engines.postgresql.inspecting.properties import Locale, Properties
from snapper.engines.postgresql.inspecting.release import release
from snapper.engines.postgresql.newer_majors import newer
from snapper.engines.postgresql.omitting import omitted
from snapper.errors import BackupDamaged
from snapper.values import document
from snapper.values.manifest import Manifest
from snapper.values.omission import Omission

_USUAL_PATH = '"$user", public'
_LONGEST_PATH = 10_000


@dataclass(frozen=True)
class Recorded:
    """The fields of a manifest that only PostgreSQL reads.

    `roles` are those that own something in the database or have a right on it, which a dump names
    but does not hold. `properties` is what is set on the database itself, which a dump neither
    names nor holds; `omitted` is what a dump leaves out of it; `search_path` those that its
    sessions have, one behind the other; `refused` is what newer majors do not take. Backups of
    Snappers that did not know these lack them.
    """

    pg_dump_version: str
    encoding: str
    roles: tuple[str, ...]
    properties: Properties | None = None
    omitted: tuple[Omission, ...] | None = None
    search_path: str = ""
    refused: tuple[newer.Refused, ...] | None = None

    @property
    def locale(self) -> Locale | None:
        """The locale of the database, where it is known."""
        return self.properties.locale if self.properties else None

    @property
    def path(self) -> str:
        """The search_path that sessions of the source had, as far as it is known."""
        return self.search_path or _USUAL_PATH

    @classmethod
    def of(cls, manifest: Manifest) -> Self:
        """Read them; raise BackupDamaged if they are not as they were written."""
        part = manifest.part
        try:
            roles, properties = part["roles"], part.get("properties")
            left_out, refused = part.get("omitted"), part.get("refused")
            if not isinstance(roles, list):
                raise TypeError
            return cls(
                pg_dump_version=document.word(part["pg_dump_version"]),
                encoding=document.word(part["encoding"]),
                roles=tuple(map(document.name, roles)),
                properties=None if properties is None else Properties.from_dict(properties),
                omitted=None if left_out is None else omitted.from_part(left_out),
                search_path=document.text(part.get("search_path", ""), _LONGEST_PATH),
                refused=None if refused is None else newer.from_part(refused),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise BackupDamaged(
                f"the manifest {manifest.key} is not as Snapper writes one: {_words(error)}"
            ) from None

    def to_part(self) -> dict[str, Any]:
        """Give them as JSON values."""
        plain = dict(vars(self))
        if self.properties:
            plain["properties"] = asdict(self.properties)
            for name in ("rights", "settings"):
                plain["properties"][name] = list(plain["properties"][name])
        left_out = None if self.omitted is None else omitted.to_part(self.omitted)
        refused = None if self.refused is None else newer.to_part(self.refused)
        return {**plain, "roles": list(self.roles), "omitted": left_out, "refused": refused}

    def public(self) -> dict[str, Any]:
        """Give the same without the values of settings, any of which may be a secret."""
        plain = self.to_part()
        for setting in (plain["properties"] or {}).get("settings", ()):
            del setting["value"]
        return plain


def _words(error: Exception) -> str:
    """Say what is wrong, without a word of what stands there."""
    return str(error) if type(error) is ValueError else "what PostgreSQL adds is not as it was"


def major_of(manifest: Manifest) -> int:
    """Give the major release of the server that was dumped."""
    return release(manifest.server_version)[0]
