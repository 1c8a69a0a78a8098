"""While a deployment writes parameters one by one, a database is read right or not at all.

Whatever is not read comes back: a job to its queue, an event to its function.
"""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from posixpath import dirname
from typing import Any

import pytest
from botocore.exceptions import ClientError

from snapper.aws.parameters import Parameters
from snapper.errors import SnapperError
from snapper.values.layout import Layout, Parameter, lay_out
from snapper.values.options import Options
from snapper.values.secrets import Database
from snapper.values.table import Row, write_table

ROOT = "/snapper/prod"
EXCLUDING = Options(exclude_table_data=("public.events",))


def databases(number: int, version: int = 1) -> list[Database]:
    """Each third has options, by which less is dumped."""
    return [
        Database(
            f"database-{n:02}",
            f"postgresql://u:{version}-{n}@h/{'x' * 300}",
            7,
            options=EXCLUDING if n % 3 == 0 else Options(),
        )
        for n in range(number)
    ]


def one_by_one(databases: Iterable[Database]) -> Layout:
    """Lay them out as the release before does."""
    texts, rows = [], {}
    for each in databases:
        path = f"{ROOT}/DATABASE_CONN_STRINGS/{each.key}"
        texts.append(Parameter("", path, each.connection, secret=True))
        if options := each.options.to_json():
            path = f"{ROOT}/OPTIONS/{each.key}"
            texts.append(Parameter("", path, options, secret=False))
        rows[each.key] = Row(each.retention, each.kind, bool(options))
    return Layout(
        tuple(texts),
        tuple(
            Parameter("", f"{ROOT}/DATABASES/{number}", piece, secret=True)
            for number, piece in enumerate(write_table(rows), 1)
        ),
    )


class Earlier(Parameters):
    """Reads as the release before does, which knows no pieces."""

    @cached_property
    def _table(self) -> dict[str, Row]:
        return {
            key: replace(row, connection_in=None, options_in=None)
            for key, row in super()._table.items()
        }


class Store:
    """Parameter Store as far as it is read: it only keeps what it is given."""

    def __init__(self, *layouts: Layout) -> None:
        self.values = {
            each.path: each.value for one in layouts for each in (*one.texts, *one.table)
        }

    def get_parameter(self, *, Name: str, **_: object) -> dict[str, Any]:  # noqa: N803  boto3's
        if Name not in self.values:
            raise ClientError({"Error": {"Code": "ParameterNotFound"}}, "GetParameter")
        return {"Parameter": {"Value": self.values[Name]}}

    def get_paginator(self, _: str) -> "Store":
        return self

    def paginate(self, *, Path: str, **_: object) -> list[dict[str, Any]]:  # noqa: N803  boto3's
        below = {name: value for name, value in self.values.items() if dirname(name) == Path}
        return [{"Parameters": [{"Name": name, "Value": below[name]} for name in below]}]

    def writing(self, after: Layout) -> Iterator[None]:
        """Write as Pulumi does: what is new or changed, the table after it, then what goes."""
        wanted = {each.path: each.value for each in (*after.texts, *after.table)}
        for path, value in wanted.items():
            if self.values.get(path) != value:
                self.values[path] = value
                yield
        for path in self.values.keys() - wanted.keys():
            del self.values[path]
            yield


FEW, MANY, ROTATED = databases(6), databases(24), databases(24, version=2)
CHANGES = {
    "an update from the release before": (one_by_one(MANY), lay_out(ROOT, MANY)),
    "more pieces": (lay_out(ROOT, FEW), lay_out(ROOT, MANY)),
    "fewer pieces": (lay_out(ROOT, MANY), lay_out(ROOT, FEW)),
    "every password": (lay_out(ROOT, MANY), lay_out(ROOT, ROTATED)),
    "back to the release before": (lay_out(ROOT, MANY), one_by_one(MANY)),
}
READERS = {"this release": Parameters, "the release before": Earlier}
# Whoever still runs the older code when its parameters go fails, and comes back to the newer.
SETTLED = {(change, "this release") for change in CHANGES} | {
    ("back to the release before", "the release before")
}


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("change", CHANGES)
def test_no_moment_of_a_change_shows_a_part_for_the_whole(change: str, reader: str) -> None:
    before, after = CHANGES[change]
    possible = {each.key: each for each in MANY}
    rotated = {each.key: each for each in ROTATED}
    store, read = Store(before), READERS[reader]
    for _ in store.writing(after):
        for key in possible:
            with suppress(SnapperError):
                assert read(ROOT, store).database(key) in (possible[key], rotated[key])
        with suppress(SnapperError):
            options = read(ROOT, store).options()
            assert len(options) in (len(FEW), len(MANY))
            assert options == {key: possible[key].options for key in options}
    if (change, reader) in SETTLED:
        last = read(ROOT, store)
        assert all(last.database(key).connection for key in last.database_keys())


def test_an_update_from_the_release_before_is_read_at_every_moment_by_either() -> None:
    """The older parameters are the last to go."""
    before, after = CHANGES["an update from the release before"]
    store = Store(before)
    for _ in store.writing(after):
        readers = [Parameters(ROOT, store)]
        if all(each.path in store.values for each in before.texts):
            readers.append(Earlier(ROOT, store))
        for reader in readers:
            assert [reader.database(each.key) for each in MANY] == MANY
            assert reader.options() == {each.key: each.options for each in MANY}
