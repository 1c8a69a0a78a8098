"""A target is looked at first, and what a restore would damage is refused."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from snapper.engines.facts import Rehearsal
from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.engines.postgresql.dumping.client_tools import ClientTools
from snapper.engines.postgresql.inspecting.server import inspect
from snapper.engines.postgresql.restoring.rehearse import rehearse
from snapper.engines.postgresql.trying.throw_away import PostgresServer
from snapper.errors import DatabaseUnreachable, DatabaseUnsupported, SettingsError
from snapper.values.redaction import Redactor
from snapper.verbs.rehearse import refuse
from tests.support.databases import Source
from tests.support.manifests import LACKING, manifest

BACKUP = manifest(server_version="17.2", encoding="UTF8")


def test_a_new_database_is_rehearsed_and_not_made(
    server: Callable[[int], PostgresServer], tools: ClientTools
) -> None:
    target = server(17).dsn("only rehearsed")
    for _ in range(2):
        assert rehearse(target, BACKUP, tools, may_create=True).creates
    with pytest.raises(SettingsError, match="there is no database") as failure:
        rehearse(target, BACKUP, tools, may_create=False)
    assert "--create" in failure.value.hint


def test_a_database_that_is_there_is_not_made_again(
    source: Callable[..., Source], tools: ClientTools
) -> None:
    found = rehearse(source().dsn, BACKUP, tools, may_create=True)
    assert not found.creates
    assert found.content is not None
    assert found.content.words.startswith("1 table or other relation, 0 functions")


def test_a_server_that_is_not_there_is_unreachable(tools: ClientTools) -> None:
    for may_create in (True, False):
        with pytest.raises(DatabaseUnreachable):
            rehearse("postgresql://u:p@127.0.0.1:1/x", BACKUP, tools, may_create=may_create)


def test_the_source_is_known_again_by_whatever_name_it_is_called(
    source: Callable[..., Source], tools: ClientTools
) -> None:
    made = source()
    facts = inspect(Connection.parse(made.dsn), Redactor())
    backup = manifest(server_version="17.2", encoding="UTF8", source=facts.identity)
    otherwise = made.dsn.replace("127.0.0.1", "localhost")
    found = rehearse(otherwise, backup, tools, may_create=False)
    assert found.is_source
    assert not rehearse(source().dsn, backup, tools, may_create=False).is_source
    with pytest.raises(SettingsError, match="this backup was made of") as failure:
        refuse(found, backup, force=True, typed="", may_make_roles=True)
    assert "--over-source orders" in failure.value.hint


def test_an_older_major_and_another_encoding_are_warned_of(
    source: Callable[..., Source], tools: ClientTools
) -> None:
    newer = manifest(server_version="18.1", encoding="LATIN1")
    found = rehearse(source(17).dsn, newer, tools, may_create=False)
    assert [warning.split(":")[0] for warning in found.warnings] == [
        "the backup is of PostgreSQL 18, the target is the older 17",
        "the backup is in LATIN1, the target in UTF8",
    ]


def test_a_backup_that_was_begun_long_after_its_time_is_warned_of(
    source: Callable[..., Source], tools: ClientTools
) -> None:
    def warnings(delay: timedelta) -> tuple[str, ...]:
        late = replace(BACKUP, started_at=BACKUP.scheduled_at + delay)
        return rehearse(source(17).dsn, late, tools, may_create=False).warnings

    (told,) = warnings(timedelta(hours=3))
    assert "begun at 2026-11-23T15:00:00Z" in told
    assert "not at 2026-11-23T12:00:00Z" in told
    assert warnings(timedelta(minutes=10)) == ()


@pytest.mark.parametrize("name", ["template0", "template1"])
def test_a_template_is_no_target(
    name: str, server: Callable[[int], PostgresServer], tools: ClientTools
) -> None:
    with pytest.raises(SettingsError, match="the template that new databases are copied from"):
        rehearse(server(17).dsn(name), BACKUP, tools, may_create=True)


def test_a_server_without_a_client_is_refused_before_anything_is_done(
    source: Callable[..., Source], tmp_path: object
) -> None:
    (tmp_path / "14").mkdir()  # type: ignore[operator]
    with pytest.raises(DatabaseUnsupported):
        rehearse(source(17).dsn, BACKUP, ClientTools(tmp_path), may_create=False)  # type: ignore[arg-type]


def test_missing_roles_are_named(source: Callable[..., Source], tools: ClientTools) -> None:
    backup = manifest(server_version="17.2", encoding="UTF8", roles=("nobody here", "postgres"))
    found: Rehearsal = rehearse(source(17, "SELECT 1").dsn, backup, tools, may_create=False)
    assert found.missing_roles == ("nobody here",)
    with pytest.raises(SettingsError, match="lacks the roles nobody here"):
        refuse(found, backup, force=False, typed="", may_make_roles=False)
    refuse(found, backup, force=False, typed="", may_make_roles=True)


def test_what_the_backup_does_not_hold_is_said_beforehand(
    source: Callable[..., Source], tools: ClientTools
) -> None:
    lacking = manifest(server_version="17.2", encoding="UTF8", omitted=LACKING)
    found = rehearse(source(17).dsn, lacking, tools, may_create=False)
    assert any(each.startswith("not in the backup: the rows of f") for each in found.warnings)
