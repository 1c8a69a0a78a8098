"""Databases in Parameter Store as a deployment lays them out, and a stage that has only one."""

from collections.abc import Iterable
from typing import Any

from snapper.aws.parameters import Parameters
from snapper.errors import AwsFailed
from snapper.values.layout import lay_out
from snapper.values.secrets import Database


class OneDatabase(Parameters):
    """Knows a single database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def database(self, key: str) -> Database:
        if key != self._database.key:
            raise AwsFailed(f"ssm:GetParameter of {key} failed: ParameterNotFound")
        return self._database


def store(ssm: Any, root: str, databases: Iterable[Database]) -> None:
    layout = lay_out(root, databases)
    for each in (*layout.texts, *layout.table):
        kind = "SecureString" if each.secret else "String"
        ssm.put_parameter(Name=each.path, Value=each.value, Type=kind, Overwrite=True)
