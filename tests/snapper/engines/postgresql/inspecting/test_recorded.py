"""PostgreSQL's part of a manifest is believed only when it is as it was written."""

import json
from dataclasses import replace
from typing import Any

import pytest

from snapper.engines.postgresql.inspecting.recorded import Recorded, major_of
from snapper.engines.postgresql.newer_majors.newer import Refused
from snapper.engines.postgresql.omitting.omitted import from_part
from snapper.errors import BackupDamaged
from snapper.values.manifest import Manifest
from tests.support.manifests import manifest
from tests.support.properties import SAMPLE, SECRET

OMITTED = from_part([{"kind": "foreign_rows", "objects": ["public.far"], "count": 1}])
REFUSED = (Refused(18, ("view public.v (it)",), 1),)
RECORDED = Recorded(
    "17.11", "UTF8", ("owner", "reader of orders"), SAMPLE, OMITTED, refused=REFUSED
)
MADE = manifest(part=RECORDED.to_part())


def test_it_comes_back_as_it_was_written() -> None:
    assert Recorded.of(Manifest.from_json(MADE.to_json())) == RECORDED


@pytest.mark.parametrize(
    "name", ["pg_dump_version", "encoding", "roles", "properties", "omitted", "refused"]
)
@pytest.mark.parametrize("wrong", [None, 1.5, {}, [1], ["a", None]])
def test_a_field_of_another_kind_is_damage(name: str, wrong: Any) -> None:
    if name in {"properties", "omitted", "refused"} and wrong is None:
        wrong = "none"
    with pytest.raises(BackupDamaged):
        Recorded.of(replace(MADE, part={**MADE.part, name: wrong}))


@pytest.mark.parametrize("name", ["pg_dump_version", "encoding", "roles"])
def test_a_missing_field_is_damage(name: str) -> None:
    part = {key: value for key, value in MADE.part.items() if key != name}
    with pytest.raises(BackupDamaged):
        Recorded.of(replace(MADE, part=part))


@pytest.mark.parametrize("name", ["properties", "omitted", "refused"])
def test_an_earlier_release_kept_no(name: str) -> None:
    part = {key: value for key, value in MADE.part.items() if key != name}
    earlier = Recorded.of(replace(MADE, part=part))
    none: dict[str, Any] = {name: None}
    assert earlier == replace(RECORDED, **none)
    assert earlier.public()[name] is None


def test_the_value_of_a_setting_is_kept_and_never_printed() -> None:
    assert SECRET in json.dumps(RECORDED.to_part())
    assert SECRET not in json.dumps(RECORDED.public())
    assert RECORDED.public()["properties"]["settings"][0] == {"role": "", "name": "app.jwt_secret"}


@pytest.mark.parametrize(("version", "major"), [("14.23", 14), ("18.1", 18), ("19beta1", 19)])
def test_the_servers_major_is_that_of_finished_and_unfinished_releases(
    version: str, major: int
) -> None:
    assert major_of(manifest(server_version=version)) == major
