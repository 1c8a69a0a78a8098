"""What PostgreSQL says of a thing that it has not got gives that thing's name, and nothing else."""

import pytest

from snapper.engines.postgresql.loading.refusal import KNOWS_ITS_NAME
from snapper.engines.postgresql.trying.lacking import Lacking, lacked, lacking_told
from snapper.errors import RestoreFailed, Unprovable


@pytest.mark.parametrize(
    ("words", "missing"),
    [
        ('ERROR:  extension "uuid-ossp" is not available', "uuid-ossp"),
        (
            'ERROR:  could not open extension control file "/usr/share/extension/postgis.control": '
            "No such file or directory",
            "postgis",
        ),
        (
            'ERROR:  could not load library "/x/lib/uuid-ossp.so": libossp-uuid.so.16: cannot open',
            "uuid-ossp",
        ),
        ('ERROR:  could not access file "$libdir/postgis-3": No such file', "postgis-3"),
        ("ERROR:  ICU is not supported in this build", "ICU"),
        ('ERROR:  could not create locale "de_DE.utf8": No such file', "de_DE.utf8"),
        (
            'ERROR:  collation "pg_catalog.de-x-icu" for encoding "UTF8" does not exist',
            "pg_catalog.de-x-icu",
        ),
        (
            "ERROR:  pg_cron can only be loaded via shared_preload_libraries",
            "pg_cron",
        ),
        ('extension "uuid-ossp": Erweiterung ist nicht verfügbar (0A000)', "uuid-ossp"),
        ("extension postgis: undefined file (58P01)", "postgis"),
        ("ERROR:  division by zero", ""),
        ('ERROR:  relation "t" does not exist', ""),
        ("rows public.papers: XML is not supported in this build of PostgreSQL (0A000)", "XML"),
        ('ERROR:  column "ICU" does not exist', ""),
    ],
)
def test_the_missing_thing_is_named(words: str, missing: str) -> None:
    assert lacked(f"psql stopped at line 7 of the dump: {words}") == missing


def test_only_a_failure_for_want_of_something_becomes_a_lack() -> None:
    with pytest.raises(Lacking) as lacking, lacking_told():
        raise RestoreFailed('psql stopped: ERROR: extension "hll" is not available', hint="x")
    assert lacking.value.missing == "hll"
    assert str(lacking.value).startswith("hll is missing in the throw-away PostgreSQL: psql ")
    with pytest.raises(RestoreFailed) as other, lacking_told():
        raise RestoreFailed("psql stopped: ERROR: division by zero")
    assert not isinstance(other.value, Lacking)


@pytest.mark.parametrize(
    "words",
    [
        "ERROR: permission denied for language c",
        "table t: keine Berechtigung für Schema s (42501)",
        "ERROR: must be superuser to create a base type",
        "ERROR: only superuser can define a leakproof function",
        "ERROR: must be owner of extension plpgsql",
        'ERROR: must be able to SET ROLE "app"',
        'ERROR: query would be affected by row-level security policy for table "t"',
        "ERROR: password or GSSAPI delegated credentials required DETAIL: Non-superusers must"
        " delegate GSSAPI credentials or provide a password in the user mapping.",
    ],
)
def test_what_is_refused_to_a_plain_role_is_not_held_against_the_backup(words: str) -> None:
    with pytest.raises(RestoreFailed) as failed, lacking_told():
        raise RestoreFailed(f"psql stopped at line 7 of the dump: {words}", hint="another")
    assert "needs a superuser" in failed.value.hint
    assert "the backup itself is not at fault" in failed.value.hint
    assert not isinstance(failed.value, Lacking)


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        ("ERROR: could not extend file: No space left on device", "this machine has no room"),
        ("ERROR: canceling statement due to statement timeout", "the server ended it"),
        ("FATAL: terminating connection due to administrator command", "the server ended it"),
        ("rows t: breche Verbindung ab (57P01)", "the server ended it"),
    ],
)
def test_what_stopped_the_server_is_not_held_against_the_backup(words: str, hint: str) -> None:
    with pytest.raises(RestoreFailed) as failed, lacking_told():
        raise RestoreFailed(f"psql stopped at line 7 of the dump: {words}", against_backup=True)
    assert failed.value.hint.startswith(hint)
    assert not failed.value.against_backup


@pytest.mark.parametrize("here", [True, False])
def test_an_extension_that_knows_its_database_by_name_is_not_held_against_the_backup(
    here: bool,
) -> None:
    """It says so in its script, of whose words nothing is told."""
    with pytest.raises(RestoreFailed) as failed, lacking_told(here=here):
        raise RestoreFailed(
            "the restore stopped: extension pg_cron: raise exception (P0001)",
            hint=f"{KNOWS_ITS_NAME}: create the database under its final name",
            against_backup=True,
        )
    assert "--final-name restores it" in failed.value.hint
    assert not failed.value.against_backup


@pytest.mark.parametrize("name", ["permission denied", "no space left", "canceling statement"])
def test_a_table_named_like_it_speaks_against_the_backup_all_the_same(name: str) -> None:
    words = f'the restore stopped: rows public."{name}": duplicate key in "{name}" (23505)'
    with pytest.raises(RestoreFailed) as caught, lacking_told():
        raise RestoreFailed(words, against_backup=True)
    assert caught.value.against_backup


@pytest.mark.parametrize("here", [True, False])
def test_what_another_major_refused_is_unprovable_by_the_server_here_alone(*, here: bool) -> None:
    failed = RestoreFailed("the restore stopped: operator does not exist (42883)")
    failed.of_major = True
    with pytest.raises(RestoreFailed) as told, lacking_told(here=here):
        raise failed
    assert isinstance(told.value, Unprovable) is here
    assert ("set the database's option drill to off" in told.value.hint) is here


def test_what_ended_for_want_of_room_is_tried_again_whatever_the_major() -> None:
    failed = RestoreFailed("the restore stopped: no space left on device (53100)")
    failed.of_major = True
    with pytest.raises(RestoreFailed) as told, lacking_told():
        raise failed
    assert not isinstance(told.value, Unprovable)
