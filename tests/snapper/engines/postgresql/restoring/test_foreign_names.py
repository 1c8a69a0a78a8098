"""A role that another database has named in its own encoding stops nothing: no dump, no restore."""

from collections.abc import Callable, Iterator

import pytest

from snapper.aws.vault import Vault
from snapper.engines.postgresql.dumping.client_tools import ClientTools
from snapper.engines.postgresql.restoring.rehearse import rehearse
from snapper.engines.postgresql.trying.trial import try_restore
from snapper.errors import RestoreFailed
from snapper.values.manifest import Manifest
from snapper.verbs.restore import Dump, restore_as_new
from tests.support.databases import Source
from tests.support.engines import postgresql

ROLE = r"m\xfcller"  # the byte of an umlaut in LATIN1, which is no character in UTF8

GIVE = """
    DO $$ DECLARE r name := (SELECT rolname FROM pg_roles ORDER BY oid DESC LIMIT 1); BEGIN
        EXECUTE format('GRANT SELECT ON granted TO %I', r);
        EXECUTE format('ALTER TABLE owned OWNER TO %I', r);
        EXECUTE format('CREATE POLICY theirs ON granted TO %I USING (true)', r);
        EXECUTE format('ALTER DEFAULT PRIVILEGES FOR ROLE %I GRANT SELECT ON TABLES TO PUBLIC', r);
        EXECUTE format('ALTER DATABASE %I OWNER TO %I', current_database(), r);
        EXECUTE format('ALTER ROLE %I IN DATABASE %I SET work_mem TO 99', r, current_database());
    END $$
"""
RESTRICT = """
    DO $$ DECLARE r name := (SELECT rolname FROM pg_roles ORDER BY oid DESC LIMIT 1); BEGIN
        EXECUTE format('CREATE POLICY less ON granted AS RESTRICTIVE TO %I USING (n > 1)', r);
    END $$
"""
TAKE = """
    DO $$ DECLARE r name := (SELECT rolname FROM pg_roles ORDER BY oid DESC LIMIT 1); BEGIN
        EXECUTE format('ALTER DATABASE %I OWNER TO postgres', current_database());
        EXECUTE format('DROP OWNED BY %I', r); EXECUTE format('DROP ROLE %I', r);
    END $$
"""


@pytest.fixture
def named_elsewhere(source: Callable[..., Source]) -> Iterator[Source]:
    made = source(17, "CREATE TABLE granted AS SELECT 1 AS n; CREATE TABLE owned AS SELECT 1 AS n")
    admin, latin = Source(made.server, "postgres"), Source(made.server, f"latin for {made.name}")
    admin.run(f"CREATE DATABASE \"{latin.name}\" TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'")
    latin.run('CREATE ROLE "m\u00fcller"')
    made.run(GIVE)
    yield made
    made.run(TAKE)
    admin.run(f'DROP DATABASE "{latin.name}"')


@pytest.mark.long
def test_all_but_what_is_that_roles_is_backed_up_restored_and_tried(
    named_elsewhere: Source,
    back_up: Callable[[Source], Manifest],
    vault: Vault,
    tools: ClientTools,
) -> None:
    manifest = back_up(named_elsewhere)
    assert manifest.part["roles"] == [ROLE, "postgres"]
    assert manifest.part["properties"]["owner"] == ROLE
    anew = Source(named_elsewhere.server, f"{named_elsewhere.name} anew")
    found = rehearse(anew.dsn, manifest, tools, may_create=True)
    assert found.missing_roles == ()
    assert f"the role {ROLE} has a name in another encoding" in " ".join(found.warnings)
    came = restore_as_new(vault, manifest, anew.dsn, postgresql(tools))
    try:
        assert anew.rows("SELECT count(*) FROM granted, owned") == [(1,)]
        kinds = {each.kind for each in came.left_out}
        assert kinds == {"owner of", "grant", "default privileges", "policy"}
    finally:
        Source(anew.server, "postgres").run(f'DROP DATABASE "{anew.name}"')
    assert try_restore(Dump(vault, manifest), manifest, tools).rows == 2


def test_a_policy_that_keeps_rows_from_that_role_is_not_left_out(
    named_elsewhere: Source, back_up: Callable[[Source], Manifest], vault: Vault, tools: ClientTools
) -> None:
    """Its name may be one of the target's, and it would see more there."""
    named_elsewhere.run(RESTRICT)
    manifest = back_up(named_elsewhere)
    anew = Source(named_elsewhere.server, f"{named_elsewhere.name} anew")
    with pytest.raises(RestoreFailed, match=r"policy less on public\.granted"):
        restore_as_new(vault, manifest, anew.dsn, postgresql(tools))


@pytest.mark.parametrize("value", ["\u00f6\u00df", "gr\u00f6\u00dfe"])
def test_a_setting_that_was_written_there_stops_no_backup(
    value: str, named_elsewhere: Source, back_up: Callable[[Source], Manifest]
) -> None:
    latin = Source(named_elsewhere.server, f"latin for {named_elsewhere.name}")
    latin.run(f"ALTER DATABASE \"{named_elsewhere.name}\" SET my.size = '{value}'")
    named_elsewhere.run(f'ALTER DATABASE "{named_elsewhere.name}" SET search_path = public, mine')
    assert back_up(named_elsewhere).part["search_path"] == "public, mine"
