"""Forged manifests and records: one backup is DAMAGED, in plain words, and no other is harmed."""

import itertools
import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snapper.errors import BackupDamaged
from snapper.values.keys import Kind, object_key, trial_key
from snapper.values.manifest import Manifest
from snapper.values.seal import write_sealed
from snapper.values.trial import Trial
from snapper.values.verification import Accepted, FailedTrial, Restored, Verification
from snapper.verbs.catalog import listing
from snapper.verbs.choice import find
from tests.support import hostile
from tests.support.damage import NOW, WHOLE, problems, store
from tests.support.databases import AT
from tests.support.faults import faulted
from tests.support.few import few
from tests.support.manifests import manifest
from tests.support.properties import SAMPLE
from tests.support.stage import StageUnderTest
from tests.support.twin import MemoryVault

MANIFESTS, RECORDS = "hostile records: manifests", "hostile records: verdicts and trials"
NOWHERE = "postgresql://nobody@127.0.0.1:1/none"
_NUMBERS = itertools.count(1)
TRUE = manifest(scheduled_at=AT, roles=("owner",), properties=SAMPLE)
FORMS = dict(hostile.manifests(TRUE))
VERDICT = Verification(
    NOW,
    "ab" * 32,
    True,
    restored=Restored(1, 2, 3.0),
    restored_at=NOW,
    failed=FailedTrial(NOW, "no", Accepted(NOW, "ann", "why not")),
)

json_values: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats()
    | st.text(st.characters(), max_size=80),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=6,
)


@pytest.mark.parametrize("form", few(FORMS, 60))
def test_one_hostile_manifest_is_damage_of_that_backup_alone(form: str) -> None:
    vault = MemoryVault()
    older = store(vault, AT - timedelta(days=1))
    vault.put(TRUE.dump_key, b"x" * TRUE.backup_bytes)
    vault.put(TRUE.key, FORMS[form])
    with faulted(MANIFESTS):
        told: list[str] = []
        newest, other = sorted(listing(vault, "orders"), key=lambda each: each.taken_at)[::-1]
        assert newest.manifest is None
        assert 0 < len(newest.fault) < 300
        assert newest.fault.isprintable()
        assert not other.flaw
        assert "damaged" in problems(vault)
        assert find(vault, "orders", None, told.append).scheduled_at == older.scheduled_at
        assert len(told) == 1


@settings(max_examples=400)
@given(name=st.sampled_from(sorted(TRUE.to_dict())), value=json_values)
def test_whatever_stands_in_a_manifest_it_is_read_or_damaged(name: str, value: Any) -> None:
    vault = MemoryVault()
    store(vault, AT - timedelta(days=1))
    vault.put(TRUE.dump_key, b"x" * TRUE.backup_bytes)
    vault.put(TRUE.key, write_sealed({**TRUE.to_dict(), name: value}).encode())
    with faulted(MANIFESTS):
        for listed in listing(vault, "orders"):
            assert bool(listed.manifest) is not bool(listed.fault)
            if listed.manifest:
                json.dumps(listed.manifest.to_dict(), ensure_ascii=False).encode()


verdict_fields = st.sampled_from([(), ("restored",), ("failed",), ("failed", "accepted")]).flatmap(
    lambda path: st.tuples(st.just(path), st.sampled_from(sorted(_at(VERDICT.to_dict(), path))))
)


def _at(document: Any, path: tuple[str, ...]) -> Any:
    for step in path:
        document = document[step]
    return document


@settings(max_examples=400)
@given(place=verdict_fields, value=json_values)
def test_whatever_stands_in_a_verdict_or_a_trial_it_is_read_or_damaged(
    place: tuple[tuple[str, ...], str], value: Any
) -> None:
    document = json.loads(json.dumps(VERDICT.to_dict()))
    path, name = place
    _at(document, path)[name] = value
    trial = {**json.loads(Trial(AT, AT, VERDICT).to_json()), "verification": document}
    del trial["seal"]
    for kind, body in ((Verification, document), (Trial, trial)):
        with faulted(RECORDS):
            try:
                read = kind.from_json(write_sealed(body))
            except BackupDamaged:
                continue
            assert kind.from_json(read.to_json()) == read


@settings(max_examples=100)
@given(name=st.sampled_from(["taken_at", "begun_at", "verification", "version"]), value=json_values)
def test_whatever_a_whole_part_of_a_trial_is_it_is_read_or_damaged(name: str, value: Any) -> None:
    trial = {**json.loads(Trial(AT, AT, VERDICT).to_json()), name: value}
    del trial["seal"]
    with faulted(RECORDS), suppress(BackupDamaged):
        Trial.from_json(write_sealed(trial))


def test_a_record_beyond_all_bounds_is_never_read_whole() -> None:
    vault = MemoryVault()
    store(vault)
    with faulted(RECORDS):
        vault.put(object_key("orders", AT, Kind.VERIFICATION), b" " * (33 << 20))
        assert "more than" in listing(vault, "orders")[0].fault
        vault.put(trial_key("orders"), b" " * (33 << 20))
        assert "unrestorable" in problems(vault)


@pytest.fixture(scope="module")
def besieged(stage: StageUnderTest) -> Iterator[tuple[str, Manifest]]:
    """A database whose newest backups are all forged; the oldest is true, but not restorable."""
    with stage.database(f"besieged-{next(_NUMBERS)}", NOWHERE) as key:
        true = replace(store(MemoryVault(), AT - timedelta(days=1)), database=key)
        stage.put_backup(true, WHOLE)
        # Each is looked at by itself above; here every third is enough of a siege.
        for number in range(0, len(FORMS), 3):
            sample = replace(TRUE, database=key, scheduled_at=AT + timedelta(seconds=number))
            (_, forged) = next(itertools.islice(hostile.manifests(sample), number, None))
            stage.vault.put(sample.key, forged)
            stage.vault.put(sample.dump_key, b"x" * 99)
        yield key, true


def clean(text: str) -> bool:
    return "Traceback" not in text and all(
        letter.isprintable() or letter in "\n\t" for letter in text
    )


@pytest.mark.parametrize(
    ("command", "code"),
    few(
        [
            (("list",), 0),
            (("list", "--json"), 0),
            (("status",), 1),
            (("status", "--json"), 1),
            (("prune", "--dry-run"), 0),
            (("cost",), 0),
            (("cost", "--json"), 0),
            (("verify",), 4),
            (("download", "--output", "-"), 0),
            (("restore", "--to", NOWHERE, "--dry-run"), 6),
            (("doctor",), 1),
        ],
        5,
    ),
)
def test_every_command_works_beside_them(
    stage: StageUnderTest,
    besieged: tuple[str, Manifest],
    command: tuple[str, ...],
    code: int,
) -> None:
    key, true = besieged
    name, *options = command
    with faulted("hostile records: every command"):
        ran = stage.run_cli(name, key, *options)
        assert ran.code == code, ran.err[-500:]
        assert clean(ran.err)
        if name != "download":
            assert clean(ran.out)
        else:
            assert true.dump_key in ran.err
