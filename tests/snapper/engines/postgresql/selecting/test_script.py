"""Some tables of a dump as a script: what makes them goes without what cannot be there."""

from collections.abc import Callable

from snapper.engines.facts import Wanted
from snapper.engines.postgresql.restoring.tables import DumpTables
from tests.support.databases import Source
from tests.support.restores import EMPTY

TABLES = DumpTables()
_BELONGING = """
    SELECT conname FROM pg_constraint WHERE contype = 'f'
    UNION ALL SELECT rulename FROM pg_rewrite WHERE ev_class = 'shop.items'::regclass ORDER BY 1
"""


def script(dump: bytes, *tables: str) -> str:
    some = TABLES.choose([dump], Wanted(tables, rows=False))
    return b"".join(TABLES.as_sql([dump], some)).decode()


def test_a_table_is_made_without_foreign_keys_and_rules_about_tables_that_are_not_there(
    shop_dump: bytes, source: Callable[..., Source]
) -> None:
    alone = source(18, EMPTY)
    alone.run(script(shop_dump, "shop.items"))
    assert alone.rows(_BELONGING) == [("items_parent_fkey",)]
    beside = source(18, EMPTY)
    beside.run(script(shop_dump, "shop.items", "shop.makers", "shop.log"))
    assert beside.rows(_BELONGING) == [
        ("items_maker_fkey",),
        ("items_parent_fkey",),
        ("logged",),
    ]


def test_no_text_of_a_statement_ends_what_it_stands_in(
    shop_dump: bytes, source: Callable[..., Source]
) -> None:
    alone = source(18, EMPTY)
    name = "$it_0$; END $do_0$; $it_1$"
    alone.run(script(shop_dump.replace(b"items_parent_fkey", name.encode()), "shop.items"))
    assert alone.rows(_BELONGING) == [(name,)]
