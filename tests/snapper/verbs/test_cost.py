"""What a database costs is told whatever somebody has written into its records."""

from datetime import UTC, datetime, timedelta

import pytest

from snapper.aws.vault import Vault
from snapper.values.cost import MONTH, Machine
from snapper.values.prices import LIST_PRICES
from snapper.values.schedule import parse_schedule
from snapper.verbs.cost import QUARTER, priced
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
