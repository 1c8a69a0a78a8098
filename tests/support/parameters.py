"""The parameters of a stage that has one database."""

from snapper.aws.parameters import Parameters
from snapper.errors import AwsFailed
from snapper.values.secrets import Database


class OneDatabase(Parameters):
    """Knows a single database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def database(self, key: str) -> Database:
        if key != self._database.key:
            raise AwsFailed(f"ssm:GetParameter of {key} failed: ParameterNotFound")
        return self._database
