"""A backup to be damaged, and what list, status and verify then say of it."""

import gzip
import hashlib
from datetime import datetime, timedelta

import pytest

from snapper.errors import BackupDamaged
from snapper.values.manifest import Manifest
from snapper.values.schedule import Rate
from snapper.values.timetable import Punctuality
from snapper.verbs.catalog import Listed, listing
from snapper.verbs.choice import find
from snapper.verbs.letters import Letters
from snapper.verbs.restore import read_back
from snapper.verbs.status import Surroundings, standing
from snapper.verbs.verify import record, verify
from tests.support.databases import AT
from tests.support.manifests import manifest
from tests.support.twin import MemoryVault

NOW = AT + timedelta(hours=1)
AROUND = Surroundings(Punctuality(Rate(timedelta(days=1))), {}, Letters(()))
ROWS = "".join(f"{n}\t{hashlib.sha256(str(n).encode()).hexdigest()}\n" for n in range(400))
SQL = (
    "--\n-- PostgreSQL database dump\n--\n\nCREATE TABLE public.t (n integer, v text);\n\n"
    f"COPY public.t (n, v) FROM stdin;\n{ROWS}\\.\n\n\n"
    "--\n-- PostgreSQL database dump complete\n--\n\n"
).encode()
WHOLE = gzip.compress(SQL, mtime=0)
OTHER = gzip.compress(SQL.replace(b"399\t", b"398\t"), mtime=0)

OBJECT, MANIFEST, VERDICT = "vault: damaged object", "vault: edited manifest", "vault: verdict"
"""The families of damage."""


def store(vault: MemoryVault, at: datetime = AT, body: bytes = WHOLE) -> Manifest:
    """Put a whole backup into the vault."""
    made = manifest(
        scheduled_at=at,
        dump_bytes=len(SQL),
        backup_bytes=len(body),
        sha256=hashlib.sha256(body).hexdigest(),
        roles=("postgres", "reader"),
    )
    vault.put(made.dump_key, body)
    vault.put(made.key, made.to_json().encode())
    return made


def listed(vault: MemoryVault) -> Listed:
    """Give the newest backup as `snapper list` has it."""
    return listing(vault, "orders")[0]


def problems(vault: MemoryVault) -> tuple[str, ...]:
    """Give what `snapper status` says is wrong."""
    return standing(vault, "orders", 2, AROUND, NOW).health.problems


def assert_damage_is_told(vault: MemoryVault, made: Manifest) -> None:
    """The object is not what was stored: verify says so, and with it list and status."""
    verdict = verify(vault, made, NOW)
    assert not verdict.sound
    assert made.dump_key in verdict.reason
    given: list[bytes] = []
    with pytest.raises(BackupDamaged):
        given.extend(read_back(vault, made))
    if len(vault.objects[made.dump_key]) != made.backup_bytes:
        assert listed(vault).fault
        with pytest.raises(BackupDamaged):
            find(vault, "orders")
    record(vault, "orders", made.scheduled_at, verdict)
    told = listed(vault)
    assert told.fault or not (told.verification and told.verification.sound)
    assert "damaged" in problems(vault)


def flipped(text: str) -> list[bytes]:
    """Give the text with each of its bits flipped in turn."""
    raw = text.encode()
    return [
        raw[:at] + bytes([raw[at] ^ 1 << bit]) + raw[at + 1 :]
        for at in range(len(raw))
        for bit in range(8)
    ]
