"""Indexes and constraints, which look at all rows of a table: several sessions make them at once.

Those of one kind stand one behind the other in a dump. Keys are made first, then indexes, then
foreign keys, as there; what is said of each, such as a comment, is run when all of its kind are
there. What is refused is left to the main session.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial

from snapper.engines.postgresql.loading.sides import Sides, Task
from snapper.engines.postgresql.loading.statement_runner import StatementRunner
from snapper.engines.postgresql.naming.names import NAME
from snapper.engines.postgresql.reading.statements import Part, Statement, parted

_TABLE = rb"%b\.%b" % (NAME, NAME)
_ADDS = rb"ALTER TABLE ONLY (?P<table>%b)\n +ADD CONSTRAINT %b " % (_TABLE, NAME)
_KEY = re.compile(rb"%b(?:PRIMARY KEY|UNIQUE|EXCLUDE) " % _ADDS)
_INDEX = re.compile(rb"CREATE (?:UNIQUE )?INDEX %b ON (?:ONLY )?(?P<table>%b) " % (NAME, _TABLE))
_FOREIGN_KEY = re.compile(
    rb"%bFOREIGN KEY \([^()]{1,4096}\) REFERENCES (?P<other>%b)\(" % (_ADDS, _TABLE)
)
_KINDS = (_KEY, _INDEX, _FOREIGN_KEY)
_FOLLOWS = re.compile(
    rb"COMMENT ON (?:CONSTRAINT|INDEX) |ALTER INDEX %b ALTER COLUMN [0-9]+ SET STATISTICS "
    rb"|ALTER TABLE (?:ONLY )?%b (?:CLUSTER ON|REPLICA IDENTITY USING INDEX) " % (_TABLE, _TABLE)
)

_MOST = 8 << 20
"""Bytes of statements that are held until they are run."""


class BuildsAtOnce:
    """Takes from the parts of a dump what builds indexes or checks rows, and has it done.

    The `sizes` of large tables, by their names, say what to begin with. `before` is called when all
    that stands before it has been run.
    """

    def __init__(
        self, sides: Sides, sizes: Mapping[bytes, int], before: Callable[[], None]
    ) -> None:
        self._sides, self._sizes, self._before = sides, sizes, before
        self._kind: re.Pattern[bytes] | None = None
        self._building: list[tuple[Statement, re.Match[bytes]]] = []
        self._following: list[Statement] = []
        self._held = 0

    def rest(self, parts: Iterator[Part]) -> Iterator[Part]:
        """Give what is still to be run, each part when those before it have been run."""
        for part in parts:
            if not self._keeps(part):
                yield from self._built()
                if not self._keeps(part):
                    yield part
            elif self._held > _MOST:
                yield from self._built()
        yield from self._built()

    def _keeps(self, part: Part) -> bool:
        """Hold a statement that goes with those that are held, and tell whether it does."""
        if isinstance(part, Statement) and not part.more and self._goes_with(part):
            self._held += len(part.text)
            return True
        return False

    def _goes_with(self, statement: Statement) -> bool:
        body = parted(statement.text)[1]
        for kind in _KINDS:
            if found := kind.match(body):
                if self._kind not in (None, kind):
                    return False
                self._kind = kind
                self._building.append((Statement(body, statement.line), found))
                return True
        if self._building and _FOLLOWS.match(body):
            self._following.append(statement)
            return True
        return False

    def _built(self) -> Iterator[Statement]:
        """Have done what is held, and give what is left of it."""
        building, following = self._building, self._following
        if not building:
            return
        self._building, self._following, self._kind, self._held = [], [], None, 0
        self._before()
        building.sort(key=lambda each: -self._sizes.get(each[1]["table"], 0))
        refused = self._sides.refused([_task(*each) for each in building])
        # Where it matters at all, who comes first in the dump comes first here.
        yield from sorted((building[number][0] for number in refused), key=lambda each: each.line)
        yield from following


def _task(statement: Statement, found: re.Match[bytes]) -> Task:
    # Indexes of one table are made at once; a constraint locks its table, or both.
    tables = () if found.re is _INDEX else found.groupdict().values()
    return Task(statement, partial(_run, statement.text), frozenset(tables))


def _run(text: bytes, runner: StatementRunner) -> None:
    runner.run(text)
