"""What an engine says of a database: before it is dumped, and before a restore goes into it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from snapper.values.contents import Contents
from snapper.values.deadline import NO_DEADLINE, Deadline
from snapper.values.left_out import LeftOut
from snapper.values.omission import Omission

UNSURE = "its end was lost after the COMMIT was sent: whether that was done is not known"
"""A note on an error of a restore into a database that was there."""


@dataclass(frozen=True)
class Facts:
    """One database as a dump will find it; `size` in bytes.

    `identity` is a digest of what is this database's alone, `about` a word or two that
    an operator wants to see, `part` what the engine adds to a manifest, `omitted` what
    the dump will leave out though nobody has said so. `role` is one that the dump must take by
    itself; it is `bare` where it must ask for nothing else at connecting. Of the options of the
    database come `arguments`, which the dumping program is given, and `doubts`, a sentence for each
    thing that an operator should know.
    """

    version: str
    database_name: str
    size: int
    encrypted: bool
    identity: str
    about: str
    part: Mapping[str, Any]
    omitted: tuple[Omission, ...] = ()
    role: str = ""
    bare: bool = False
    arguments: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Client:
    """The program that dumps a server; `older` if it is of an older release than the server."""

    name: str
    version: str
    older: bool


@dataclass(frozen=True)
class Content:
    """What a target holds that a new database does not, in words that count all of it."""

    words: str
    empty: bool


@dataclass(frozen=True)
class Rehearsal:
    """What a restore would meet; `content` is None where the database is not there yet.

    `asked_in` names the database in which the server was asked, where it has more than one.
    """

    place: str
    content: Content | None
    is_source: bool
    missing_roles: tuple[str, ...]
    warnings: tuple[str, ...]
    server_version: str
    asked_in: str = ""

    @property
    def creates(self) -> bool:
        """Whether the database must be made first."""
        return self.content is None


@dataclass(frozen=True)
class RestoreOptions:
    """How a backup is to be restored.

    `strict` stops at what would be left out. `best_effort` leaves out whatever is refused, in a
    database that is made for it. `no_owner` and `no_privileges` mean what pg_restore means by
    them. `final_name` makes a new database under its own name at once. `show_values` tells what the
    server says in full, with values of rows. A new database is filled by so many `jobs` at once, 0
    for as many as are worth it.
    """

    strict: bool = False
    best_effort: bool = False
    no_owner: bool = False
    no_privileges: bool = False
    final_name: bool = False
    show_values: bool = False
    jobs: int = 1


PLAINLY = RestoreOptions()
"""All or nothing, but for what only a superuser may do and changes no data."""


@dataclass(frozen=True)
class Wanted:
    """Which tables are wanted of a backup, by their names or their schemas, and what of them.

    One table may get another name, `named`. Without `rows` it is made empty; without
    `definitions` its rows go into one that is there.
    """

    tables: tuple[str, ...] = ()
    schemas: tuple[str, ...] = ()
    named: str = ""
    rows: bool = True
    definitions: bool = True


@dataclass(frozen=True)
class Need:
    """Something that a table needs; `there` says whether the target has it, where that is known."""

    kind: str
    name: str
    there: bool | None = None


@dataclass(frozen=True)
class SomeTables:
    """Tables of a backup as they will be made elsewhere.

    `names` are those in the target, and by them the `parts`, schema and table in the list of
    contents, whose rows are needed: a partitioned table has none of its own. `roles` are those that
    the statements name. `own` is what the engine alone reads.
    """

    names: tuple[str, ...]
    parts: tuple[tuple[str, str], ...]
    needs: tuple[Need, ...]
    notes: tuple[str, ...]
    roles: tuple[str, ...]
    own: Any = field(repr=False)


@dataclass(frozen=True)
class TableRehearsal:
    """What a restore of some tables would meet in a database that is there.

    `present` is what has a name of theirs or of their indexes and sequences, `absent` are the
    tables that are not there, `filled` those that have rows already, which is asked where rows
    alone are wanted. `no_schemas` are those that they go into, and that nothing makes.
    """

    target: Rehearsal
    present: tuple[str, ...]
    absent: tuple[str, ...]
    filled: tuple[str, ...]
    no_schemas: tuple[str, ...]
    needs: tuple[Need, ...]


@dataclass(frozen=True)
class TrialOptions:
    """What must be true of a backup that is restored for the proof, and until when it may take.

    `contents` is what each table must hold, where that is known. Each of the `assertions` is SQL
    that must give true. A server that is started for it ends at the `deadline`.
    """

    contents: Contents | None = None
    assertions: tuple[str, ...] = ()
    deadline: Deadline = NO_DEADLINE


ALL_THERE_IS = TrialOptions()
"""Whatever can be restored is counted, and held against nothing."""


@dataclass(frozen=True)
class Restoration:
    """What came of a restore: sentences on what is not as it was, and what was left out.

    `missing` is what would have stopped it, if the best had not been made of it. The new database
    is then `kept_as` another name than its own, which it gets by the statement `accepting`. So many
    `jobs` worked at once.
    """

    warnings: tuple[str, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    missing: tuple[LeftOut, ...] = ()
    kept_as: str = ""
    accepting: str = ""
    used: tuple[str, ...] = ()
    """What tables needed and the target had already, as it was: kind and name."""
    unneeded: tuple[str, ...] = ()
    """Extensions that tables might have needed, and that were not made."""
    jobs: int = 1
