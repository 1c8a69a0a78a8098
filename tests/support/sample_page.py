"""The page of the README's picture: python -m tests.support.sample_page > FILE.

Its databases are made up. docs/evidence.png shows how it begins.
"""

import hashlib
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random

from snapper.cli.evidence_page import Page
from snapper.values.incident import Incident
from snapper.values.proof import Lacking, Proof
from snapper.values.verification import Restored, Verification
from snapper.verbs.catalog import Listed
from snapper.verbs.evidence import Evidence, Recovery
from tests.support.manifests import manifest

UNTIL = datetime(2026, 11, 26, 9, tzinfo=UTC)
SINCE = UNTIL - timedelta(days=90)
_NIGHT = UNTIL.replace(hour=3)
_WEEK = timedelta(days=7)


def page() -> Page:
    """Give it; it is the same each time."""
    postgis = Lacking(("postgis",), {"table": 3})
    lost = Incident(
        _NIGHT - timedelta(days=12),
        _NIGHT - timedelta(days=12),
        _NIGHT - timedelta(days=12) + timedelta(minutes=12),
        3,
        "server closed the connection unexpectedly",
        _NIGHT - timedelta(days=12) + timedelta(minutes=44),
    )
    found = [
        _evidence("ORDERS", 310, 84, 4_180_000, 31, (lost,)),
        _evidence("SHOPS", 96, 41, 730_000, 12, lacking=postgis),
        _evidence("USERS", 41, 22, 262_000, 6),
    ]
    return Page("prod", "snapper-prod-20260811093012345600000001", SINCE, UNTIL, found, ())


def _evidence(
    database: str,
    megabytes: int,
    tables: int,
    rows: int,
    seconds: float,
    failures: tuple[Incident, ...] = (),
    lacking: Lacking | None = None,
) -> Evidence:
    chance = Random(database)  # noqa: S311  nothing is secret here
    recoveries = [
        Recovery(
            at - timedelta(hours=5),
            at,
            tables,
            int(rows * (1 - 0.01 * week)),
            round(seconds * (1 - 0.02 * week) * chance.uniform(0.94, 1.08), 1),
        )
        for week in reversed(range(12))
        for at in [UNTIL - week * _WEEK - timedelta(hours=chance.randrange(20, 90))]
    ]
    proof = Proof("18.6", tables, ("SELECT true",), lacking)
    backups = list(_backups(database, megabytes, chance))
    newest = recoveries[-1]
    restored = Restored(tables, newest.rows, newest.seconds, proof=proof)
    proven = Verification(newest.at, "", sound=True, restored=restored, restored_at=newest.at)
    backups[2] = Listed(backups[2].taken_at, backups[2].manifest, proven)
    return Evidence(database, 7, backups, recoveries, failures, ())


def _backups(database: str, megabytes: int, chance: Random) -> Iterator[Listed]:
    for day in range(7):
        at = _NIGHT - timedelta(days=day)
        size = int(megabytes * 1e6 * (1 - 0.004 * day) * chance.uniform(0.999, 1.001))
        made = manifest(
            database=database,
            scheduled_at=at,
            server_version="17.7",
            dump_bytes=size * 4,
            backup_bytes=size,
            sha256=hashlib.sha256(f"{database} {day}".encode()).hexdigest(),
        )
        yield Listed(at, made, None, listed_at=at)


if __name__ == "__main__":
    sys.stdout.write(page().render())
