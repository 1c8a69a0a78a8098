"""The databases that were added to a stage as data; a change of them is never seen half done."""

import time
from collections.abc import Callable
from typing import Self, TypeVar

from botocore.config import Config

from snapper.aws import client as aws
from snapper.aws.store import Store
from snapper.errors import AwsDenied, AwsFailed, SecretsInvalid
from snapper.values.generation import Generation, heads_path, newest, tables_path
from snapper.values.packing import unpack
from snapper.values.settings import added_root, connection_piece, options_path, options_piece
from snapper.values.table import Row, read_table

READINGS = 6
"""So often it is looked again where somebody is just changing what is read."""

_PAUSE = 0.1
"""Seconds, doubled with each reading."""

_Found = TypeVar("_Found")


class Added:
    """The rows are read once; what they lead to may have moved since, and is then looked for anew.

    Raises AwsFailed, and SecretsInvalid where it is not whole for long, or nonsense.
    """

    def __init__(
        self, root: str, store: Store, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self.root = added_root(root)
        self.store = store
        self._sleep = sleep
        self._read: Generation | None = None

    @classmethod
    def connect(cls, root: str, key: str = "") -> Self:
        """Open a stage's path to change what is there; `key` is the customer's own, if any.

        Parameter Store takes few writes a second, and has to be asked again where it is many.
        """
        patient = Config(retries={"mode": "standard", "total_max_attempts": 12})
        return cls(root, Store(aws.client("ssm", patient), key))

    @property
    def generation(self) -> Generation:
        """What is there; read anew only after `forget`."""
        if self._read is None:
            self._read = self._again(self._newest)
        return self._read

    @property
    def rows(self) -> dict[str, Row]:
        """What is known of each by the table."""
        return dict(self.generation.rows)

    def forget(self) -> None:
        """Read the table anew the next time."""
        self._read = None

    def texts(self, key: str) -> tuple[Row, str, str] | None:
        """Give the row of a database, its connection and its options; none of one not there."""

        def look() -> tuple[Row, str, str] | None:
            row = self.generation.rows.get(key)
            if row is None:
                return None
            own = self._options(row.options_in)[key] if row.options_in is not None else ""
            return row, self.connections(row.connection_in)[key], own

        return self._again(look)

    def options(self) -> dict[str, str]:
        """Give the options of those that have any, as they travel; decrypts nothing."""

        def look() -> dict[str, str]:
            wanted = {k: row.options_in for k, row in self.rows.items() if row.has_options}
            if not wanted:
                return {}
            stored = self.store.below(options_path(self.root), decrypt=False)
            pieces = {
                number: unpack(stored[options_piece(self.root, number)])
                for number in set(wanted.values())
                if number is not None
            }
            return {key: pieces[number or 0][key] for key, number in wanted.items()}

        return self._again(look)

    def connections(self, number: int | None) -> dict[str, str]:
        """Give the connections of one piece, by key; KeyError where a row names none."""
        if number is None:
            raise KeyError(number)
        return unpack(self.store.value(connection_piece(self.root, number)))

    def _options(self, number: int) -> dict[str, str]:
        return unpack(self.store.value(options_piece(self.root, number)))

    def _newest(self) -> Generation:
        path = heads_path(self.root)
        heads = self.store.below(path, decrypt=False)
        found = newest({name.removeprefix(f"{path}/"): text for name, text in heads.items()})
        if found is None:
            return Generation()
        number, head = found
        table = f"{tables_path(self.root)}/{head.table}"
        pieces = self.store.below(table, decrypt=True) if head.pieces else {}
        if len(pieces) != head.pieces:
            raise KeyError(table)
        ordered = sorted(pieces, key=lambda name: int(name.rpartition("/")[2]))
        return Generation(number, head, read_table([pieces[name] for name in ordered]))

    def _again(self, look: Callable[[], _Found]) -> _Found:
        """Look until what is found fits together."""
        for attempt in range(READINGS):
            if attempt:
                self.forget()
                self._sleep(_PAUSE * 2**attempt)
            try:
                return look()
            except (KeyError, SecretsInvalid):
                last: AwsFailed | None = None
            except AwsDenied:
                raise
            except AwsFailed as error:
                if "ParameterNotFound" not in str(error):
                    raise
                last = error
        raise last or SecretsInvalid(
            ("the databases that were added are not whole: somebody may be changing them",)
        )
