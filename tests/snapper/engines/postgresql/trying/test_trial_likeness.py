"""A trial is in the backup's own locale, counts what it may, and leaves nothing that it made."""

import socket
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from snapper.aws.vault import Vault
from snapper.engines.postgresql.dumping.client_tools import ClientTools
from snapper.engines.postgresql.trying.trial import try_restore
from snapper.errors import RestoreFailed
from snapper.values.manifest import Manifest
from snapper.verbs.restore import Dump
from tests.support.databases import Source, query
from tests.support.few import few
from tests.support.restores import unfinished

BackUp = Callable[[Source], Manifest]

# In C only what is ASCII is a letter, and has a small one.
LETTERS = """
    CREATE TABLE people (name text CHECK (name ~ '^[[:alpha:]]+$'),
        code text CHECK (code <> lower(code)));
    INSERT INTO people VALUES ('Zo\u00eb', '\u00c9')
"""


@pytest.fixture
def lettered(source: Callable[..., Source]) -> Iterator[Source]:
    server = source(17).server
    made = Source(server, "of letters")
    Source(server, "postgres").run(
        f"CREATE DATABASE \"{made.name}\" TEMPLATE template0 ENCODING 'UTF8'"
        " LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8'"
    )
    made.run(LETTERS)
    yield made
    Source(server, "postgres").run(f'DROP DATABASE "{made.name}" WITH (FORCE)')


@pytest.mark.parametrize("on", few([False, True]))
def test_a_trial_is_in_the_locale_of_the_backup(
    on: bool, lettered: Source, back_up: BackUp, vault: Vault, tools: ClientTools
) -> None:
    manifest = back_up(lettered)
    server = lettered.server.dsn() if on else ""
    found = try_restore(Dump(vault, manifest), manifest, tools, server)
    assert (found.tables, found.rows, found.remarks) == (1, 1, ())


@pytest.mark.parametrize("on", [pytest.param(False, marks=pytest.mark.long), True])
def test_where_the_server_has_not_that_locale_it_is_said_and_no_fault_of_the_backup(
    on: bool, lettered: Source, back_up: BackUp, vault: Vault, tools: ClientTools
) -> None:
    manifest = back_up(lettered)
    locale = {**manifest.part["properties"]["locale"], "provider": "icu", "name": "de-AT"}
    properties = {**manifest.part["properties"], "locale": locale}
    manifest = replace(manifest, part={**manifest.part, "properties": properties})
    server = lettered.server.dsn() if on else ""
    with pytest.raises(RestoreFailed, match="cannot have the locale de-AT of icu") as failed:
        try_restore(Dump(vault, manifest), manifest, tools, server)
    assert not failed.value.against_backup
    assert unfinished(lettered.server) == []


def test_what_its_owner_may_not_count_is_not_counted_and_that_is_all(
    source: Callable[..., Source], back_up: BackUp, vault: Vault, tools: ClientTools
) -> None:
    made = source(17, "CREATE ROLE counts LOGIN CREATEDB PASSWORD 'pw'")
    made.run(
        "CREATE TABLE open AS SELECT generate_series(1, 3) AS n; CREATE TABLE t AS SELECT 1 AS a;"
        "ALTER TABLE t ENABLE ROW LEVEL SECURITY; ALTER TABLE t FORCE ROW LEVEL SECURITY;"
        "CREATE POLICY p ON t USING (a > 1); ALTER TABLE t OWNER TO counts;"
        "ALTER TABLE open OWNER TO counts"
    )
    server = Source(made.server, "postgres").as_role("counts", "pw")
    try:
        manifest = back_up(made)
        found = try_restore(Dump(vault, manifest), manifest, tools, server)
    finally:
        made.run("DROP OWNED BY counts; DROP ROLE counts")
    assert (found.tables, found.rows, found.uncounted) == (2, 3, 1)
    (remark,) = found.remarks
    assert remark.startswith("restored, and not counted")
    assert remark.endswith("public.t")


@pytest.fixture
def publisher() -> Iterator[socket.socket]:
    """Give who must not be talked to: a socket that tells if somebody came."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        yield listening
        with pytest.raises(BlockingIOError):
            listening.accept()


@pytest.mark.parametrize("on", few([False, True]))
def test_a_subscription_of_the_backup_reaches_for_nobody_and_is_not_left(
    on: bool,
    source: Callable[..., Source],
    publisher: socket.socket,
    back_up: BackUp,
    vault: Vault,
    tools: ClientTools,
) -> None:
    port = publisher.getsockname()[1]
    made = source(
        17,
        "CREATE TABLE t AS SELECT 1 AS n; CREATE SUBSCRIPTION from_head CONNECTION"
        f" 'host=127.0.0.1 port={port} dbname=head' PUBLICATION p WITH (connect = false)",
    )
    manifest = back_up(made)
    server = made.server.dsn() if on else ""
    try:
        found = try_restore(Dump(vault, manifest), manifest, tools, server)
        assert (found.tables, found.rows) == (1, 1)
        assert unfinished(made.server) == []
    finally:
        query(made.dsn, "ALTER SUBSCRIPTION from_head SET (slot_name = NONE)")
        query(made.dsn, "DROP SUBSCRIPTION from_head")
