"""A trial needs no roles to count rows: where they cannot be had, it says what it did without."""

from collections.abc import Callable, Iterator

import pytest

from snapper.aws.vault import Vault
from snapper.engines.postgresql.dumping.client_tools import ClientTools
from snapper.engines.postgresql.trying.trial import try_restore
from snapper.values.manifest import Manifest
from snapper.verbs.restore import Dump
from tests.support.databases import Source

OWNED = """
    CREATE ROLE trial_owner; CREATE ROLE "trial reader";
    ALTER TABLE t OWNER TO trial_owner;
    ALTER TABLE t ENABLE ROW LEVEL SECURITY;
    CREATE POLICY seen ON t FOR SELECT TO trial_owner, "trial reader" USING (n > 0);
    COMMENT ON POLICY seen ON t IS 'for two';
    CREATE POLICY everybodys ON t USING (true);
    GRANT SELECT ON t TO "trial reader" WITH GRANT OPTION;
    ALTER DEFAULT PRIVILEGES FOR ROLE trial_owner GRANT SELECT ON TABLES TO "trial reader";
"""
GONE = """
    DROP OWNED BY trial_owner CASCADE; DROP OWNED BY "trial reader" CASCADE;
    DROP ROLE trial_owner, "trial reader"
"""


@pytest.fixture
def modest(source: Callable[..., Source]) -> Iterator[str]:
    """Give the connection of a role that may make databases, and no roles."""
    made = Source(source(17).server, "postgres")
    made.run("CREATE ROLE modest_trier LOGIN CREATEDB PASSWORD 'pw'")
    yield made.as_role("modest_trier", "pw")
    made.run("DROP ROLE modest_trier")


def test_where_roles_are_missing_and_cannot_be_made_rows_are_counted_all_the_same(
    modest: str,
    source: Callable[..., Source],
    back_up: Callable[[Source], Manifest],
    vault: Vault,
    tools: ClientTools,
) -> None:
    made = source(17)
    made.run(OWNED)
    manifest = back_up(made)
    made.run(GONE)
    restored = try_restore(Dump(vault, manifest), manifest, tools, modest)
    assert (restored.tables, restored.rows, restored.uncounted) == (1, 1, 0)
    unowned, *others = restored.remarks
    assert unowned == (
        "restored without owners and rights, for this user may make no roles and the server lacks"
        " trial reader, trial_owner"
    )
    assert {each.partition(":")[2].split(":")[0].strip() for each in others} >= {
        "policy seen on public.t",
        "comment on POLICY seen ON public.t",
    }
    assert not any("owner of" in each or "grant " in each for each in others)


def test_where_it_cannot_become_those_that_are_there_they_own_nothing(
    modest: str,
    source: Callable[..., Source],
    back_up: Callable[[Source], Manifest],
    vault: Vault,
    tools: ClientTools,
) -> None:
    made = source(17)
    made.run(OWNED)
    manifest = back_up(made)
    try:
        restored = try_restore(Dump(vault, manifest), manifest, tools, modest)
    finally:
        made.run(GONE)
    assert restored.rows == 1
    assert any("left out: owner of TABLE public.t: " in each for each in restored.remarks)
