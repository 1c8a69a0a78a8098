"""A database's storage class is that of its dumps, and of nothing else; they are read as ever."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from snapper.values.options import Options
from snapper.verbs.catalog import listing
from snapper.verbs.dump import Dumper
from snapper.verbs.verify import verify
from tests.support.databases import AT, Source, job
from tests.support.dumps import DUMP, LARGE
from tests.support.few import few

SMALL = "CREATE TABLE t AS SELECT 1 AS n"


def dumped(dumper: Dumper, source: Source, kind: str) -> dict[str, str]:
    """Dump, and give the class of every object by its key; S3 says nothing of STANDARD."""
    database = replace(source.database(), options=Options(storage_class=kind))
    dumper.dump(job(), database)
    found = dumper.vault._client.list_objects_v2(Bucket=dumper.vault.bucket)["Contents"]
    return {each["Key"]: each.get("StorageClass", "STANDARD") for each in found}


@pytest.mark.parametrize("kind", few(["STANDARD_IA", "GLACIER_IR", "INTELLIGENT_TIERING"], 1))
def test_the_dump_alone_has_it_and_is_verified_as_ever(
    source: Callable[..., Source], dumper: Dumper, kind: str
) -> None:
    classes = dumped(dumper, source(17, SMALL), kind)
    assert classes.pop(DUMP) == kind
    assert set(classes.values()) == {"STANDARD"}
    (made,) = listing(dumper.vault, "orders")
    assert made.manifest
    assert verify(dumper.vault, made.manifest, AT).sound
    current, _ = dumper.vault.stored("orders/")
    assert current[kind] == made.manifest.backup_bytes


@pytest.mark.long
def test_so_has_one_of_several_parts(source: Callable[..., Source], dumper: Dumper) -> None:
    assert dumped(dumper, source(17, LARGE), "GLACIER_IR")[DUMP] == "GLACIER_IR"
