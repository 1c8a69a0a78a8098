"""A manifest is believed only when it is whole."""

import json
from dataclasses import MISSING, fields, replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snapper.errors import BackupDamaged
from snapper.values.manifest import Manifest
from snapper.values.seal import write_sealed
from tests.support.databases import AT
from tests.support.manifests import manifest
from tests.support.properties import SAMPLE as PROPERTIES
from tests.support.properties import SECRET

RECIPIENT = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"
SAMPLE = manifest(scheduled_at=AT, roles=("owner", "reader of orders"), properties=PROPERTIES)
names = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1)
names = names.filter(lambda name: len(name) < 64)
NAMES = [
    field.name for field in fields(Manifest) if field.default is MISSING and field.name != "part"
]
SEALED = manifest(
    scheduled_at=AT,
    recipients=(RECIPIENT, "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA=="),
    packed_bytes=1_499_000,
    packed_sha256="cd" * 32,
    contents="ef" * 32,
)


def written(**changes: Any) -> str:
    return write_sealed({**SAMPLE.to_dict(), **changes})


@given(
    st.builds(
        manifest,
        database_name=names,
        roles=st.lists(names).map(tuple),
        backup_bytes=st.integers(0, 2**63 - 1),
        encrypted_connection=st.booleans(),
    )
)
def test_a_manifest_comes_back_as_it_was_written(made: Manifest) -> None:
    assert Manifest.from_json(made.to_json()) == made


def test_a_manifest_names_the_object_that_it_vouches_for() -> None:
    assert SAMPLE.to_dict()["object"] == "orders/2026-11-23T03-00-00Z.sql.gz"
    assert SAMPLE.key == "orders/2026-11-23T03-00-00Z.manifest.json"


@pytest.mark.parametrize("name", [*NAMES, "version", "object"])
def test_a_manifest_without_a_field_is_damaged(name: str) -> None:
    kept = SAMPLE.to_dict()
    del kept[name]
    with pytest.raises(BackupDamaged):
        Manifest.from_json(json.dumps(kept))


@pytest.mark.parametrize("name", [*NAMES, "contents", "jobs", "version", "object"])
@pytest.mark.parametrize("wrong", [None, 1.5, {}, [1], "\ud800", "9" * 5000])
def test_a_field_of_another_kind_is_damage(name: str, wrong: Any) -> None:
    if isinstance(wrong, str) and isinstance(SAMPLE.to_dict().get(name), str):
        wrong = [wrong]
    with pytest.raises(BackupDamaged):
        Manifest.from_json(written(**{name: wrong}))


def test_a_manifest_that_names_no_engine_is_postgresqls() -> None:
    """As 1.0.0 wrote them before it knew of engines, seal and all."""
    earlier = SAMPLE.to_dict()
    del earlier["engine"]
    assert Manifest.from_json(write_sealed(earlier)) == SAMPLE


def test_what_an_engine_adds_stands_beside_the_other_fields_and_comes_back() -> None:
    made = replace(SAMPLE, engine="TEXT", part={"lines": 3, "comment": None})
    assert json.loads(made.to_json())["lines"] == 3
    assert Manifest.from_json(made.to_json()) == made


def test_a_property_that_was_changed_is_damage() -> None:
    changed = SAMPLE.to_json().replace(SECRET, "another")
    with pytest.raises(BackupDamaged, match="changed after it was written"):
        Manifest.from_json(changed)


def test_what_an_engine_adds_is_in_no_representation() -> None:
    assert SECRET in SAMPLE.to_json()
    assert SECRET not in repr(SAMPLE)


def test_true_is_no_number_and_1_is_no_truth() -> None:
    with pytest.raises(BackupDamaged):
        Manifest.from_json(written(backup_bytes=True))
    with pytest.raises(BackupDamaged):
        Manifest.from_json(written(encrypted_connection=1))


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", '"manifest"', "17", "[" * 100_000, '{"version": 1}']
)
def test_what_is_no_manifest_is_damage(text: str) -> None:
    with pytest.raises(BackupDamaged):
        Manifest.from_json(text)


def test_a_manifest_that_vouches_for_another_object_is_damage() -> None:
    with pytest.raises(BackupDamaged, match="another object"):
        Manifest.from_json(written(object="orders/2026-11-24T03-00-00Z.sql.gz"))
    with pytest.raises(BackupDamaged, match="another object"):
        Manifest.from_json(written(scheduled_at="2026-11-24T03:00:00Z"))


def test_a_manifest_of_a_later_release_is_not_guessed_at() -> None:
    with pytest.raises(BackupDamaged, match="version 3, this Snapper reads 1 and 2"):
        Manifest.from_json(written(version=3))


def test_fields_of_a_later_release_do_not_matter() -> None:
    read = Manifest.from_json(written(colour="green"))
    assert replace(read, part=SAMPLE.part) == SAMPLE


def test_times_are_told_in_utc() -> None:
    assert manifest(finished_at=AT + timedelta(hours=1)).to_dict()["finished_at"] == (
        "2026-11-23T04:00:00Z"
    )


def test_a_manifest_names_the_digest_of_its_list_of_contents_where_there_is_one() -> None:
    listed = manifest(contents="cd" * 32)
    assert Manifest.from_json(listed.to_json()) == listed
    assert "contents" not in manifest().to_dict()


def test_a_sealed_backups_manifest_tells_for_whom_and_of_the_gzip_inside() -> None:
    assert Manifest.from_json(SEALED.to_json()) == SEALED
    told = SEALED.to_dict()
    assert (told["version"], told["object"]) == (2, "orders/2026-11-23T03-00-00Z.sql.gz.age")
    assert (SEALED.gzip_bytes, SEALED.gzip_sha256) == (1_499_000, "cd" * 32)
    assert SEALED.contents_key == "orders/2026-11-23T03-00-00Z.contents.json.age"
    clear = replace(SEALED, contents_in_clear=True)
    assert Manifest.from_json(clear.to_json()) == clear
    assert clear.contents_key == "orders/2026-11-23T03-00-00Z.contents.json"


def test_the_gzip_of_what_is_not_sealed_is_the_object_itself() -> None:
    assert (SAMPLE.gzip_bytes, SAMPLE.gzip_sha256) == (SAMPLE.backup_bytes, SAMPLE.sha256)
    assert SAMPLE.to_dict()["version"] == 1
    assert not {"recipients", "packed_bytes", "packed_sha256"} & SAMPLE.to_dict().keys()


@pytest.mark.parametrize("name", ["recipients", "packed_bytes", "packed_sha256"])
def test_a_sealed_backups_manifest_says_all_or_is_damaged(name: str) -> None:
    less = {key: value for key, value in SEALED.to_dict().items() if key not in (name, "seal")}
    with pytest.raises(BackupDamaged, match=f"no {name}"):
        Manifest.from_json(write_sealed(less))
    with pytest.raises(BackupDamaged, match=f"its {name} is that of a sealed backup"):
        Manifest.from_json(written(**{name: SEALED.to_dict()[name]}))


@pytest.mark.parametrize(
    "wrong", [[], "x", [""], ["a b c"], ["\x1b"], ["same", "same"], ["x"] * 101]
)
def test_recipients_of_another_form_are_damage(wrong: Any) -> None:
    with pytest.raises(BackupDamaged, match="recipients"):
        Manifest.from_json(write_sealed({**SEALED.to_dict(), "recipients": wrong}))
