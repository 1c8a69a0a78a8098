"""The SQL that sets on a database what was set on another; the edges' tests have servers try it."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from snapper.engines.postgresql.inspecting.properties import Locale, Right, Setting
from snapper.engines.postgresql.inspecting.property_sql import (
    create_database,
    differences,
    refused,
    statements,
)
from tests.support.properties import SAMPLE, SECRET, UNSET


@pytest.mark.parametrize(
    ("locale", "major", "words"),
    [
        (None, 18, ""),
        (Locale("libc", "de_AT", "C", "", ""), 14, "LC_COLLATE 'de_AT' LC_CTYPE 'C'"),
        (Locale("libc", "C", "C", "", ""), 15, "LOCALE_PROVIDER libc LC_COLLATE 'C' LC_CTYPE 'C'"),
        (
            Locale("builtin", "C", "C", "C.UTF-8", ""),
            17,
            "LOCALE_PROVIDER builtin LC_COLLATE 'C' LC_CTYPE 'C' BUILTIN_LOCALE 'C.UTF-8'",
        ),
        (
            SAMPLE.locale,
            16,
            "LOCALE_PROVIDER icu LC_COLLATE 'C' LC_CTYPE 'C.utf8' ICU_LOCALE 'de-AT'"
            " ICU_RULES '&a < b'",
        ),
    ],
)
def test_a_database_is_made_with_a_locale(locale: Locale | None, major: int, words: str) -> None:
    start = "CREATE DATABASE \"it's\" TEMPLATE template0 ENCODING 'UTF8'"
    assert create_database("it's", "UTF8", locale, major) == f"{start} {words}".strip()


def test_what_is_as_on_a_new_database_needs_no_statement_but_the_owners() -> None:
    assert statements(UNSET, "d") == {"its owner": 'ALTER DATABASE "d" OWNER TO "postgres"'}


def test_each_statement_is_named_without_a_value() -> None:
    made = statements(SAMPLE, 'a "b"')
    assert made == {
        "its owner": 'ALTER DATABASE "a ""b""" OWNER TO "the ""owner"""',
        "REVOKE CONNECT from PUBLIC": 'REVOKE CONNECT ON DATABASE "a ""b""" FROM PUBLIC',
        'REVOKE CONNECT from the "owner"': (
            'REVOKE CONNECT ON DATABASE "a ""b""" FROM "the ""owner"""'
        ),
        'REVOKE CREATE from the "owner"': (
            'REVOKE CREATE ON DATABASE "a ""b""" FROM "the ""owner"""'
        ),
        'REVOKE TEMPORARY from the "owner"': (
            'REVOKE TEMPORARY ON DATABASE "a ""b""" FROM "the ""owner"""'
        ),
        "GRANT CONNECT to reader": (
            'GRANT CONNECT ON DATABASE "a ""b""" TO "reader" WITH GRANT OPTION'
        ),
        "the setting app.jwt_secret": (
            f'ALTER DATABASE "a ""b""" SET "app.jwt_secret" TO \'{SECRET}\''
        ),
        "the setting work_mem of the role reader": (
            'ALTER ROLE "reader" IN DATABASE "a ""b""" SET "work_mem" TO \'64MB\''
        ),
        "its comment": 'COMMENT ON DATABASE "a ""b""" IS \'it\'\'s a\ncomment\'',
        "its connection limit": 'ALTER DATABASE "a ""b""" CONNECTION LIMIT 3',
        "that it is a template": 'ALTER DATABASE "a ""b""" IS_TEMPLATE true',
    }
    assert SECRET not in "".join(made)


def test_a_list_of_names_does_not_become_one_name() -> None:
    setting = Setting("", "Search_Path", 'app, "$user", public')
    (_, made) = statements(replace(UNSET, settings=(setting,)), "d").values()
    assert made == "ALTER DATABASE \"d\" SET \"Search_Path\" TO 'app', '$user', 'public'"


def test_a_library_is_loaded_before_it_is_demanded_of_every_session() -> None:
    settings = (
        Setting("", "session_preload_libraries", "one, two"),
        Setting("", "local_preload_libraries", "mine"),
    )
    (_, session, local) = statements(replace(UNSET, settings=settings), "d").values()
    assert session.startswith("LOAD 'one'; LOAD 'two'; ALTER DATABASE")
    assert local.startswith("LOAD '$libdir/plugins/mine'; ALTER DATABASE")


def test_differences_are_named_whichever_side_has_them() -> None:
    assert differences(SAMPLE, SAMPLE) == ()
    more = replace(
        UNSET,
        connection_limit=3,
        settings=(Setting("", "work_mem", "1MB"),),
        rights=(*UNSET.rights, Right("reader", "CREATE", grantable=False)),
    )
    named = ("GRANT CREATE to reader", "the setting work_mem", "its connection limit")
    assert differences(UNSET, more) == differences(more, UNSET) == named
    moved = replace(UNSET, locale=SAMPLE.locale)
    assert differences(UNSET, moved) == ("its locale",)


@pytest.mark.parametrize(
    ("name", "value", "taken"),
    [
        ("session_preload_libraries", "auto_explain", True),
        ("session_preload_libraries", "$libdir/auto_explain, pg_hint_plan", True),
        ("session_preload_libraries", "", True),
        ("session_preload_libraries", "/tmp/mine.so", False),
        ("session_preload_libraries", "auto_explain, base/pgsql_tmp/mine", False),
        ("session_preload_libraries", "$libdir/../mine", False),
        ("Session_Preload_Libraries", '"../mine"', False),
        ("local_preload_libraries", "my_plugin", True),
        ("local_preload_libraries", "$libdir/plugins/my_plugin", True),
        ("local_preload_libraries", "../../../tmp/mine", False),
        ("local_preload_libraries", "plugins/../mine", False),
        ("local_preload_libraries", ".", False),
        ("local_preload_libraries", "a\nb", False),
        ("dynamic_library_path", "$libdir", True),
        ("dynamic_library_path", "/tmp:$libdir", False),
        ("extension_control_path", "$system:/tmp", False),
        ("plperl.on_plperlu_init", "system('touch /tmp/mine')", False),
        ("work_mem", "64MB", True),
        ("app.path", "/tmp", True),
    ],
)
def test_what_makes_the_server_load_or_run_any_file_is_not_taken_from_a_manifest(
    name: str, value: str, taken: bool
) -> None:
    properties = replace(UNSET, settings=(Setting("", name, value),))
    made, left_out = statements(properties, "d"), refused(properties)
    assert (f"the setting {name}" in made) is taken
    assert (f"the setting {name}" in left_out) is not taken
    assert not value or value not in "".join(left_out.values())


@pytest.mark.parametrize(
    "make",
    [
        lambda: Locale("libc TEMPLATE other", "C", "C", "", ""),
        lambda: Locale("icu", "C", "C", "x" * 256, ""),
        lambda: Right("x", "CONNECT ON DATABASE d TO y; DROP DATABASE z; --", grantable=False),
        lambda: Right("x" * 64, "CONNECT", grantable=False),
        lambda: Setting("", 'x" TO 1; DROP DATABASE z; --', "1"),
        lambda: Setting("", "x\0", "1"),
        lambda: replace(UNSET, connection_limit=2**31),
        lambda: replace(UNSET, owner=""),
        lambda: replace(UNSET, comment="\ud800"),
    ],
)
def test_no_property_can_be_made_that_is_none(make: Callable[[], object]) -> None:
    with pytest.raises(ValueError, match=r"no |surrogates"):
        make()
