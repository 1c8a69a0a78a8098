"""A rehearsal says beforehand what will not be as in the backup, and nothing that will."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.engines.postgresql.inspecting.properties import Locale
from snapper.engines.postgresql.inspecting.recorded import Recorded
from snapper.engines.postgresql.restoring.foreseen import foreseen
from snapper.values.redaction import Redactor
from tests.support.databases import Source
from tests.support.properties import UNSET

HIDE = Redactor()
BACKUP = Recorded("18.1", "UTF8", ())


def told(dsn: str, backup: Recorded, *, present: bool = False) -> list[str]:
    return list(foreseen(Connection.parse(dsn), HIDE, backup, present=present))


def test_roles_that_need_not_be_there_are_said_to_be_left_out(
    source: Callable[..., Source],
) -> None:
    backup = replace(BACKUP, roles=("rdsadmin", "pg_of_a_later_release", r"m\xfcller", "app"))
    assert told(source(18).dsn, backup) == [
        "the role rdsadmin is Amazon RDS's own: what the backup gives to it is left out",
        "the role pg_of_a_later_release is PostgreSQL's own: what the backup gives to it is left"
        " out",
        r"the role m\xfcller has a name in another encoding: what the backup gives to it is left"
        " out",
    ]


@pytest.mark.parametrize("major", [14, 18])
def test_roles_that_cannot_be_made_or_become_owners_are_named(
    major: int, source: Callable[..., Source]
) -> None:
    made = source(major, "CREATE ROLE foresees LOGIN PASSWORD 'pw'; CREATE ROLE becomes")
    made.run("GRANT becomes TO foresees")
    backup = replace(BACKUP, roles=("nobody here", "becomes", "postgres"))
    try:
        missing, strange = told(made.as_role("foresees", "pw"), backup)
        assert told(made.dsn, backup) == []
    finally:
        made.run("DROP ROLE foresees; DROP ROLE becomes")
    assert missing.startswith("this user may make no roles")
    assert strange.startswith("this user cannot become the role postgres")


@pytest.mark.parametrize(
    ("major", "locale", "there"),
    [
        (18, Locale("libc", "C", "POSIX", "", ""), True),
        (18, Locale("libc", "C.UTF-8", "C.utf8", "", ""), True),
        (18, Locale("libc", "mars_MARS.utf8", "C", "", ""), False),
        (18, Locale("builtin", "C", "C", "C.UTF-8", ""), True),
        (14, Locale("builtin", "C", "C", "C.UTF-8", ""), False),
        (18, Locale("icu", "C", "C", "de", ""), False),  # the bundled server has none
    ],
)
def test_a_locale_that_is_not_there_is_told(
    major: int, locale: Locale, there: bool, source: Callable[..., Source]
) -> None:
    backup = replace(BACKUP, properties=replace(UNSET, locale=locale))
    warned = told(source(major).dsn, backup)
    assert warned == [] if there else f"the locale {locale}" in warned[0]
    assert told(source(major).dsn, backup, present=True) == []
