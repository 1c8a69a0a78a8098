"""Rows that are outside of the bounds of their partition are restored, and that is told."""

from collections.abc import Callable

import pytest

from snapper.engines.facts import RestoreOptions
from snapper.engines.postgresql.dumping.client_tools import ClientTools
from snapper.errors import RestoreFailed
from snapper.verbs.dump import Dumper
from snapper.verbs.restore import restore
from tests.support.anew import Anew, beside
from tests.support.databases import Source, job
from tests.support.engines import postgresql
from tests.support.restores import EMPTY

MAJORS = [14, pytest.param(18, marks=pytest.mark.long)]

# A bound that was believed, as after a change of what the operating system sorts by.
ASTRAY = """
    CREATE TABLE parts (id int, "the key" int, twice int GENERATED ALWAYS AS (id * 2) STORED)
        PARTITION BY RANGE ("the key");
    CREATE TABLE "Part 1" PARTITION OF parts FOR VALUES FROM (0) TO (10);
    CREATE TABLE part_2 PARTITION OF parts FOR VALUES FROM (10) TO (100)
        PARTITION BY LIST ("the key");
    CREATE TABLE of_part_2 PARTITION OF part_2 FOR VALUES IN (99);
    ALTER TABLE parts DETACH PARTITION "Part 1";
    INSERT INTO "Part 1" VALUES (1, 1), (2, 99);
    ALTER TABLE "Part 1" ADD CONSTRAINT lie
        CHECK ("the key" IS NOT NULL AND "the key" >= 0 AND "the key" < 10) NOT VALID;
    UPDATE pg_constraint SET convalidated = true WHERE conname = 'lie';
    ALTER TABLE parts ATTACH PARTITION "Part 1" FOR VALUES FROM (0) TO (10);
    ALTER TABLE "Part 1" DROP CONSTRAINT lie;
"""
WHERE = "SELECT tableoid::regclass::text, id, twice FROM parts ORDER BY id"


@pytest.mark.parametrize("major", MAJORS)
def test_rows_are_put_into_the_partition_that_they_belong_to(
    major: int,
    source: Callable[..., Source],
    dumper: Dumper,
    tools: ClientTools,
) -> None:
    made, target = source(major, ASTRAY), source(major, EMPTY)
    backup = dumper.dump(job(), made.database())
    assert backup is not None
    came = restore(dumper.vault, backup, target.dsn, postgresql(tools))
    assert target.rows(WHERE) == [('"Part 1"', 1, 2), ("of_part_2", 2, 4)]
    assert [each for each in came.warnings if "bounds" in each] == [
        'rows public."Part 1" are not within the bounds of their partition here: they are in'
        " public.parts"
    ]


def test_rows_that_belong_to_none_stop_it_or_are_kept_in_a_table_of_their_own(
    source: Callable[..., Source], anew: Anew
) -> None:
    made = source(17, f"{ASTRAY} DROP TABLE part_2")
    target = beside(made, "astray")
    with pytest.raises(RestoreFailed, match=r'rows public\."Part 1": new row for'):
        anew(made, target.dsn)
    came = anew(made, target.dsn, options=RestoreOptions(best_effort=True))
    (lost,) = came.missing
    assert (lost.kind, lost.name, lost.rows) == ("partition", "Part 1 of public.parts", False)
    kept = Source(made.server, came.kept_as)
    assert kept.rows('SELECT id, twice FROM "Part 1" ORDER BY id') == [(1, 2), (2, 4)]
    assert kept.rows(WHERE) == []
