"""The secrets of a stage in SSM Parameter Store, read one database at a time."""

from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Self

from snapper.aws import client as aws
from snapper.aws.credentials import credentials_of
from snapper.errors import SecretsInvalid
from snapper.values.manifest import FIRST_ENGINE
from snapper.values.options import SETTING, UNSET, Options, OptionsInvalid
from snapper.values.packing import unpack
from snapper.values.secrets import Database, read_count
from snapper.values.settings import (
    RETENTIONS,
    connection_parameter,
    connection_piece,
    databases_path,
    options_parameter,
    options_path,
    options_piece,
    piece_name,
    retention_parameter,
)
from snapper.values.table import Row, read_table

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


class Parameters:
    """What the deployment stored under one stage's path; raises AwsFailed.

    What it has read of the table of databases it does not read again.
    """

    def __init__(self, root: str, client: Any) -> None:  # noqa: ANN401  boto3 has no types
        self._root = root
        self._client = client

    @classmethod
    def connect(cls, root: str) -> Self:
        """Open a stage's path with the credentials and region of the environment."""
        return cls(root, aws.client("ssm"))

    def database_keys(self) -> list[str]:
        """List the databases without decrypting any connection."""
        if self._table:
            return sorted(self._table)
        # A stage that an older release deployed has the count of each in a parameter of its own.
        path = f"{self._root}/{RETENTIONS}"
        return sorted(name.rsplit("/", 1)[-1] for name in self._below(path, decrypt=False))

    def database(self, key: str) -> Database:
        """Decrypt what is known of one database; its connection is not checked.

        Raises SecretsInvalid if someone has written nonsense past the deployment, or a deployment
        is just moving what is known of it.
        """
        connection = self._connection(key)
        row = self._row(key)
        options = self._options(key, row) if row.has_options else UNSET
        credentials = credentials_of(options)
        return Database(key, connection, row.retention, row.kind, options, credentials)

    def options(self) -> dict[str, Options]:
        """Give the options of every database, in one reading; decrypts nothing else of them."""
        found = {key: UNSET for key in self.database_keys()}
        if optional := {key: row for key, row in self._table.items() if row.has_options}:
            stored = self._below(options_path(self._root), decrypt=False)
            texts = {name.rsplit("/", 1)[-1]: text for name, text in stored.items()}
            pieces = {
                number: unpack(texts.get(piece_name(number), "{}"))
                for number in {row.options_in for row in optional.values()}
                if number is not None
            }
            for key, row in optional.items():
                own = texts if row.options_in is None else pieces[row.options_in]
                found[key] = _read(key, own.get(key, ""))
        return found

    def retention(self, key: str) -> int:
        """Tell how many backups one database keeps, and decrypt nothing else of it."""
        return self._row(key).retention

    def kinds(self) -> list[str]:
        """List the TYPEs that there are among the databases."""
        return sorted({row.kind for row in self._table.values()} or {FIRST_ENGINE})

    @property
    def changed_at(self) -> datetime:
        """When a deployment last changed which databases there are, or their counts and TYPEs.

        Long ago where an older release deployed the stage.
        """
        return max((each["LastModifiedDate"] for each in self._pieces), default=_LONG_AGO)

    @cached_property
    def _table(self) -> dict[str, Row]:
        """The table of databases; empty where an older release deployed the stage."""
        pieces = sorted(self._pieces, key=lambda piece: _number(piece["Name"]))
        return read_table([piece["Value"] for piece in pieces])

    @cached_property
    def _pieces(self) -> list[dict[str, Any]]:
        """The parameters of the table."""
        return self._list(databases_path(self._root), decrypt=True)

    def _connection(self, key: str) -> str:
        row = self._table.get(key)
        if row is None or row.connection_in is None:
            return self._value(connection_parameter(self._root, key))
        return self._in_piece(key, connection_piece(self._root, row.connection_in))

    def _options(self, key: str, row: Row) -> Options:
        if row.options_in is None:
            return _read(key, self._value(options_parameter(self._root, key)))
        return _read(key, self._in_piece(key, options_piece(self._root, row.options_in)))

    def _in_piece(self, key: str, name: str) -> str:
        """Read a piece for one key; that it lacks the key is never taken for there being none."""
        try:
            return unpack(self._value(name))[key]
        except KeyError:
            raise SecretsInvalid(
                (f"{name} does not hold {key}: pulumi up may be changing it",)
            ) from None

    def _row(self, key: str) -> Row:
        if row := self._table.get(key):
            return row
        count = self._value(retention_parameter(self._root, key))
        return Row(read_count(key, count), FIRST_ENGINE)

    def _below(self, path: str, *, decrypt: bool) -> dict[str, str]:
        """Give the values right below a path, by name."""
        return {each["Name"]: each["Value"] for each in self._list(path, decrypt=decrypt)}

    def _list(self, path: str, *, decrypt: bool) -> list[dict[str, Any]]:
        """Give the parameters right below a path."""
        pages = self._client.get_paginator("get_parameters_by_path").paginate(
            Path=path, WithDecryption=decrypt
        )
        with aws.translated(f"ssm:GetParametersByPath of {path}"):
            return [found for page in pages for found in page["Parameters"]]

    def _value(self, name: str) -> str:
        with aws.translated(f"ssm:GetParameter of {name}"):
            found = self._client.get_parameter(Name=name, WithDecryption=True)
            return str(found["Parameter"]["Value"])


def _read(key: str, text: str) -> Options:
    try:
        return Options.from_json(text)
    except OptionsInvalid as invalid:
        raise OptionsInvalid([f"{SETTING}.{key}: {fault}" for fault in invalid.faults]) from None


def _number(name: str) -> int:
    last = name.rsplit("/", 1)[-1]
    return int(last) if last.isdecimal() else 0
