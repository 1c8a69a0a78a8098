"""Whatever is done to what lies in the vault: list, status, verify and restore tell the truth."""

import contextlib
import gzip
import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snapper.edges.client_tools import ClientTools
from snapper.errors import BackupDamaged, BackupNotFound, RestoreFailed
from snapper.values.keys import Kind, object_key
from snapper.values.manifest import Manifest
from snapper.values.schedule import Rate
from snapper.values.seal import write_sealed
from snapper.values.verification import Verification
from snapper.verbs.catalog import Listed, find, listing
from snapper.verbs.restore import checked_sql, restore
from snapper.verbs.status import Surroundings, standing
from snapper.verbs.verify import record, verify
from tests.support.databases import AT, Source
from tests.support.faults import faulted
from tests.support.manifests import manifest
from tests.support.twin import MemoryVault

NOW = AT + timedelta(hours=1)
AROUND = Surroundings(Rate(timedelta(days=1)), {}, [])
ROWS = "".join(f"{n}\t{hashlib.sha256(str(n).encode()).hexdigest()}\n" for n in range(400))
SQL = (
    "--\n-- PostgreSQL database dump\n--\n\nCREATE TABLE public.t (n integer, v text);\n\n"
    f"COPY public.t (n, v) FROM stdin;\n{ROWS}\\.\n\n\n"
    "--\n-- PostgreSQL database dump complete\n--\n\n"
).encode()
WHOLE = gzip.compress(SQL, mtime=0)
OTHER = gzip.compress(SQL.replace(b"399\t", b"398\t"), mtime=0)

OBJECT, MANIFEST, VERDICT = "vault: damaged object", "vault: edited manifest", "vault: verdict"


def store(vault: MemoryVault, at: Any = AT, body: bytes = WHOLE) -> Manifest:
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
        given.extend(checked_sql(vault, made))
    if len(vault.objects[made.dump_key]) != made.backup_bytes:
        assert listed(vault).fault
        with pytest.raises(BackupDamaged):
            find(vault, "orders")
    record(vault, made, verdict)
    told = listed(vault)
    assert told.fault or not (told.verification and told.verification.sound)
    assert "damaged" in problems(vault)


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
    record(vault, made, verdict)
    assert verdict.sound
    assert b"".join(checked_sql(vault, made)) == SQL
    assert (problems(vault), listed(vault).fault) == ((), "")
    assert listed(vault).verification == verdict


@pytest.mark.parametrize("bit", range(8))
def test_a_flipped_bit_is_found_wherever_it_is(bit: int) -> None:
    for offset in [
        *range(32),
        *range(32, len(WHOLE) - 16, 97),
        *range(len(WHOLE) - 16, len(WHOLE)),
    ]:
        body = bytearray(WHOLE)
        body[offset] ^= 1 << bit
        changed(bytes(body))


def test_a_truncation_is_found_wherever_it_is() -> None:
    for length in [*range(32), *range(32, len(WHOLE), 101), *range(len(WHOLE) - 16, len(WHOLE))]:
        changed(WHOLE[:length])


@pytest.mark.parametrize(
    "more", [b"\0", b"\n", WHOLE, OTHER, b"\0" * (3 << 20), gzip.compress(b"")]
)
def test_appended_bytes_are_found(more: bytes) -> None:
    changed(WHOLE + more)
    changed(more + WHOLE)


@pytest.mark.parametrize(
    "body",
    [SQL, OTHER, gzip.compress(SQL + SQL), gzip.compress(b""), WHOLE[::-1], b"\0" * len(WHOLE)],
    ids=["unpacked", "another of the same size", "longer", "empty", "backwards", "zeros"],
)
def test_another_object_in_its_place_is_found(body: bytes) -> None:
    changed(body)


@settings(derandomize=True, max_examples=200)
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


def flipped(text: str) -> list[bytes]:
    raw = text.encode()
    return [
        raw[:at] + bytes([raw[at] ^ 1 << bit]) + raw[at + 1 :]
        for at in range(len(raw))
        for bit in range(8)
    ]


def test_a_flipped_bit_in_a_manifest_is_found_wherever_it_is() -> None:
    vault = MemoryVault()
    made = store(vault)
    for body in flipped(made.to_json()):
        with faulted(MANIFEST):
            vault.put(made.key, body)
            assert listed(vault).fault
            with pytest.raises(BackupDamaged):
                find(vault, "orders")
    assert "damaged" in problems(vault)


@pytest.mark.parametrize("name", manifest().to_dict())
@settings(derandomize=True, max_examples=25)
@given(data=st.data())
def test_an_edited_field_of_a_manifest_is_found(name: str, data: st.DataObject) -> None:
    vault = MemoryVault()
    made = store(vault)
    written = json.loads(made.to_json())
    before = written[name]
    alike = st.from_type(type(before)) if not isinstance(before, list) else st.lists(st.text())
    anything = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
    value = data.draw((alike | anything).filter(lambda new: json.dumps(new) != json.dumps(before)))
    with faulted(MANIFEST):
        vault.put(made.key, json.dumps({**written, name: value}).encode())
        assert listed(vault).fault
        assert "damaged" in problems(vault)
        with pytest.raises(BackupDamaged):
            find(vault, "orders")


@pytest.mark.parametrize("name", ["sha256", "dump_bytes", "backup_bytes"])
def test_a_manifest_forged_with_its_seal_is_found_by_what_it_says_of_the_object(name: str) -> None:
    vault = MemoryVault()
    made = store(vault)
    value = made.to_dict()[name]
    with faulted(MANIFEST):
        forged = write_sealed(
            {**made.to_dict(), name: value + 1 if isinstance(value, int) else value[::-1]}
        )
        vault.put(made.key, forged.encode())
        assert_damage_is_told(vault, Manifest.from_json(forged))


def test_swapped_objects_and_swapped_manifests_are_found() -> None:
    for kind in (Kind.DUMP, Kind.MANIFEST):
        vault = MemoryVault()
        made = [store(vault), store(vault, AT - timedelta(days=1), OTHER)]
        first, second = (object_key("orders", each.scheduled_at, kind) for each in made)
        with faulted(OBJECT if kind is Kind.DUMP else MANIFEST):
            vault.objects[first], vault.objects[second] = (
                vault.objects[second],
                vault.objects[first],
            )
            if kind is Kind.DUMP:
                for each in made:
                    assert not verify(vault, each, NOW).sound
            else:
                assert [bool(each.fault) for each in listing(vault, "orders")] == [True, True]


def test_a_dump_that_is_gone_is_told_and_the_older_backup_is_still_to_be_had() -> None:
    vault = MemoryVault()
    made, older = store(vault), store(vault, AT - timedelta(days=1))
    with faulted(OBJECT):
        vault.delete(made.dump_key)
        assert "is gone" in listed(vault).fault
        assert "damaged" in problems(vault)
        with pytest.raises(BackupDamaged, match="is gone"):
            find(vault, "orders")
        assert find(vault, "orders", older.scheduled_at) == older


@pytest.mark.parametrize("with_verdict", [False, True])
def test_a_dump_without_its_manifest_is_no_backup(with_verdict: bool) -> None:
    vault = MemoryVault()
    made = store(vault)
    if with_verdict:
        record(vault, made, verify(vault, made, NOW))
    with faulted(MANIFEST):
        vault.delete(made.key)
        assert listing(vault, "orders") == []
        assert problems(vault) == ("no backup",)
        with pytest.raises(BackupNotFound):
            find(vault, "orders")


def test_a_flipped_bit_in_a_verdict_is_found_wherever_it_is() -> None:
    vault = MemoryVault()
    made = store(vault)
    verdict = verify(vault, made, NOW)
    for body in flipped(verdict.to_json()):
        with faulted(VERDICT):
            vault.put(object_key("orders", AT, Kind.VERIFICATION), body)
            assert listed(vault).fault
            assert listed(vault).verification is None


def test_a_verdict_on_another_object_counts_for_nothing() -> None:
    vault = MemoryVault()
    made = store(vault)
    with faulted(VERDICT):
        record(vault, made, Verification(NOW, "cd" * 32, sound=True))
        assert listed(vault).verification is None


def test_a_verdict_from_before_the_object_was_overwritten_counts_for_nothing() -> None:
    vault = MemoryVault()
    made = store(vault)
    record(vault, made, verify(vault, made, NOW))
    with faulted(VERDICT):
        vault.put(made.dump_key, OTHER[: len(WHOLE)])
        vault.changed[made.dump_key] += timedelta(seconds=1)
        assert listed(vault).verification is None


def test_a_forged_verdict_is_replaced_by_the_next_true_one() -> None:
    vault = MemoryVault()
    made = store(vault)
    with faulted(VERDICT):
        vault.put(made.dump_key, WHOLE[:-1] + b"\1")
        record(vault, made, Verification(NOW, made.sha256, sound=True))
        assert_damage_is_told(vault, made)


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
            restore(vault, made, target.dsn, tools)
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
    with contextlib.suppress(ValueError):
        restore(vault, made, target.dsn, tools)
    assert target.rows("SELECT count(*), max(n) FROM t") == [(400, 399)]
