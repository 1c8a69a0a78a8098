"""What stops a restore for want of a role or a right is told with its name, and the way on."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from snapper.engines.facts import RestoreOptions
from snapper.errors import RestoreFailed
from tests.support.anew import OWNER, Anew, Owner, beside
from tests.support.databases import Source


@pytest.fixture
def made(source: Callable[..., Source]) -> Iterator[Source]:
    """Give a database with something of a role's that makes nobody else its like."""
    made = source(18, "CREATE ROLE theirs; CREATE TABLE t AS SELECT 1 AS n")
    yield made
    made.run("DROP OWNED BY theirs CASCADE; DROP ROLE theirs")


def test_who_may_only_administer_a_role_is_told_how_to_become_it(
    made: Source, owner: Owner, anew: Anew
) -> None:
    dsn = owner(made, beside(made, "theirs").name)
    made.run(f"GRANT theirs TO {OWNER} WITH ADMIN TRUE, INHERIT FALSE, SET FALSE")
    made.run("ALTER TABLE t OWNER TO theirs")
    with pytest.raises(RestoreFailed, match='must be able to SET ROLE "theirs"') as failed:
        anew(made, dsn)
    assert "GRANT … TO … WITH INHERIT TRUE, SET TRUE" in failed.value.hint
    assert "--no-owner; no row is lost without it" in failed.value.hint


def test_a_policy_for_a_role_that_is_not_there_tells_how_to_make_it(
    made: Source, anew: Anew
) -> None:
    made.run("CREATE ROLE gone; CREATE POLICY p ON t TO gone USING (true)")
    once = RestoreOptions(no_owner=True)
    anew(made, beside(made, "once").dsn, once)
    for each in (made, beside(made, "once")):
        each.run("DROP POLICY p ON t")
    replace(made, name="postgres").run("DROP ROLE gone")
    with pytest.raises(RestoreFailed, match=r'policy p on public\.t: role "gone"') as failed:
        anew(made, beside(made, "again").dsn, once)
    assert "--create-roles" in failed.value.hint


def test_of_a_foreign_server_it_is_named_what_it_needs(
    made: Source, owner: Owner, anew: Anew
) -> None:
    made.run("CREATE EXTENSION postgres_fdw; CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw")
    with pytest.raises(RestoreFailed, match=r'server far: .* "postgres_fdw" does not exist'):
        anew(made, owner(made, beside(made, "far").name))
