"""What is known of the text of an engine's dumps: how it is parted, without a server."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol

from snapper.engines.following import Following
from snapper.values.difference import Definition
from snapper.values.manifest import Manifest


class Sections(Protocol):
    """Reads pieces of a dump as far as what is in the vault has to be understood."""

    def rows_begin(self, beginning: bytes) -> int | None:
        """Give where the rows begin in the first bytes of a table's part; None if not in these.

        Raises ValueError if these bytes load no table.
        """
        ...

    def rows_end(self) -> bytes:
        """Give what stands behind the rows in a table's part."""
        ...

    def follow(self, part: Mapping[str, Any]) -> Following:
        """Give what tells rows from what lies between while a dump flows by.

        `part` is what the server's facts have for the engine's own part of the manifest.
        """
        ...

    def defines(self, kind: str) -> bool:
        """Tell whether statements of this kind say what an object is, and are no data."""
        ...

    def definitions(self, pieces: Iterable[bytes], manifest: Manifest) -> Iterator[Definition]:
        """Give the definitions of objects in what a dump has between its rows, and in the manifest.

        Raises RestoreFailed where it is not to be understood.
        """
        ...
