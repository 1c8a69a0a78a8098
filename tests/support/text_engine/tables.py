"""A text file has no tables."""

from collections.abc import Iterable, Iterator
from typing import NoReturn

from snapper.engines.facts import (
    Restoration,
    RestoreOptions,
    SomeTables,
    TableRehearsal,
    Wanted,
)
from snapper.errors import SettingsError
from snapper.values.manifest import Manifest


class NoTables:
    """Refuses to choose any, so nothing else is asked."""

    def choose(self, statements: Iterable[bytes], wanted: Wanted) -> SomeTables:
        raise SettingsError("a text file has no tables")

    def rehearse(self, target: str, manifest: Manifest, tables: SomeTables) -> TableRehearsal:
        _never()

    def restore(
        self,
        rows: Iterable[bytes],
        manifest: Manifest,
        target: str,
        tables: SomeTables,
        options: RestoreOptions,
    ) -> Restoration:
        _never()

    def as_sql(self, rows: Iterable[bytes], tables: SomeTables) -> Iterator[bytes]:
        _never()

    def as_csv(self, rows: Iterable[bytes], tables: SomeTables) -> Iterator[bytes]:
        _never()


def _never() -> NoReturn:
    raise AssertionError("nothing was chosen")
