"""A table under another name has nothing that could be in the way of the first."""

import re

import pytest

from snapper.engines.facts import Wanted
from snapper.engines.postgresql.selecting.plan import Plan, some_tables
from snapper.errors import SettingsError


def texts(dump: bytes, table: str, named: str) -> str:
    plan: Plan = some_tables([dump], Wanted((table,), named=named)).own
    return b"".join(map(plan.text, (*plan.before, *plan.after))).decode()


def test_no_name_of_the_table_is_left_in_what_makes_it(shop_dump: bytes) -> None:
    made = texts(shop_dump, "shop.items", "monday")
    assert '"shop"."items' not in made
    for name in ("monday_pkey", "monday_id_seq", "monday_ident_seq", "monday_trigrams"):
        assert f'"{name}"' in made
    assert 'nextval"(\'"shop"."monday_id_seq"\'' in made
    assert 'setval(\'"shop"."monday_id_seq"\', 2, true)' in made
    assert '"monday"."maker"' in made  # a policy names the table without its schema
    assert '"shop"."numbers"' in made  # another one's


def test_partitions_and_their_indexes_have_new_names_too(shop_dump: bytes) -> None:
    made = texts(shop_dump, "shop.times", "t2")
    assert 'ATTACH PARTITION "shop"."t2_1"' in made
    assert 'ATTACH PARTITION "shop"."t2_rest_1" DEFAULT' in made
    assert 'ALTER INDEX "shop"."t2_pkey" ATTACH PARTITION "shop"."t2_1_pkey"' in made
    assert not re.search(r'"shop"\."(times|rest)', made)


def test_the_new_name_may_be_in_another_schema(shop_dump: bytes) -> None:
    made = texts(shop_dump, "shop.items", '"Old ""ones"."Items"')
    assert 'CREATE TABLE "Old ""ones"."Items" (' in made
    assert 'ALTER SEQUENCE "Old ""ones"."Items_id_seq" OWNED BY "Old ""ones"."Items"."id"' in made


def test_names_that_grow_too_long_are_cut_and_stay_different(shop_dump: bytes) -> None:
    made = texts(shop_dump, "shop.items", "x" * 60)
    names = re.findall(r'CREATE (?:UNIQUE )?INDEX "(x+[^"]*)"|ADD CONSTRAINT "(x+[^"]*)"', made)
    found = [one or other for one, other in names]
    assert len(set(found)) == len(found) == 4
    assert max(map(len, found)) <= 63


@pytest.mark.parametrize(
    ("named", "words"),
    [("y" * 64, "is longer than"), ("a.b.c", "is no name"), ("\udc80", "has no")],
)
def test_a_name_that_no_table_can_have_is_refused(shop_dump: bytes, named: str, words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        texts(shop_dump, "shop.items", named)
