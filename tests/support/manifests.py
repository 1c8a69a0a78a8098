"""Manifests for tests: whatever a test does not name has a value of the right kind."""

from dataclasses import MISSING, fields
from datetime import UTC, datetime
from typing import Any

from snapper.engines.postgresql.inspecting.properties import Properties
from snapper.engines.postgresql.inspecting.recorded import Recorded
from snapper.engines.postgresql.omitting.omitted import from_part
from snapper.values.manifest import Manifest
from snapper.values.omission import Omission

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)

_ANY: dict[object, Any] = {str: "x", int: 1, bool: False, datetime: NOON}

LACKING = from_part(
    [{"kind": "foreign_rows", "objects": ["public.far", "public.\x1b[2Jaway"], "count": 2}]
)
"""What a backup may lack; one of its names would act on a terminal."""


def manifest(
    *,
    pg_dump_version: str = "17.2",
    encoding: str = "x",
    roles: tuple[str, ...] = (),
    properties: Properties | None = None,
    omitted: tuple[Omission, ...] | None = None,
    **given: Any,
) -> Manifest:
    named = {
        "database": "orders",
        "database_name": "orders",
        "server_version": "17.2",
        "database_bytes": 8_000_000,
        "dump_bytes": 4_000_000,
        "backup_bytes": 1_500_000,
        "sha256": "ab" * 32,
        "engine": "POSTGRES",
        "contents": "",
        "chain": None,
        "part": Recorded(pg_dump_version, encoding, roles, properties, omitted).to_part(),
    }
    plain = {
        field.name: _ANY.get(field.type) for field in fields(Manifest) if field.default is MISSING
    }
    # Begun when it was due, if nothing else is said.
    plain["started_at"] = plain["finished_at"] = given.get("scheduled_at", NOON)
    return Manifest(**{**plain, **named, **given})
