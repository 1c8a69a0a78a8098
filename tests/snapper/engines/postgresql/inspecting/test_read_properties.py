"""What is set on a database is read whole, and set on another one, or told."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from snapper.engines.postgresql.connecting.asking import asking
from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.engines.postgresql.inspecting.properties import Properties, Right, Setting
from snapper.engines.postgresql.inspecting.read_properties import read_properties, set_properties
from snapper.engines.postgresql.inspecting.server import inspect
from snapper.engines.postgresql.omitting.omitted import from_part, to_part
from snapper.engines.postgresql.trying.throw_away import PostgresServer
from snapper.values.document import LONGEST_TEXT
from snapper.values.redaction import Redactor
from tests.support.databases import Source
from tests.support.properties import SECRET, UNSET, decorate, properties_of

MAJORS = [14, 15, 16, 17, 18]


def put(properties: Properties, target: Source) -> list[str]:
    """Set them on the target, and give the warnings."""
    told: list[str] = []
    with asking(Connection.parse(target.server.dsn()), Redactor()) as cursor:
        set_properties(cursor, target.name, properties, told.append)
    return told


@pytest.mark.parametrize("major", MAJORS)
def test_nothing_is_set_on_a_new_database(major: int, source: Callable[..., Source]) -> None:
    made = source(major)
    assert properties_of(made) == UNSET
    assert put(UNSET, made) == []
    assert made.rows("SELECT datacl FROM pg_database WHERE datname = current_database()") == [
        (None,)
    ]


@pytest.mark.parametrize("major", MAJORS)
def test_all_that_is_set_is_read_and_set_on_another(
    major: int, source: Callable[..., Source]
) -> None:
    made, other = decorate(source(major)), source(major)
    found = properties_of(made)
    assert found.connection_limit == 7
    assert Setting("", "app.jwt_secret", f'{SECRET}\'\\ "é"=') in found.settings
    assert Right("Mr. Prop's", "CREATE", grantable=True) in found.rights
    assert not any(right.grantee == "" and right.privilege == "CONNECT" for right in found.rights)
    assert found.roles == ("Mr. Prop's", "Prop owner")
    assert put(found, other) == []
    assert properties_of(other) == found


def test_what_an_older_release_has_is_set_on_a_newer(source: Callable[..., Source]) -> None:
    made, newer = decorate(source(14)), source(18)
    decorate(source(18))  # makes the roles
    assert put(properties_of(made), newer) == []
    assert properties_of(newer) == properties_of(made)


@pytest.mark.parametrize("major", [14, 18])
@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"owner": "gone"}, "role gone is missing here"),
        ({"rights": (Right("gone", "CONNECT", grantable=False),)}, "role gone is missing here"),
        ({"settings": (Setting("gone", "work_mem", "1MB"),)}, "role gone is missing here"),
        (
            {"settings": (Setting("", "unheard_of", SECRET),)},
            'the setting unheard_of: unrecognized configuration parameter "unheard_of"',
        ),
        (
            {"settings": (Setting("", "work_mem", SECRET),)},
            "the setting work_mem: the server refused its value (InvalidParameterValue)",
        ),
        (
            {"settings": (Setting("", "session_preload_libraries", SECRET),)},
            "the setting session_preload_libraries: the server refused its value",
        ),
        (
            {"settings": (Setting("", "session_preload_libraries", f"/tmp/{SECRET}"),)},
            "the setting session_preload_libraries: its value names code or files",
        ),
        (
            {"settings": (Setting("", "plperl.on_plperlu_init", SECRET),)},
            "the setting plperl.on_plperlu_init: its value names code or files",
        ),
    ],
)
def test_what_the_server_refuses_is_told_without_its_value(
    major: int, change: dict[str, Any], words: str, source: Callable[..., Source]
) -> None:
    made = source(major)
    wanted = replace(UNSET, **{"comment": "the rest", **change})
    told = put(wanted, made)
    assert any(words in warning for warning in told), told
    assert SECRET not in "".join(told)
    assert properties_of(made).comment == "the rest"
    assert made.rows("SELECT 1") == [(1,)]


def test_a_prefix_that_an_extension_has_reserved_is_told(source: Callable[..., Source]) -> None:
    wanted = replace(UNSET, settings=(Setting("", "plpgsql.unheard_of", SECRET),))
    made = source(18)
    told: list[str] = []
    with asking(Connection.parse(made.dsn), Redactor()) as cursor:
        cursor.execute("LOAD 'plpgsql'")
        set_properties(cursor, made.name, wanted, told.append)
    (warning,) = told
    assert "the setting plpgsql.unheard_of" in warning
    assert SECRET not in warning


@pytest.mark.parametrize("major", [14, 18])
def test_who_may_not_set_something_is_told_and_keeps_the_database(
    major: int, source: Callable[..., Source], server: Callable[[int], PostgresServer]
) -> None:
    admin = Source(server(major), "postgres")
    admin.run("CREATE ROLE modest LOGIN CREATEDB PASSWORD 'pw'; CREATE ROLE superior")
    modest = Connection({**Connection.parse(admin.dsn).parameters, "user": "modest"}, "pw")
    wanted = replace(
        UNSET,
        owner="superior",
        comment="of a modest one",
        rights=(Right("superior", "CONNECT", grantable=False),),
        settings=(Setting("", "log_statement", "all"), Setting("", "work_mem", "1MB")),
    )
    told: list[str] = []
    with asking(modest, Redactor()) as cursor:
        cursor.execute("CREATE DATABASE modestly")
        set_properties(cursor, "modestly", wanted, told.append)
        there = read_properties(cursor, "modestly")
        cursor.execute("DROP DATABASE modestly")
    admin.run("DROP ROLE modest; DROP ROLE superior")
    assert told == [
        "not restored on the database itself: its owner: "
        "this user does not have the rights of superior",
        "not restored on the database itself: the setting log_statement: "
        'permission denied to set parameter "log_statement"',
    ]
    assert there is not None
    assert there.comment == "of a modest one"
    assert there.settings == (Setting("", "work_mem", "1MB"),)
    assert not any(right.grantee == "" for right in there.rights)


@pytest.mark.parametrize("encoding", ["UTF8", "SQL_ASCII"])
def test_what_cannot_be_read_is_named_and_the_rest_is_read(
    encoding: str, source: Callable[..., Source]
) -> None:
    made = source(18)
    admin, latin = Source(made.server, "postgres"), Source(made.server, f"{made.name} in latin")
    mixed = Source(made.server, f"{made.name} mixed")
    for each, written in ((latin, "LATIN1"), (mixed, encoding)):
        admin.run(
            f"CREATE DATABASE \"{each.name}\" TEMPLATE template0 ENCODING '{written}' LOCALE 'C'"
        )
    try:
        latin.run(f"ALTER DATABASE \"{mixed.name}\" SET app.size = 'gr\u00f6\u00dfe {SECRET}'")
        latin.run(f'ALTER DATABASE "{mixed.name}" SET "app.\u00f6" = 1')
        mixed.run(f"ALTER DATABASE \"{mixed.name}\" SET app.plain = 'as \\xf6 it is'")
        for comment, told in (("f\u00fcr alle", ["its comment"]), ("for all", [])):
            latin.run(f"COMMENT ON DATABASE \"{mixed.name}\" IS '{comment}'")
            facts = inspect(Connection.parse(mixed.dsn), Redactor())
            (lacking,) = (each for each in facts.omitted if each.kind == "database_properties")
            assert lacking.objects == (*told, "the setting app.size", r"the setting app.\xf6")
            assert SECRET not in lacking.fact
            found = facts.properties
            assert found is not None
            assert found.comment == ("" if told else comment)
            assert found.settings == (Setting("", "app.plain", r"as \xf6 it is"),)
    finally:
        for each in (latin, mixed):
            admin.run(f'DROP DATABASE "{each.name}"')


def test_what_is_too_much_is_named_and_the_rest_is_read(source: Callable[..., Source]) -> None:
    made = source(18)
    long = "x" * (LONGEST_TEXT // 2)
    for name in ("app.b", "app.a", "app.c"):
        made.run(f"ALTER DATABASE \"{made.name}\" SET {name} = '{long if name != 'app.c' else 1}'")
    facts = inspect(Connection.parse(made.dsn), Redactor())
    assert facts.properties is not None
    assert [each.name for each in facts.properties.settings] == ["app.b", "app.c"]
    assert [each.objects for each in facts.omitted] == [("the setting app.a",)]


def test_a_name_that_is_too_long_makes_no_backup_unreadable(source: Callable[..., Source]) -> None:
    made = source(18)
    made.run(f'ALTER DATABASE "{made.name}" SET {".".join(["x" * 60] * 40)} = 1')
    omitted = inspect(Connection.parse(made.dsn), Redactor()).omitted
    assert from_part(to_part(omitted)) == omitted
    (lacking,) = omitted
    assert lacking.objects[0].startswith("the setting xxx")
