"""What is there is asked for many names as quickly as for one."""

from collections.abc import Callable

from snapper.engines.postgresql.target.present import are_anywhere, are_there
from tests.support.databases import Source

MADE = """
CREATE SCHEMA s; CREATE TABLE s.t (n int PRIMARY KEY); CREATE TYPE s.e AS ENUM ();
CREATE FUNCTION s.f() RETURNS int LANGUAGE sql AS 'SELECT 1';
"""
THINGS = {
    ("relation", (b"s", b"t")): True,
    ("relation", (b"s", b"e")): True,
    ("relation", (b"t", b"t")): False,
    ("index", (b"s", b"t_pkey")): True,
    ("index", (b"s", b"e")): False,
    ("function", (b"s", b"f")): True,
    ("statistics", (b"s", b"t")): False,
    ("schema", (b"s",)): True,
    ("schema", (b"t",)): False,
    ("extension", (b"plpgsql",)): True,
    ("language", (b"it's \\ none",)): False,
    ("cast", (b"s",)): None,
}


def test_each_thing_is_looked_for_where_things_of_its_kind_are(
    source: Callable[..., Source],
) -> None:
    made = source(14, MADE)
    found = made.rows(are_there([*THINGS]).decode())
    assert [there for (there,) in found] == [*THINGS.values()]
    assert made.rows(are_there([("cast", (b"s",))]).decode()) == [(None,)]
    names = [(b"s", b"t_pkey"), (b"s", b"x"), (b"s", b"f"), (b"pg_catalog", b"=")]
    anywhere = made.rows(are_anywhere(names).decode())
    assert [there for (there,) in anywhere] == [True, False, True, True]


def test_the_server_plans_no_more_for_many_names() -> None:
    one, many = [("relation", (b"s", b"t"))], [("relation", (b"s", b"%d" % n)) for n in range(99)]
    assert are_there(many).count(b"EXISTS") == are_there(one).count(b"EXISTS")
    assert are_anywhere([path for _, path in many]).count(b"EXISTS") < 20
