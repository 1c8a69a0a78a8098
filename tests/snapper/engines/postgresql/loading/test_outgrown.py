"""What a newer PostgreSQL does not take of an older one's is left out where there is no other."""

from collections.abc import Callable

import pytest

from snapper.aws.vault import Vault
from snapper.engines.facts import TrialOptions
from snapper.engines.postgresql.dumping.client_tools import ClientTools
from snapper.engines.postgresql.trying.installed import Programs
from snapper.engines.postgresql.trying.trial import try_restore
from snapper.errors import RestoreFailed
from snapper.values.manifest import Manifest
from snapper.values.verification import Restored
from snapper.verbs.contents import read_contents
from snapper.verbs.restore import Dump
from tests.support.appended import appended
from tests.support.databases import Source
from tests.support.few import few

BackUp = Callable[[Source], Manifest]
Prove = Callable[[Manifest], Restored]
TRIAL = "snapper.engines.postgresql.trying.trial"
OUTGROWN = """
CREATE TABLE parent (a int, b int); INSERT INTO parent VALUES (1, 1), (2, 2), (3, 3);
CREATE TABLE child (b int GENERATED ALWAYS AS (a * 2) STORED) INHERITS (parent);
INSERT INTO child (a) VALUES (4), (5); CREATE INDEX ON child (a); COMMENT ON TABLE child IS 'odd';
CREATE TABLE grandchild (c int) INHERITS (child); INSERT INTO grandchild (a) VALUES (6), (7), (8);
CREATE VIEW children AS SELECT * FROM child;
CREATE TABLE whole AS SELECT 1 AS n;
CREATE VIEW written AS SELECT w.buffers_backend AS n FROM pg_stat_bgwriter w;
CREATE VIEW upon AS SELECT n FROM written;
CREATE FUNCTION rewritten() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT n FROM written; END;
CREATE TABLE counting (n bigint DEFAULT rewritten()); INSERT INTO counting VALUES (1), (2);
CREATE AGGREGATE sum_of(interval) (
    SFUNC = interval_accum, STYPE = interval[], INITCOND = '{0 second,0 second}'
);
"""


@pytest.fixture
def prove(vault: Vault, tools: ClientTools, monkeypatch: pytest.MonkeyPatch) -> Prove:
    """Restore a backup where there is one server alone, a newer one, as in the deployed prover."""
    monkeypatch.setattr(f"{TRIAL}.choices", lambda *_: (Programs(18, for_trials=True),))

    def trial(manifest: Manifest) -> Restored:
        options = TrialOptions(read_contents(vault, manifest))
        return try_restore(Dump(vault, manifest), manifest, tools, options=options)

    return trial


@pytest.mark.long
def test_what_the_only_server_is_too_new_for_is_left_out_with_what_is_built_upon_it_and_named(
    source: Callable[..., Source],
    back_up: BackUp,
    prove: Prove,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What is not told of is there, with all its rows."""
    manifest = back_up(source(14, OUTGROWN))
    found = prove(manifest)
    assert found.proof is not None
    assert (found.tables, found.rows, found.proof.compared) == (2, 4, 2)
    assert found.proof.lacking is not None
    refused = ("aggregate public.sum_of", "table public.child", "view public.written")
    assert found.proof.lacking.refused == refused
    assert found.proof.lacking.tables == ("public.child", "public.counting", "public.grandchild")
    assert found.remarks[0] == (
        "restored but for what this PostgreSQL does not take: 3 tables, 3 views, 1 aggregate,"
        " 1 function"
    )
    assert any(each.startswith("left out: table public.child: ") for each in found.remarks)
    # Its own major takes it, and is there on an operator's machine.
    monkeypatch.undo()
    whole = prove(manifest)
    assert (whole.tables, whole.rows) == (5, 11)
    assert whole.proof is not None
    assert whole.proof.lacking is None


@pytest.mark.long
@pytest.mark.parametrize(
    "more",
    few(
        [
            "CREATE VIEW public.v AS SELECT * FROM public.lost;\n",
            "CREATE TABLE public.t (n int);\n",
            "CREATE TABLE public.u (n int,);\n",
            "CREATE POLICY p ON public.t TO nobody_known USING (true);\n",
        ],
        2,
    ),
    ids=["a name of the dump's own", "there already", "no SQL", "no such role"],
)
def test_what_no_major_takes_is_not_left_out_for_a_newer_one(
    more: str,
    source: Callable[..., Source],
    back_up: BackUp,
    vault: Vault,
    prove: Prove,
) -> None:
    manifest = appended(vault, back_up(source(14)), more)
    with pytest.raises(RestoreFailed, match="the restore stopped at line"):
        prove(manifest)


def test_what_no_server_needs_is_left_out_as_ever(
    source: Callable[..., Source],
    back_up: BackUp,
    vault: Vault,
    prove: Prove,
) -> None:
    """Such as a policy for a provider's own role alone: that is no newer major's doing."""
    policy = "CREATE POLICY p ON public.t TO rdsadmin USING (true);\n"
    manifest = appended(vault, back_up(source(14)), policy)
    found = prove(manifest)
    assert found.proof is not None
    assert found.proof.lacking is None
    assert any(each.startswith("left out: policy p on public.t: ") for each in found.remarks)
