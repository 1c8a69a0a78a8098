"""What a database costs is told whatever somebody has written into its records."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from snapper.aws.vault import Vault
from snapper.values.container import Size
from snapper.values.cost import MONTH, Machine, Stored, Usage, cost_of
from snapper.values.manifest import Manifest
from snapper.values.object_lock import ObjectLock
from snapper.values.options import Options
from snapper.values.prices import LIST_PRICES
from snapper.values.proving import Proving
from snapper.values.rules import Retention, Rules
from snapper.values.schedule import parse_schedule
from snapper.values.verification import Restored, Verification
from snapper.verbs.cost import QUARTER, YEAR, priced
from snapper.verbs.verify import record
from tests.support.databases import AT
from tests.support.manifests import manifest

LONG_AGO = datetime(1971, 1, 1, tzinfo=UTC)
NOW = AT + timedelta(days=3)


@pytest.mark.parametrize("began", [LONG_AGO, NOW])
def test_records_of_any_span_are_counted(vault: Vault, began: datetime) -> None:
    for days in range(3):
        at = AT + timedelta(days=days)
        forged = manifest(
            scheduled_at=at,
            started_at=began if began < at else at,
            finished_at=at if began < at else LONG_AGO,
            backup_bytes=20 + days,
        )
        vault.put(forged.dump_key, b"x" * (20 + days))
        vault.put(forged.key, forged.to_json().encode())
    often = parse_schedule("rate(1 minute)")
    found = priced(vault, "orders", often, None, Machine(), LIST_PRICES, NOW)
    assert found.backups
    took = (found.usage.took, found.later_took[QUARTER])
    assert all(timedelta() <= each <= MONTH for each in took)
    assert found.cost.total >= 0


def store(vault: Vault, made: Manifest, proven_in: float = 0) -> None:
    vault.put(made.dump_key, b"x" * made.backup_bytes)
    vault.put(made.key, made.to_json().encode())
    if proven_in:
        restored = Restored(1, 1, proven_in)
        verdict = Verification(NOW, made.sha256, True, restored=restored, restored_at=NOW)
        record(vault, "orders", made.scheduled_at, verdict)


@pytest.mark.parametrize(
    ("fields", "options", "vcpus"),
    [
        ({}, Options(), 2),
        ({"database_bytes": 60_000_000_000}, Options(), 4),
        ({"jobs": 6}, Options(), 8),
        ({"jobs": 6}, Options(dump_jobs=1), 1),
        ({"database_bytes": 60_000_000_000, "jobs": 2}, Options(dump_jobs=0), 4),
    ],
)
def test_a_container_is_as_large_as_the_dump_that_is_handed_over_needs(
    vault: Vault, fields: dict[str, Any], options: Options, vcpus: int
) -> None:
    store(vault, manifest(**fields))
    daily = parse_schedule("rate(1 day)")
    found = priced(vault, "orders", daily, None, Machine(), LIST_PRICES, NOW, options=options)
    assert found.usage.size == Size(vcpus)


@pytest.mark.parametrize(
    ("lock", "held"),
    [
        (None, 0),
        (ObjectLock("governance", 2), 0),  # fewer days than backups stay by themselves
        (ObjectLock("compliance", 30), 27 * 1000),
    ],
)
def test_what_a_lock_comes_to_hold_is_counted_in_the_year(
    vault: Vault, lock: ObjectLock | None, held: int
) -> None:
    for days in range(3):
        at = AT + timedelta(days=days)
        store(vault, manifest(scheduled_at=at, backup_bytes=1000))
    daily = parse_schedule("rate(1 day)")
    found = priced(vault, "orders", daily, None, Machine(), LIST_PRICES, NOW, lock=lock)
    assert found.held == held
    assert found.cost.noncurrent == 0
    later = found.later[YEAR].noncurrent
    assert later == pytest.approx(held / GB * LIST_PRICES.storage_of("STANDARD"))


@pytest.mark.parametrize(
    ("kind", "dearer", "read"),
    [("STANDARD", 1, 0.0), ("STANDARD_IA", 2, 0.1), ("GLACIER_IR", 4, 0.3)],
)
def test_a_class_has_its_price_for_requests_and_for_what_a_drill_reads(
    kind: str, dearer: int, read: float
) -> None:
    """Of six requests for the dump, and five for what is beside it."""
    own, queued = LIST_PRICES.write_request, 5 * LIST_PRICES.queue_request
    usage = Usage(30, timedelta(), 4, Stored(), storage_class=kind, newest=10 * GB)
    found = cost_of(usage, Machine(), LIST_PRICES).requests
    assert found == pytest.approx(30 * ((6 * dearer + 5) * own + queued))
    drilled = cost_of(replace(usage, drills=1.0), Machine(), LIST_PRICES).requests
    assert drilled - found == pytest.approx(read + queued)


GB = 1 << 30


@pytest.mark.parametrize(
    ("dump_bytes", "disk_bytes", "goes", "vcpus"),
    [
        (GB, None, False, 2),  # nothing takes it
        (GB, 10 * GB, False, 2),
        (GB, 2 * GB, True, 2),
        (30 * GB, 0, True, 4),  # for its time, where the disk is not known
    ],
)
def test_a_drill_that_was_handed_over_is_counted_as_one(
    vault: Vault, dump_bytes: int, disk_bytes: int | None, goes: bool, vcpus: int
) -> None:
    large = manifest(database_bytes=4 * dump_bytes, dump_bytes=dump_bytes)
    store(vault, large, proven_in=600)
    daily, weekly = parse_schedule("rate(1 day)"), Proving("weekly")
    found = priced(
        vault, "orders", daily, weekly, Machine(), LIST_PRICES, NOW, disk_bytes=disk_bytes
    )
    assert found.usage.drills > 4
    assert (found.usage.drilled_in_container, found.usage.drill_size) == (goes, Size(vcpus))


@pytest.mark.parametrize(
    ("keep", "times"),
    [(None, 1), (3, 1), (Rules(daily=3), 1), (Rules(daily=14, monthly=12), 25 / 3)],
)
def test_rules_that_are_not_full_yet_will_keep_more(
    vault: Vault, keep: Retention | None, times: float
) -> None:
    for days in range(3):
        store(vault, manifest(scheduled_at=AT + timedelta(days=days), backup_bytes=99_999))
    daily = parse_schedule("rate(1 day)")
    found = priced(vault, "orders", daily, None, Machine(), LIST_PRICES, NOW, retention=keep)
    assert found.later[YEAR].storage / found.cost.storage == pytest.approx(times, rel=0.1)
