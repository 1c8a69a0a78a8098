"""While a deployment writes parameters one by one, a database is read right or not at all.

Whatever is not read comes back: a job to its queue, an event to its function.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cached_property
from typing import Any

import boto3
import pytest
from moto import mock_aws

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


def writing(ssm: Any, before: Layout, after: Layout) -> Iterator[None]:
    """Write as Pulumi does: what is new or changed, the table after all else, then what goes."""
    there = {each.path: each.value for each in (*before.texts, *before.table)}
    wanted = [*after.texts, *after.table]
    for each in wanted:
        if there.get(each.path) != each.value:
            put(ssm, each)
            yield
    for path in there.keys() - {each.path for each in wanted}:
        ssm.delete_parameter(Name=path)
        yield


def put(ssm: Any, each: Parameter) -> None:
    kind = "SecureString" if each.secret else "String"
    ssm.put_parameter(Name=each.path, Value=each.value, Type=kind, Overwrite=True)


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
    with mock_aws():
        ssm = boto3.client("ssm")
        for each in (*before.texts, *before.table):
            put(ssm, each)
        for _ in writing(ssm, before, after):
            for key in ("database-00", "database-01", "database-03"):
                try:
                    found = READERS[reader](ROOT, ssm).database(key)
                except SnapperError:
                    continue
                assert found in (possible[key], rotated[key])
            try:
                options = READERS[reader](ROOT, ssm).options()
            except SnapperError:
                continue
            assert len(options) in (len(FEW), len(MANY))
            assert options == {key: possible[key].options for key in options}
        if (change, reader) in SETTLED:
            last = READERS[reader](ROOT, ssm)
            assert [last.database(key).key for key in last.database_keys()]


def test_an_update_from_the_release_before_is_read_at_every_moment_by_either() -> None:
    """The older parameters are the last to go."""
    before, after = CHANGES["an update from the release before"]
    whole = {each.key: each.options for each in MANY}
    with mock_aws():
        ssm = boto3.client("ssm")
        for each in (*before.texts, *before.table):
            put(ssm, each)
        going = {each.path for each in before.texts}
        for _ in writing(ssm, before, after):
            assert Parameters(ROOT, ssm).database(MANY[3].key) == MANY[3]
            assert Parameters(ROOT, ssm).options() == whole
            pages = ssm.get_paginator("get_parameters_by_path").paginate(Path=ROOT, Recursive=True)
            there = {each["Name"] for page in pages for each in page["Parameters"]}
            if going <= there:
                assert Earlier(ROOT, ssm).database(MANY[3].key) == MANY[3]
                assert Earlier(ROOT, ssm).options() == whole
