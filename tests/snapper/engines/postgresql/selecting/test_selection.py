"""What a table is made of is read from its statement, whatever the texts and names in it say."""

import pytest

from snapper.engines.facts import Wanted
from snapper.engines.postgresql.restoring.tables import DumpTables
from snapper.engines.postgresql.selecting.definitions import Definitions
from snapper.engines.postgresql.selecting.selection import inherited, select
from snapper.errors import SettingsError

TEXT = b"""CREATE TABLE "s"."t" (
    "a" "text" DEFAULT '
)
INHERITS ("s"."u")',
    "b" "text" DEFAULT '
)
PARTITION BY ',
    "
)
PARTITION BY LIST (" "text"
);
"""
CHILD = TEXT.replace(b"\n);", b'\n)\nINHERITS ("s"."u", "s"."v\nw");')
WHOLE = TEXT.replace(b"\n);", b'\n)\nPARTITION BY LIST ("a");')


@pytest.mark.parametrize(
    ("sql", "parents", "partitioned"),
    [
        (TEXT, [], set()),
        (CHILD, [(b"s", b"u"), (b"s", b"v\nw")], set()),
        (WHOLE, [], {(b"s", b"t")}),
    ],
    ids=["table", "child", "whole"],
)
def test_a_text_or_a_name_makes_no_child_and_no_whole(
    sql: bytes, parents: list[tuple[bytes, ...]], partitioned: set[tuple[bytes, ...]]
) -> None:
    definitions = Definitions.read([sql])
    assert inherited(definitions.statements[0]) == parents
    assert select(definitions, [(b"s", b"t")]).partitioned == partitioned


def test_of_a_whole_without_partitions_no_rows_are_missed() -> None:
    tables = DumpTables()
    some = tables.choose([WHOLE], Wanted(("t",)))
    assert some.parts == ()
    assert b"without the rows" not in b"".join(tables.as_sql([WHOLE], some))
    with pytest.raises(SettingsError, match="has no partition, and so no rows"):
        list(tables.as_csv([WHOLE], some))
