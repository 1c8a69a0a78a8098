"""The databases of a stage in SSM Parameter Store, read one at a time.

There are those of Pulumi's config, and those that were added as data (`added.py`). Of a key that is
in both the config's is meant: it was there when the other was added, and is what is looked after.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Self

from snapper.aws import client as aws
from snapper.aws.added import Added
from snapper.aws.credentials import credentials_of
from snapper.aws.store import Store
from snapper.errors import AwsDenied, SecretsInvalid
from snapper.values.manifest import FIRST_ENGINE
from snapper.values.options import SETTING, UNSET, Options, OptionsInvalid
from snapper.values.packing import unpack
from snapper.values.rules import Retention
from snapper.values.secrets import Database, kept_of
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
    """What is known of a stage's databases, below one path; raises AwsFailed.

    What it has read of the tables of databases it does not read again. `denied` is told where the
    added ones may not be listed, as by an operator's older policy: then there seem to be none.
    """

    def __init__(
        self,
        root: str,
        client: Any,  # noqa: ANN401  boto3 has no types
        denied: Callable[[AwsDenied], None] | None = None,
    ) -> None:
        self._root = root
        self._store = Store(client)
        self._denied = denied

    @classmethod
    def connect(cls, root: str, denied: Callable[[AwsDenied], None] | None = None) -> Self:
        """Open a stage's path with the credentials and region of the environment."""
        return cls(root, aws.client("ssm"), denied)

    def database_keys(self) -> list[str]:
        """List the databases without decrypting any connection."""
        return sorted({*self.configured_keys(), *self._added_rows})

    def configured_keys(self) -> list[str]:
        """List those of Pulumi's config alone."""
        if self._table:
            return sorted(self._table)
        # A stage that an older release deployed has the count of each in a parameter of its own.
        path = f"{self._root}/{RETENTIONS}"
        return sorted(name.rsplit("/", 1)[-1] for name in self._store.below(path, decrypt=False))

    def database(self, key: str) -> Database:
        """Decrypt what is known of one database; its connection is not checked.

        Raises SecretsInvalid if someone has written nonsense past the deployment, or a deployment
        is just moving what is known of it.
        """
        if self._is_added(key) and (found := self._added.texts(key)):
            row, connection, text = found
            options = _read(key, text) if text else UNSET
        else:
            connection = self._connection(key)
            row = self._row(key)
            options = self._options(key, row) if row.has_options else UNSET
        credentials = credentials_of(options)
        return Database(key, connection, row.retention, row.kind, options, credentials)

    def options(self) -> dict[str, Options]:
        """Give the options of every database, in one reading; decrypts nothing else of them."""
        found = {key: UNSET for key in self.database_keys()}
        added = self._added.options() if self._added_rows else {}
        found |= {key: _read(key, text) for key, text in added.items()}
        found |= {key: UNSET for key in self._table}
        if optional := {key: row for key, row in self._table.items() if row.has_options}:
            stored = self._store.below(options_path(self._root), decrypt=False)
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

    def retention(self, key: str) -> Retention:
        """Tell which backups one database keeps, and decrypt nothing else of it."""
        return self._row(key).retention

    def kinds(self) -> list[str]:
        """List the TYPEs that there are among the databases."""
        rows = (*self._table.values(), *self._added_rows.values())
        return sorted({row.kind for row in rows} or {FIRST_ENGINE})

    def known_since(self, key: str) -> datetime:
        """Say since when a database is known: as one that was added, or by a deployment.

        A deployment changed last at that time which databases there are, or their counts and TYPEs.
        Long ago where an older release deployed the stage.
        """
        if self._is_added(key) and (since := self._added_rows[key].since):
            return datetime.fromtimestamp(since, UTC)
        return max((each["LastModifiedDate"] for each in self._pieces), default=_LONG_AGO)

    @cached_property
    def _table(self) -> dict[str, Row]:
        """The table of databases; empty where an older release deployed the stage."""
        pieces = sorted(self._pieces, key=lambda piece: _number(piece["Name"]))
        return read_table([piece["Value"] for piece in pieces])

    @cached_property
    def _pieces(self) -> list[dict[str, Any]]:
        """The parameters of the table."""
        return self._store.found(databases_path(self._root), decrypt=True)

    @cached_property
    def _added(self) -> Added:
        return Added(self._root, self._store)

    @cached_property
    def _added_rows(self) -> dict[str, Row]:
        try:
            # An older release's stage knows of none, and its roles may not look.
            return self._added.rows if self._table else {}
        except AwsDenied as error:
            if self._denied is None:
                raise
            self._denied(error)
            return {}

    def _is_added(self, key: str) -> bool:
        return key not in self._table and key in self._added_rows

    def _connection(self, key: str) -> str:
        row = self._table.get(key)
        if row is None or row.connection_in is None:
            return self._store.value(connection_parameter(self._root, key))
        return self._in_piece(key, connection_piece(self._root, row.connection_in))

    def _options(self, key: str, row: Row) -> Options:
        if row.options_in is None:
            return _read(key, self._store.value(options_parameter(self._root, key)))
        return _read(key, self._in_piece(key, options_piece(self._root, row.options_in)))

    def _in_piece(self, key: str, name: str) -> str:
        """Read a piece for one key; that it lacks the key is never taken for there being none."""
        try:
            return unpack(self._store.value(name))[key]
        except KeyError:
            raise SecretsInvalid(
                (f"{name} does not hold {key}: pulumi up may be changing it",)
            ) from None

    def _row(self, key: str) -> Row:
        if row := self._table.get(key) or self._added_rows.get(key):
            return row
        count = self._store.value(retention_parameter(self._root, key))
        return Row(kept_of(key, count), FIRST_ENGINE)


def _read(key: str, text: str) -> Options:
    try:
        return Options.from_json(text)
    except OptionsInvalid as invalid:
        raise OptionsInvalid([f"{SETTING}.{key}: {fault}" for fault in invalid.faults]) from None


def _number(name: str) -> int:
    last = name.rsplit("/", 1)[-1]
    return int(last) if last.isdecimal() else 0
