"""Whatever is done to the object of a backup: list, status, verify and restore tell the truth."""

import gzip
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snapper.engines.postgresql.dumping.client_tools import ClientTools
from snapper.errors import BackupDamaged, RestoreFailed
from snapper.verbs.restore import read_back, restore
from snapper.verbs.verify import record, verify
from tests.support.damage import (
    NOW,
    OBJECT,
    OTHER,
    SQL,
    WHOLE,
    assert_damage_is_told,
    listed,
    problems,
    store,
)
from tests.support.databases import Source
from tests.support.engines import postgresql
from tests.support.faults import faulted
from tests.support.few import few
from tests.support.twin import MemoryVault


def changed(body: bytes) -> bytes:
    """Damage the object of a backup, see it told, and give the damaged bytes back."""
    vault = MemoryVault()
    made = store(vault)
    with faulted(OBJECT):
        vault.put(made.dump_key, body)
        assert_damage_is_told(vault, made)
    return body


def test_an_unharmed_backup_is_called_sound() -> None:
    vault = MemoryVault()
    made = store(vault)
    verdict = verify(vault, made, NOW)
    record(vault, "orders", made.scheduled_at, verdict)
    assert verdict.sound
    assert b"".join(read_back(vault, made)) == SQL
    assert (problems(vault), listed(vault).fault) == ((), "")
    assert listed(vault).verification == verdict


@pytest.mark.parametrize("bit", few(range(8)))
def test_a_flipped_bit_is_found_wherever_it_is(bit: int) -> None:
    for offset in [
        *range(32),
        *range(32, len(WHOLE) - 16, 97),
        *range(len(WHOLE) - 16, len(WHOLE)),
    ]:
        body = bytearray(WHOLE)
        body[offset] ^= 1 << bit
        changed(bytes(body))


@pytest.mark.long
def test_a_truncation_is_found_wherever_it_is() -> None:
    for length in [*range(32), *range(32, len(WHOLE), 101), *range(len(WHOLE) - 16, len(WHOLE))]:
        changed(WHOLE[:length])


@pytest.mark.parametrize(
    "more", [b"\0", b"\n", WHOLE, OTHER, b"\0" * (3 << 20), gzip.compress(b"", mtime=0)]
)
def test_appended_bytes_are_found(more: bytes) -> None:
    changed(WHOLE + more)
    changed(more + WHOLE)


@pytest.mark.parametrize(
    "body",
    [
        SQL,
        OTHER,
        gzip.compress(SQL + SQL, mtime=0),
        gzip.compress(b"", mtime=0),
        WHOLE[::-1],
        b"\0" * len(WHOLE),
    ],
    ids=["unpacked", "another of the same size", "longer", "empty", "backwards", "zeros"],
)
def test_another_object_in_its_place_is_found(body: bytes) -> None:
    changed(body)


@settings(max_examples=200)
@given(st.data())
def test_a_block_overwritten_moved_or_lost_is_found(data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(WHOLE) - 2))
    end = data.draw(st.integers(start + 1, min(start + 4096, len(WHOLE))))
    there = data.draw(
        st.binary(max_size=64) | st.just(bytes(end - start)) | st.just(WHOLE[start:end] * 2)
    )
    body = WHOLE[:start] + there + WHOLE[end:]
    if body != WHOLE:
        changed(body)


@pytest.mark.parametrize(
    "body",
    [WHOLE[:-1], WHOLE[: len(WHOLE) // 2], b"", SQL, OTHER, WHOLE + b"\0", WHOLE[:-5] + b"?" * 5],
    ids=["one byte lost", "half", "empty", "unpacked", "another", "one more", "another sum"],
)
def test_a_restore_of_a_damaged_backup_leaves_the_target_as_it_was(
    body: bytes, source: Callable[..., Source], tools: ClientTools
) -> None:
    target = source(17, "CREATE TABLE mine AS SELECT 1 AS n")
    vault = MemoryVault()
    made = store(vault)
    with faulted(OBJECT):
        vault.put(made.dump_key, body)
        with pytest.raises((BackupDamaged, RestoreFailed)):
            restore(vault, made, target.dsn, postgresql(tools))
        found = target.rows(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
        )
        assert found == [("mine",)]


def test_the_same_restore_unharmed_is_whole(
    source: Callable[..., Source], tools: ClientTools
) -> None:
    target = source(17, "SELECT 1")
    vault = MemoryVault()
    made = store(vault)
    restore(vault, made, target.dsn, postgresql(tools))
    assert target.rows("SELECT count(*), max(n) FROM t") == [(400, 399)]
