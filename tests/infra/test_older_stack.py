"""A stack of an older release is brought up to date on Pulumi's real engine.

It had a parameter for each connection and each database's options. The update must lose none of
them, and the functions must find each at every moment of it.
"""

from typing import Any

import pytest

from local.emulator.cloud import Cloud
from snapper.aws.parameters import Parameters
from snapper.machine.children import ROOT
from snapper.values.secrets import Database
from snapper.values.settings import parameter_root
from tests.support.pulumi import installation
from tests.support.pulumi.provider import Call
from tests.support.pulumi.workspace import Workspace

installation.need()

pytestmark = pytest.mark.long

KEYS = [f"database-{number:02}" for number in range(40)]
STAGE = "older"

OLDER = '''\
"""Our program, but for how it lays the databases out."""
from pathlib import Path

from infra import secrets
from snapper.values.layout import Layout, Parameter
from snapper.values.table import Row, write_table


def one_by_one(root, databases):
    texts, rows = [], {}
    for each in databases:
        key, options = each.key, each.options.to_json()
        path = f"{root}/DATABASE_CONN_STRINGS/{key}"
        texts.append(Parameter(f"{key}-connection", path, each.connection, secret=True))
        if options:
            path = f"{root}/OPTIONS/{key}"
            texts.append(Parameter(f"{key}-options", path, options, secret=False))
        rows[key] = Row(each.retention, each.kind, bool(options))
    (table,) = write_table(rows)
    return Layout(texts, [Parameter("table-1", f"{root}/DATABASES/1", table, secret=True)])


secrets.lay_out = one_by_one
exec(Path("current.py").read_text())
'''


class Update:
    """What was there before and after, and what the update did in which order."""

    def __init__(self, workspace: Workspace, cloud: Cloud) -> None:
        program = workspace.directory / "project" / "__main__.py"
        current = program.with_name("current.py")
        stack = workspace.stack(
            STAGE,
            DATABASE_CONN_STRINGS="|".join(
                f"{key},postgresql://u:secret-{key}@nowhere.invalid/{'x' * 60},POSTGRES"
                for key in KEYS
            ),
            BACKUP_STORAGE_DATA="|".join(f"{key},{n}" for n, key in enumerate(KEYS, 2)),
        )
        for key in KEYS[::2]:
            place = ("--plaintext", "--path", f"databases.{key}.timeout", "600")
            stack.run("config", "set", *place).must_be_good()
        try:
            program.unlink()
            program.write_text(OLDER)
            current.symlink_to(ROOT / "__main__.py")
            stack.up().must_be_good()
        finally:
            program.unlink()
            current.unlink()
            program.symlink_to(ROOT / "__main__.py")
        self.before = known(cloud)
        workspace.provider.take_calls()
        stack.up().must_be_good()
        self.calls = [call for call in workspace.provider.take_calls() if "ssm" in call.type]
        self.after = known(cloud)
        self.again = stack.up("--expect-no-changes")
        stack.destroy().must_be_good()
        self.left = paths(cloud)


def known(cloud: Cloud) -> dict[str, Database]:
    parameters = Parameters(parameter_root(STAGE), cloud.client("ssm"))
    return {key: parameters.database(key) for key in parameters.database_keys()}


def paths(cloud: Cloud) -> list[str]:
    pages = cloud.client("ssm").get_paginator("get_parameters_by_path")
    path = parameter_root(STAGE)
    return [
        each["Name"]
        for page in pages.paginate(Path=path, Recursive=True)
        for each in page["Parameters"]
    ]


@pytest.fixture(scope="module")
def update(workspace: Workspace, cloud: Cloud) -> Update:
    return Update(workspace, cloud)


def numbers(calls: list[Call], verb: str, *words: str) -> list[int]:
    return [
        number
        for number, call in enumerate(calls)
        if call.verb == verb and any(word in call.name for word in words)
    ]


def test_every_value_is_kept_and_none_is_lost(update: Update) -> None:
    assert list(update.before) == KEYS
    assert update.after == update.before
    assert all(each.connection for each in update.after.values())
    assert {each.options.timeout for each in update.after.values()} == {0, 600}


def test_the_pieces_are_there_before_the_table_and_the_old_ones_until_after_it(
    update: Update,
) -> None:
    pieces = numbers(update.calls, "create", "-connections-", "-options-")
    (table,) = numbers(update.calls, "update", "-table-1")
    gone = numbers(update.calls, "delete", "-connection", "-options")
    assert len(gone) == len(KEYS) + len(KEYS[::2])
    assert max(pieces) < table < min(gone)


def test_afterwards_there_is_nothing_to_change_and_nothing_left(update: Update) -> None:
    assert update.again.code == 0
    assert update.left == []


def test_the_pieces_are_few(update: Update) -> None:
    made: list[Any] = numbers(update.calls, "create", "-connections-", "-options-")
    assert len(made) < 8
