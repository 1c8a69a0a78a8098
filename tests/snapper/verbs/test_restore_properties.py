"""A restore as a new database brings back what was set on the database itself."""

import re
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psycopg2
import pytest

from snapper.engines.facts import Restoration
from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.engines.postgresql.dumping.client_tools import ClientTools
from snapper.engines.postgresql.restoring.rehearse import make_roles, rehearse
from snapper.engines.postgresql.restoring.stock import stock_commands
from snapper.values.manifest import Manifest
from snapper.verbs.dump import Dumper
from snapper.verbs.rehearse import aftermath
from snapper.verbs.restore import restore, restore_as_new
from tests.support.databases import AT, Source, job
from tests.support.engines import postgresql
from tests.support.manifests import manifest
from tests.support.properties import SECRET, UNSET, decorate, properties_of
from tests.support.recording import RecordedEvents
from tests.support.restores import EMPTY

MAJORS = [14, *(pytest.param(each, marks=pytest.mark.long) for each in (15, 16, 17)), 18]


@pytest.fixture
def decorated(
    source: Callable[..., Source], dumper: Dumper
) -> Callable[[int], tuple[Source, Manifest]]:
    def make(major: int) -> tuple[Source, Manifest]:
        made = decorate(source(major))
        backup = replace(dumper, now=lambda: AT).dump(job(), made.database())
        assert backup is not None
        return made, backup

    return make


NOTHING = Restoration()
"""All is as it was."""

Decorated = Callable[[int], tuple[Source, Manifest]]


@pytest.mark.long
@pytest.mark.parametrize("major", MAJORS)
def test_a_new_database_has_all_that_was_set_on_the_backups(
    major: int,
    decorated: Decorated,
    dumper: Dumper,
    tools: ClientTools,
) -> None:
    made, backup = decorated(major)
    anew = Source(made.server, f"{made.name} anew")
    stored = Manifest.from_json(dumper.vault.read(backup.key).decode())
    assert rehearse(anew.dsn, stored, tools, may_create=True).warnings == ()
    assert restore_as_new(dumper.vault, stored, anew.dsn, postgresql(tools)) == NOTHING
    assert properties_of(anew) == properties_of(made)
    path = 'app, public, "$user", "with ""quotes"", and comma"'
    assert anew.rows("SHOW search_path") == [(path,)]
    assert anew.rows("SHOW app.jwt_secret") == [(f'{SECRET}\'\\ "é"=',)]


def test_the_log_of_a_dump_holds_no_value_of_a_setting(
    decorated: Decorated, events: RecordedEvents
) -> None:
    decorated(18)
    assert SECRET not in str(vars(events))


@pytest.mark.parametrize("major", [pytest.param(14, marks=pytest.mark.long), 18])
def test_who_may_not_connect_to_the_source_may_not_to_the_restored(
    major: int, decorated: Decorated, dumper: Dumper, tools: ClientTools
) -> None:
    made, backup = decorated(major)
    anew = Source(made.server, f"{made.name} closed")
    restore_as_new(dumper.vault, backup, anew.dsn, postgresql(tools))
    admin = Source(made.server, "postgres")
    admin.run("CREATE ROLE stranger LOGIN PASSWORD 'pw'")
    parameters = {**Connection.parse(anew.dsn).parameters, "user": "stranger"}
    with pytest.raises(psycopg2.OperationalError, match="permission denied for database"):
        psycopg2.connect(Connection(parameters, None).conninfo({}), password="pw")
    admin.run("DROP ROLE stranger")


@pytest.mark.parametrize("major", [pytest.param(14, marks=pytest.mark.long), 18])
def test_an_existing_database_is_not_changed_itself_and_that_is_warned_of(
    major: int,
    decorated: Decorated,
    source: Callable[..., Source],
    dumper: Dumper,
    tools: ClientTools,
) -> None:
    made, backup = decorated(major)
    target = source(major, EMPTY)
    (warning,) = rehearse(target.dsn, backup, tools, may_create=True).warnings
    for words in ("its owner", "REVOKE CONNECT from PUBLIC", "the setting app.jwt_secret"):
        assert words in warning
    assert SECRET not in warning
    assert restore(dumper.vault, backup, target.dsn, postgresql(tools)) == NOTHING
    assert properties_of(target) == UNSET
    assert made.rows("SHOW work_mem") == [("64MB",)]


def test_roles_that_are_named_only_there_are_warned_of_and_stop_nothing(
    source: Callable[..., Source], dumper: Dumper, tools: ClientTools
) -> None:
    made = source(18)
    made.run(f'CREATE ROLE passing; GRANT CREATE ON DATABASE "{made.name}" TO passing')
    backup = dumper.dump(job(), made.database())
    assert backup is not None
    assert "passing" not in backup.part["roles"]
    made.run(f'REVOKE ALL ON DATABASE "{made.name}" FROM passing; DROP ROLE passing')
    anew = Source(made.server, "without passing")
    found = rehearse(anew.dsn, backup, tools, may_create=True)
    assert found.missing_roles == ()
    warned = restore_as_new(dumper.vault, backup, anew.dsn, postgresql(tools)).warnings
    assert len(warned) == 1
    assert "role passing is missing here" in warned[0]
    assert warned[0] in found.warnings  # in the same words, so that it need not be said twice
    assert anew.rows("SELECT n FROM t") == [(1,)]


@pytest.mark.long
def test_a_backup_of_an_older_snapper_is_restored_and_its_silence_told(
    decorated: Decorated, dumper: Dumper, tools: ClientTools
) -> None:
    made, backup = decorated(18)
    older = replace(backup, part={**backup.part, "properties": None})
    anew = Source(made.server, "of an older snapper")
    (warning,) = rehearse(anew.dsn, older, tools, may_create=True).warnings
    assert "does not say what was set on its database itself" in warning
    assert restore_as_new(dumper.vault, older, anew.dsn, postgresql(tools)) == NOTHING
    assert properties_of(anew) == UNSET


def test_roles_that_were_made_are_named_after_a_restore_that_failed(
    source: Callable[..., Source], tools: ClientTools
) -> None:
    backup = manifest(server_version="18.0", encoding="UTF8", roles=("passing",))
    target = source(18, EMPTY)
    before = rehearse(target.dsn, backup, tools, may_create=False)
    made = make_roles(target.dsn, before)
    words = aftermath(postgresql(tools), target.dsn, before, made)
    assert words.endswith("; the roles that were made for it stay: passing")
    assert "the roles" not in aftermath(postgresql(tools), target.dsn, before)
    target.run("DROP ROLE passing")


AWS = """#!/bin/bash
cp "${3##*/}.stored" "$4"
"""


@pytest.mark.parametrize("major", [pytest.param(14, marks=pytest.mark.long), 18])
def test_stock_commands_do_the_same_and_hold_no_value_of_an_applications_setting(
    major: int, decorated: Decorated, dumper: Dumper, tmp_path: Path
) -> None:
    made, backup = decorated(major)
    anew = Source(made.server, f"{made.name} 'by' \"hand\"")
    connection = Connection.parse(anew.dsn)
    commands = stock_commands("bucket", backup, connection, creates_on=major)
    assert SECRET not in "".join(commands)
    for key in (backup.key, backup.dump_key):
        (tmp_path / f"{Path(key).name}.stored").write_bytes(dumper.vault.read(key))
    (tmp_path / "aws").write_text(AWS)
    (tmp_path / "aws").chmod(0o755)
    programs = made.server._programs()
    subprocess.run(
        ["bash", "-c", "\n".join(commands)],
        cwd=tmp_path,
        env={
            "PATH": f"{tmp_path}:{programs}/bin:/usr/bin:/bin",
            "LD_LIBRARY_PATH": f"{programs}/lib",
            "PGPASSWORD": str(connection.password),
        },
        check=True,
    )
    assert properties_of(anew) == properties_of(made)
    existing = "".join(stock_commands("bucket", backup, connection))
    assert not re.search("(CREATE|ALTER) DATABASE", existing)
