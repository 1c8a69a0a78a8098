"""A verdict is right about every damage, and a proof by restoring tells what was there."""

import gzip
import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from snapper.engines.postgresql.dumping.client_tools import ClientTools
from snapper.engines.postgresql.trying.trial import try_restore
from snapper.errors import RestoreFailed
from snapper.values.manifest import Manifest
from snapper.values.verification import Restored
from snapper.verbs.catalog import listing
from snapper.verbs.dump import Dumper
from snapper.verbs.restore import read_back
from snapper.verbs.verify import prove, record, verify
from tests.support.databases import Source, job
from tests.support.few import few
from tests.support.restores import DAMAGES, NOISE, damage

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)


@pytest.fixture
def back_up(dumper: Dumper, source: Callable[..., Source]) -> Callable[..., Manifest]:
    def make(sql: str = NOISE.replace("200", "20"), major: int = 17) -> Manifest:
        made = dumper.dump(job(), source(major, sql).database())
        assert made is not None
        return made

    return make


def test_a_whole_backup_is_sound_and_listed_as_such(
    back_up: Callable[..., Manifest], dumper: Dumper
) -> None:
    manifest, told = back_up(), list[int]()
    verdict = verify(dumper.vault, manifest, NOW, told.append)
    assert verdict.sound
    assert told[-1] == manifest.backup_bytes
    record(dumper.vault, "orders", manifest.scheduled_at, verdict)
    (listed,) = listing(dumper.vault, "orders")
    assert listed.verification == verdict


@pytest.mark.parametrize("change", few(DAMAGES.values(), 3), ids=DAMAGES)
def test_every_damage_is_seen(
    change: Callable[[bytes], bytes], back_up: Callable[..., Manifest], dumper: Dumper
) -> None:
    manifest = back_up()
    damage(dumper.vault, manifest, change)
    verdict = verify(dumper.vault, manifest, NOW)
    assert not verdict.sound
    assert manifest.dump_key in verdict.reason


def test_a_dump_without_its_end_is_seen_though_all_sums_are_right(
    back_up: Callable[..., Manifest], dumper: Dumper
) -> None:
    manifest = back_up()
    plain = gzip.decompress(dumper.vault.read(manifest.dump_key))[:-2000]
    packed = gzip.compress(plain)
    damage(dumper.vault, manifest, lambda _: packed)
    agreed = replace(
        manifest,
        dump_bytes=len(plain),
        backup_bytes=len(packed),
        sha256=hashlib.sha256(packed).hexdigest(),
    )
    verdict = verify(dumper.vault, agreed, NOW)
    assert "does not end as a dump does" in verdict.reason


def test_a_verdict_on_an_object_that_was_replaced_counts_for_nothing(
    back_up: Callable[..., Manifest], dumper: Dumper
) -> None:
    manifest = back_up()
    verdict = verify(dumper.vault, manifest, NOW)
    record(dumper.vault, "orders", manifest.scheduled_at, replace(verdict, sha256="ab" * 32))
    (listed,) = listing(dumper.vault, "orders")
    assert listed.verification is None


def test_a_restore_into_a_throw_away_server_counts_tables_and_rows(
    back_up: Callable[..., Manifest], dumper: Dumper, tools: ClientTools
) -> None:
    manifest = back_up(
        "CREATE TABLE one AS SELECT generate_series(1, 7) AS n;"
        "CREATE MATERIALIZED VIEW filled AS SELECT n FROM one WHERE n < 3;"
        "CREATE MATERIALIZED VIEW not_yet AS SELECT n FROM one WITH NO DATA;"
        "CREATE TABLE secret (n int); INSERT INTO secret VALUES (1), (2);"
        "ALTER TABLE secret ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;"
    )
    verdict = verify(dumper.vault, manifest, NOW)
    proven = prove(verdict, lambda: try_restore(read_back(dumper.vault, manifest), manifest, tools))
    assert proven.sound
    assert proven.restored is not None
    assert (proven.restored.tables, proven.restored.rows) == (3, 11)
    assert proven.restored.seconds > 0


def test_a_restore_that_fails_for_other_reasons_than_damage_is_no_verdict(
    back_up: Callable[..., Manifest], dumper: Dumper
) -> None:
    def fails() -> Restored:
        raise RestoreFailed("the extension is not available")

    with pytest.raises(RestoreFailed):
        prove(verify(dumper.vault, back_up(), NOW), fails)
