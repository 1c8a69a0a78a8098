"""Writing the databases that were added to a stage as data: all of a change, or nothing of it."""

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from itertools import count

from snapper.aws.added import Added
from snapper.errors import AlreadyStored, AwsFailed
from snapper.values.generation import (
    PIECES,
    Generation,
    Head,
    heads_path,
    left_over,
    tables_path,
    to_rewrite,
)
from snapper.values.options import UNSET
from snapper.values.packing import fill, unpack, write
from snapper.values.secrets import Database
from snapper.values.settings import connection_piece, options_piece
from snapper.values.table import Row, write_table

_ATTEMPTS = 12
_PAUSE = 0.5


@dataclass(frozen=True)
class Change:
    """Databases that are added, or take the place of what is there, and keys that go."""

    put: tuple[Database, ...] = ()
    gone: frozenset[str] = frozenset()

    @property
    def keys(self) -> frozenset[str]:
        """All that it concerns."""
        return self.gone | {each.key for each in self.put}


@dataclass
class _Attempt:
    """One attempt at the next generation, and what it has made so far."""

    added: Added
    there: Generation
    made: list[str] = field(default_factory=list)

    @property
    def number(self) -> int:
        """The number of the generation that it would be."""
        return self.there.number + 1

    def prepare(self, wanted: Change) -> dict[str, Row]:
        """Write the pieces, and give the rows of the table to come."""
        rows = self.there.rows
        connections = self._texts(
            connection_piece,
            {key: row.connection_in for key, row in rows.items()},
            {each.key: each.connection for each in wanted.put},
            wanted.keys,
            secret=True,
        )
        options = self._texts(
            options_piece,
            {key: row.options_in for key, row in rows.items() if row.has_options},
            {each.key: text for each in wanted.put if (text := each.options.to_json())},
            wanted.keys,
            secret=False,
        )
        kept = {key: row for key, row in rows.items() if key not in wanted.keys}
        now = int(time.time())
        kept |= {
            each.key: Row(
                each.retention,
                each.kind,
                each.options != UNSET,
                since=rows[each.key].since if each.key in rows else now,
            )
            for each in wanted.put
        }
        return {
            key: replace(row, connection_in=connections[key], options_in=options.get(key))
            for key, row in kept.items()
        }

    def commit(self, rows: Mapping[str, Row]) -> bool:
        """Make the table and then the head; tell whether nobody else has made that head.

        Where it raises, it is not known whether the head is there: then nothing may be taken back.
        """
        store, root = self.added.store, self.added.root
        table = f"{self.number}-{secrets.token_hex(4)}"
        pieces = write_table(rows) if rows else []
        for number, piece in enumerate(pieces, 1):
            self._make(f"{tables_path(root)}/{table}/{number}", piece, secret=True)
        name = f"{heads_path(root)}/{self.number}"
        text = Head(table, len(pieces)).to_text()
        if not self._make(name, text, secret=False) and store.value(name) != text:
            return False
        # Who was so slow that later heads are there, and this one's name was free again, is late.
        heads = store.below(heads_path(root), decrypt=False)
        return all(int(each.rpartition("/")[2]) <= self.number for each in heads)

    def undo(self) -> None:
        """Delete what it has made."""
        self.added.store.delete(self.made)

    def _texts(
        self,
        path: Callable[[str, int], str],
        there: Mapping[str, int | None],
        new: Mapping[str, str],
        changed: frozenset[str],
        *,
        secret: bool,
    ) -> dict[str, int | None]:
        """Write the pieces of what is new, or is in a piece with what changes; give all places."""
        store, root = self.added.store, self.added.root
        rewritten = to_rewrite(there, changed, grows=bool(new))
        kept = {
            key: text
            for piece in sorted(rewritten)
            for key, text in unpack(store.value(path(root, piece))).items()
            if there.get(key) == piece and key not in changed
        }
        places = {key: piece for key, piece in there.items() if key not in changed}
        numbers = count(self.number * PIECES)
        for texts in fill({**kept, **new}):
            for number in numbers:
                if self._make(path(root, number), write(texts), secret=secret):
                    places |= dict.fromkeys(texts, number)
                    break
        return places

    def _make(self, name: str, value: str, *, secret: bool) -> bool:
        """Make a parameter; tell whether it was not there, as far as the answers tell."""
        try:
            self.added.store.make(name, value, secret=secret)
        except AlreadyStored:
            return False
        self.made.append(name)
        return True


def change(
    added: Added,
    plan: Callable[[Mapping[str, Row]], Change],
    sleep: Callable[[float], None] = time.sleep,
) -> Change:
    """Carry out what `plan` makes of the rows that are there; give it.

    Where somebody else changes the databases at the same time, `plan` is asked again with what they
    have left: nothing of either is lost. Raises AwsFailed, and whatever `plan` raises.
    """
    for attempt in range(_ATTEMPTS):
        if attempt:
            sleep(_PAUSE * (1 + secrets.randbelow(1000) / 1000))
        added.forget()
        wanted = plan(added.rows)
        if not wanted.keys or _is_done(_Attempt(added, added.generation), wanted):
            added.forget()
            _sweep(added)
            return wanted
    raise AwsFailed(
        f"the databases were changed by others {_ATTEMPTS} times meanwhile",
        hint="nothing of this change is there; try again",
    )


def _is_done(attempt: _Attempt, wanted: Change) -> bool:
    try:
        rows = attempt.prepare(wanted)
    except BaseException as error:
        attempt.undo()
        if isinstance(error, AwsFailed) and "ParameterNotFound" in str(error):
            return False  # somebody has moved what was to be read
        raise
    if not attempt.commit(rows):
        attempt.undo()
        return False
    return True


def _sweep(added: Added) -> None:
    """Delete what earlier generations had, and secrets with it."""
    store, root = added.store, added.root
    try:
        store.delete(list(left_over(store.all_below(root), root, added.generation)))
    except AwsFailed as error:
        error.hint = "the databases are changed; what is no longer used, the next change deletes"
        raise


def erase(added: Added) -> None:
    """Delete all there is, heads too: of a stage that was destroyed, where nobody reads or adds."""
    added.store.delete(added.store.all_below(added.root))
