"""A drill comes twice, or what it reads is replaced or forged: no verdict is false."""

import hashlib
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from local.emulator.cloud import Cloud
from snapper.values.contents import LONGEST, Contents
from snapper.values.keys import Kind, object_key, trial_key
from snapper.values.verification import Restored, Verification
from tests.reliability.test_drill_aws_calls import SMALL, is_proof
from tests.support import hostile
from tests.support.databases import AT, Source
from tests.support.fault_deaths import drill_apart
from tests.support.fault_drills import Believing, Drills, believing, told
from tests.support.fault_service import KEY
from tests.support.faults import faulted
from tests.support.few import few
from tests.support.restores import flip

LIST, VERDICT = (object_key(KEY, AT, kind) for kind in (Kind.CONTENTS, Kind.VERIFICATION))


@pytest.fixture
def drills(cloud: Cloud, source: Callable[..., Source]) -> Drills:
    return Drills.make(cloud, source(17, SMALL))


@pytest.mark.long
def test_two_deliveries_at_once_prove_it_both(drills: Drills) -> None:
    with faulted("drills: delivered twice"), ThreadPoolExecutor(2) as threads:
        ends = list(threads.map(lambda _: drill_apart(drills), range(2)))
        assert all(end.came and end.came.acknowledged for end in ends)
        assert all(is_proof(verdict) for verdict in drills.check())


def test_a_second_delivery_proves_nothing_anew(drills: Drills) -> None:
    with faulted("drills: delivered twice"):
        drill = drills.ordered()
        assert drills.drill(drill=drill, engine=believing).names == ["drill.began", "drill.ended"]
        before = drills.service.objects()
        assert drills.drill(drill=drill, engine=believing).names == ["drill.skipped"]
        assert drills.service.objects() == before


@pytest.mark.parametrize("kind", few([Kind.DUMP, Kind.MANIFEST]))
def test_what_is_replaced_in_the_middle_is_not_proven(kind: Kind, drills: Drills) -> None:
    key = object_key(KEY, AT, kind)

    def replace_it() -> None:
        drills.vault.put(key, flip(drills.vault.read(key)))

    with faulted("drills: replaced in the middle"):
        drills.drill(engine=lambda *_, **__: Believing(replace_it))
        shown = drills.drill(engine=believing)
        assert shown.names == ["drill.began", "drill.failed"]
        assert drills.taken_letters()[-1].reason
        newest = max(
            drills.verdicts(), key=lambda verdict: (verdict.verified_at, not verdict.sound)
        )
        assert not newest.sound


def forged_lists(true: Contents) -> dict[str, bytes]:
    """Give lists that somebody wrote who could write the manifest too."""
    plain = true.to_dict()
    (table,) = plain["tables"]
    forms: dict[str, Any] = {
        "of another object": {**plain, "sha256": "ab" * 32},
        "a number of 400 digits": {**plain, "tables": [{**table, "rows": 10**400}]},
        "less than nothing": {**plain, "tables": [{**table, "rows": -1}]},
        "no table": {**plain, "tables": [None]},
        "a range that ends before it begins": {**plain, "tables": [{**table, "end": 0}]},
        "a name that acts on a terminal": {**plain, "tables": [{**table, "table": hostile.ESCAPE}]},
    }
    texts = {"nothing": b"", "a tower": b"[" * 100_000, "no UTF-8": b"\xff\xfe"}
    return {**{name: hostile.sealed(form) for name, form in forms.items()}, **texts}


@pytest.mark.long
@pytest.mark.parametrize("every", [4, 1])
def test_a_forged_list_proves_nothing_and_damages_nothing(every: int, drills: Drills) -> None:
    true = Contents.from_json(drills.vault.read(LIST, LONGEST))
    manifest = drills.manifest
    forged = {**forged_lists(true), "another": true.to_json() + b" "}
    for name, raw in list(forged.items())[::every]:
        with faulted("drills: a forged list of contents"):
            drills.furnish()
            drills.vault.put(LIST, raw)
            if name != "another":
                digest = hashlib.sha256(raw).hexdigest()
                named = replace(manifest, contents=digest).to_json().encode()
                drills.vault.put(manifest.key, named)
            # A list of names that lie says nothing false of what it was read whole for.
            drilled = drills.drill()
            assert drilled.acknowledged, name
            assert drilled.names == ["drill.began", "drill.failed"], name
            (letter,) = drills.taken_letters()
            assert letter.reason
            assert "\x1b" not in told(drilled)
            for verdict in drills.verdicts():
                assert (verdict.sound, verdict.restored) == (True, None), name
                assert verdict.failed, name


@pytest.mark.long
def test_a_forged_verdict_spares_no_drill(drills: Drills) -> None:
    ages = timedelta(days=4000)
    sha256, now = drills.manifest.sha256, drills.ordered().ordered_at
    true = Verification(now, sha256, sound=True, restored=Restored(1, 1, 1.0), restored_at=now)
    forged = {
        "of a time to come": replace(true, restored_at=now + ages).to_json().encode(),
        "of another object": replace(true, sha256="ab" * 32, restored_at=now).to_json().encode(),
        "changed": true.to_json().encode().replace(b'"rows": 1', b'"rows": 2'),
        "nothing": b"",
        "a tower": b"[" * 100_000,
        "no object": json.dumps([1]).encode(),
    }
    for name, raw in forged.items():
        for key in (VERDICT, trial_key(KEY)):
            with faulted("drills: a forged verdict"):
                drills.furnish()
                drill = drills.ordered()
                drills.vault.put(key, raw)
                drilled = drills.drill(drill=drill, engine=believing)
                assert drilled.names == ["drill.began", "drill.ended"], (name, key)
                assert all(is_proof(verdict) for verdict in drills.check())


@pytest.mark.long
def test_a_forged_manifest_is_a_failed_drill_at_most(drills: Drills) -> None:
    true = drills.manifest
    for name, raw in hostile.manifests(true):
        with faulted("drills: a forged manifest"):
            drills.furnish()
            drills.vault.put(true.key, raw)
            drilled = drills.drill(engine=believing)
            untried = [one["kind"] for one in drilled.reported("drill.untried")]
            assert drilled.acknowledged or untried == ["SettingsError"], f"{name}: {drilled.log}"
            assert "\x1b" not in told(drilled)
            if drilled.reported("drill.failed"):
                assert not any(verdict.restored for verdict in drills.verdicts()), name
