"""What another major refuses says nothing of a backup, unless every one of them does."""

from collections.abc import Callable

import pytest

from snapper.aws.vault import Vault
from snapper.engines.postgresql.dumping.client_tools import ClientTools
from snapper.engines.postgresql.trying.trial import try_restore
from snapper.errors import RestoreFailed
from snapper.verbs.restore import read_back
from tests.snapper.engines.postgresql.trying.test_trial import MakeBackup, evaluated
from tests.snapper.engines.postgresql.trying.test_trial import back_up as back_up
from tests.support.databases import Source


def test_what_another_major_refuses_is_not_held_against_the_backup(
    source: Callable[..., Source], back_up: MakeBackup, vault: Vault, tools: ClientTools
) -> None:
    """Such as an operator that is gone in it: the backup's own major may take it."""
    manifest = back_up(source(14), evaluated("1/0"))
    other = Source(source(18).server, "postgres")
    with pytest.raises(RestoreFailed) as failed:
        try_restore(read_back(vault, manifest), manifest, tools, server=other.dsn)
    assert not failed.value.against_backup
    assert failed.value.of_major


def test_what_no_major_takes_is_held_against_the_backup_on_any(
    source: Callable[..., Source], back_up: MakeBackup, vault: Vault, tools: ClientTools
) -> None:
    twice = (
        "CREATE TABLE public.twice (n int);\nCOPY public.twice (n) FROM stdin;\n1\n1\n\\.\n\n"
        "ALTER TABLE ONLY public.twice ADD CONSTRAINT once PRIMARY KEY (n);\n"
    )
    manifest = back_up(source(14), twice)
    other = Source(source(18).server, "postgres")
    with pytest.raises(RestoreFailed, match="23505") as failed:
        try_restore(read_back(vault, manifest), manifest, tools, server=other.dsn)
    assert failed.value.against_backup
    assert not failed.value.of_major
