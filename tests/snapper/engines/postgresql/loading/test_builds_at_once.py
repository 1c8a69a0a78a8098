"""What builds indexes and checks rows is taken out of a dump by kind, and the rest stays."""

from collections.abc import Collection, Sequence
from typing import cast

import pytest

from snapper.engines.postgresql.loading import builds_at_once
from snapper.engines.postgresql.loading.builds_at_once import BuildsAtOnce
from snapper.engines.postgresql.loading.sides import Sides, Task
from snapper.engines.postgresql.reading.statements import Statement

KEY = b'ALTER TABLE ONLY "public"."%b"\n    ADD CONSTRAINT "%b_pkey" PRIMARY KEY ("n");\n'
INDEX = b'CREATE INDEX "%b_i" ON "public"."%b" USING "btree" ("n");\n'
REFERENCE = (
    b'ALTER TABLE ONLY "public"."%b"\n    ADD CONSTRAINT "f" FOREIGN KEY ("n") REFERENCES'
    b' "public"."%b"("n");\n'
)
COMMENT = b'COMMENT ON INDEX "public"."a_i" IS \'of a\';\n'
TRIGGER = b'CREATE TRIGGER "t" AFTER INSERT ON "public"."a" EXECUTE FUNCTION "public"."f"();\n'
SIZES = {b'"public"."a"': 1, b'"public"."b"': 2}


class Recording:
    """Sessions that refuse some statements, and what they were given."""

    def __init__(self, refused: Collection[bytes] = ()) -> None:
        self._refused = refused
        self.given: list[list[Task]] = []

    def refused(self, tasks: Sequence[Task]) -> list[int]:
        self.given.append(list(tasks))
        return [n for n, task in enumerate(tasks) if task.statement.text in self._refused]


def left(sides: Recording, *texts: bytes) -> tuple[list[bytes], int]:
    """Give what is left to the main session, and how often it was told to end the rows."""
    told: list[int] = []
    builds = BuildsAtOnce(cast("Sides", sides), SIZES, lambda: told.append(1))
    parts = (Statement(b"\n--\n-- x\n--\n\n" + text, line) for line, text in enumerate(texts))
    return [part.text.partition(b"\n\n")[2] or part.text for part in builds.rest(parts)], len(told)


def texts(tasks: Sequence[Task]) -> list[bytes]:
    return [task.statement.text for task in tasks]


def test_those_of_one_kind_are_run_at_once_the_largest_table_first() -> None:
    sides = Recording()
    keys = KEY % (b"a", b"a"), KEY % (b"b", b"b")
    indexes = INDEX % (b"a", b"a"), INDEX % (b"b", b"b")
    references = REFERENCE % (b"a", b"b"), REFERENCE % (b"b", b"a")
    assert left(sides, *keys, *indexes, TRIGGER, *references) == ([TRIGGER], 3)
    assert [texts(each) for each in sides.given] == [
        [*reversed(keys)],
        [*reversed(indexes)],
        [*reversed(references)],
    ]


def test_a_constraint_holds_its_table_and_a_reference_both() -> None:
    sides = Recording()
    left(sides, KEY % (b"a", b"a"), INDEX % (b"a", b"a"), REFERENCE % (b"a", b"b"))
    assert [each.holds for (each,) in sides.given] == [
        {b'"public"."a"'},
        frozenset(),
        {b'"public"."a"', b'"public"."b"'},
    ]


def test_what_is_refused_is_left_in_its_order_before_what_is_said_of_it() -> None:
    indexes = [INDEX % (name, name) for name in (b"a", b"b", b"c")]
    sides = Recording(refused=(indexes[0], indexes[1]))
    found, _ = left(sides, indexes[0], COMMENT, indexes[1], indexes[2], TRIGGER)
    assert found == [indexes[0], indexes[1], COMMENT, TRIGGER]


def test_a_comment_without_an_index_before_it_stays_where_it_is() -> None:
    assert left(Recording(), TRIGGER, COMMENT) == ([TRIGGER, COMMENT], 0)


def test_no_more_than_so_many_bytes_are_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(builds_at_once, "_MOST", 100)
    sides = Recording()
    left(sides, *(INDEX % (name, name) for name in (b"a", b"b", b"c", b"d")))
    assert [len(each) for each in sides.given] == [2, 2]
