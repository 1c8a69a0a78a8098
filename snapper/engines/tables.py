"""What an engine knows of single tables: which of a dump make them, and how they go elsewhere."""

from collections.abc import Iterable, Iterator
from typing import Protocol

from snapper.engines.facts import (
    Restoration,
    RestoreOptions,
    SomeTables,
    TableRehearsal,
    Wanted,
)
from snapper.values.manifest import Manifest


class Tables(Protocol):
    """Takes some tables out of a dump, of which it is given only what it asks for."""

    def choose(self, statements: Iterable[bytes], wanted: Wanted) -> SomeTables:
        """Choose what makes the tables, from a dump or from what is in it beside rows.

        Raises SettingsError where a name is that of no table, or of more than one; RestoreFailed at
        what no dump holds.
        """
        ...

    def rehearse(self, target: str, manifest: Manifest, tables: SomeTables) -> TableRehearsal:
        """Look what of them is in the target; nothing is changed.

        Raises DatabaseUnreachable, DatabaseUnsupported.
        """
        ...

    def restore(
        self,
        rows: Iterable[bytes],
        manifest: Manifest,
        target: str,
        tables: SomeTables,
        options: RestoreOptions,
    ) -> Restoration:
        """Make the tables and fill them: all of it, or nothing. No thing that is there is changed.

        `rows` is a dump of at least the parts that these tables have. Raises RestoreFailed,
        DatabaseUnreachable, or whatever the dump raises; the target is then as it was.
        """
        ...

    def as_sql(self, rows: Iterable[bytes], tables: SomeTables) -> Iterator[bytes]:
        """Write what makes the tables as a script of the engine's own client."""
        ...

    def as_csv(self, rows: Iterable[bytes], tables: SomeTables) -> Iterator[bytes]:
        """Write the rows of one table, with the names of its columns in the first line."""
        ...
