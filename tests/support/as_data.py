"""Databases that were added to a stage as data, in Parameter Store itself."""

from typing import Any

from snapper.aws.added import Added
from snapper.aws.adding import Change, change
from snapper.aws.store import Store
from snapper.values.options import Options
from snapper.values.rules import Retention
from snapper.values.secrets import Database

ROOT = "/snapper/prod"


def database(key: str, connection: str = "", **options: Any) -> Database:
    return Database(key, connection or f"postgresql://u:p@h/{key}", 7, options=Options(**options))


def added(ssm: Any) -> Added:
    return Added(ROOT, Store(ssm), lambda _: None)


def put(ssm: Any, *databases: Database) -> None:
    change(added(ssm), lambda _: Change(databases), lambda _: None)


def remove(ssm: Any, *keys: str) -> None:
    change(added(ssm), lambda _: Change(gone=frozenset(keys)), lambda _: None)


def everything(ssm: Any) -> dict[str, tuple[str, Retention, str]]:
    """Give what there is, as the functions read it: connection, count, options."""
    there = added(ssm)
    found = {}
    for key in there.rows:
        texts = there.texts(key)
        assert texts is not None
        row, connection, options = texts
        found[key] = connection, row.retention, options
    assert {key: text for key, (_, _, text) in found.items() if text} == there.options()
    return found


def names(ssm: Any) -> set[str]:
    return set(Store(ssm).all_below(f"{ROOT}/ADDED"))


def values(ssm: Any) -> str:
    return "\n".join(Store(ssm).value(name) for name in names(ssm))


def expected(*databases: Database) -> dict[str, tuple[str, Retention, str]]:
    return {
        each.key: (each.connection, each.retention, each.options.to_json()) for each in databases
    }
