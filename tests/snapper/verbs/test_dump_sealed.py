"""A sealed backup: nobody opens it but who has a key, and its manifest tells the truth of it."""

import gzip
import hashlib
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from snapper.engines.postgresql.dumping.client_tools import ClientTools
from snapper.sealing.opening import unseal
from snapper.values.contents import Contents
from snapper.values.manifest import Manifest
from snapper.values.options import Options
from snapper.values.sealed_for import SealedFor
from snapper.verbs.catalog import holding_at, listing, read_manifest
from snapper.verbs.contents import read_contents
from snapper.verbs.dump import Dumper
from tests.support.backups import days
from tests.support.databases import AT, Source, job
from tests.support.dumps import CONTENTS, DUMP, LARGE, MANIFEST
from tests.support.recording import RecordedEvents
from tests.support.restores import EMPTY, plain_dump, run_psql
from tests.support.sealed import ANOTHER, FOR_ONE, KEY, OTHER, RECIPIENT
from tests.support.stock_age import stock_age
from tests.support.vaults import keys, open_uploads

SEALED, SEALED_CONTENTS = f"{DUMP}.age", f"{CONTENTS}.age"


def made_by(dumper: Dumper) -> Manifest:
    manifest = read_manifest(dumper.vault, holding_at(dumper.vault, "orders", AT))
    assert manifest.dump_key == SEALED
    return manifest


def test_what_is_stored_is_sealed_and_opens_with_the_key_to_the_dump(
    source: Callable[..., Source], dumper: Dumper, events: RecordedEvents
) -> None:
    both = SealedFor((RECIPIENT, ANOTHER))
    made = replace(dumper, sealed_for=both).dump(job(), source().database())
    assert keys(dumper.vault) == [SEALED_CONTENTS, MANIFEST, SEALED]
    manifest, stored = made_by(dumper), dumper.vault.read(SEALED)
    assert made is not None
    assert manifest.to_dict() == made.to_dict()
    assert manifest.recipients == (RECIPIENT, ANOTHER)
    assert manifest.backup_bytes == len(stored)
    assert manifest.sha256 == hashlib.sha256(stored).hexdigest()
    packed = unseal(stored, [OTHER])
    assert packed == unseal(stored, [KEY])
    assert manifest.packed_bytes == len(packed)
    assert manifest.packed_sha256 == hashlib.sha256(packed).hexdigest()
    plain = gzip.decompress(packed)
    assert manifest.dump_bytes == len(plain)
    assert b"PostgreSQL database dump complete" in plain[-200:]
    began = dict(events.reported)["dump.began"]
    assert began["sealed_for"] == f"{KEY.recipient.short}, {OTHER.recipient.short}"


def test_stock_age_and_gunzip_and_psql_restore_it(
    source: Callable[..., Source], dumper: Dumper, tools: ClientTools, tmp_path: Path
) -> None:
    original, copy = source(), source(17, EMPTY)
    assert replace(dumper, sealed_for=FOR_ONE).dump(job(), original.database())
    file, key = tmp_path / "backup.sql.gz.age", tmp_path / "key"
    file.write_bytes(dumper.vault.read(SEALED))
    key.write_text(KEY.text)
    plain = subprocess.run(
        ["bash", "-c", 'set -o pipefail; "$0" -d -i "$1" "$2" | gunzip', stock_age(), key, file],
        check=True,
        capture_output=True,
    ).stdout
    run_psql(tools, 17, copy.dsn, plain)
    assert plain_dump(tools, 17, copy.dsn) == plain_dump(tools, 17, original.dsn)


def test_the_list_is_sealed_too_and_its_ranges_are_those_of_the_gzip(
    source: Callable[..., Source], dumper: Dumper
) -> None:
    replace(dumper, sealed_for=FOR_ONE).dump(job(), source().database())
    manifest, stored = made_by(dumper), dumper.vault.read(SEALED_CONTENTS)
    assert manifest.contents == hashlib.sha256(stored).hexdigest()
    contents = Contents.from_json(unseal(stored, [KEY]))
    assert contents.sha256 == manifest.packed_sha256
    assert contents.covers(manifest.packed_bytes)
    assert not any(name in stored for name in (b'"t"', b"public"))


def test_a_list_in_clear_is_read_without_a_key(
    source: Callable[..., Source], dumper: Dumper
) -> None:
    in_clear = replace(FOR_ONE, contents_in_clear=True)
    replace(dumper, sealed_for=in_clear).dump(job(), source().database())
    assert keys(dumper.vault) == [CONTENTS, MANIFEST, SEALED]
    manifest = made_by(dumper)
    contents = read_contents(dumper.vault, manifest)
    assert contents is not None
    assert contents.rows == 1
    assert manifest.contents_in_clear


@pytest.mark.parametrize("own", [Options(recipients=(ANOTHER,)), Options(contents_in_clear=True)])
def test_what_a_database_says_itself_holds_in_place_of_what_the_stage_does(
    own: Options, source: Callable[..., Source], dumper: Dumper
) -> None:
    database = replace(source().database(), options=own)
    replace(dumper, sealed_for=FOR_ONE).dump(job(), database)
    manifest = made_by(dumper)
    assert manifest.recipients == (own.recipients or (RECIPIENT,))
    assert manifest.contents_in_clear is bool(own.contents_in_clear)


# In every run tests/snapper/sealing seals and opens streams of many pieces.
@pytest.mark.long
def test_a_sealed_dump_of_several_parts_is_whole(
    source: Callable[..., Source], dumper: Dumper
) -> None:
    replace(dumper, sealed_for=FOR_ONE).dump(job(), source(17, LARGE).database())
    stored = dumper.vault.read(SEALED)
    assert len(stored) > 9 << 20
    assert gzip.decompress(unseal(stored, [KEY])).count(b"\n") > 400
    assert open_uploads(dumper.vault) == []


def test_other_recipients_touch_no_backup_that_is_there(
    source: Callable[..., Source], dumper: Dumper
) -> None:
    database = source().database()
    replace(dumper, sealed_for=FOR_ONE).dump(job(), database)
    before = {key: dumper.vault.read(key) for key in keys(dumper.vault)}
    others = replace(dumper, sealed_for=SealedFor((ANOTHER,)))
    assert others.dump(job(), database) is None
    assert {key: dumper.vault.read(key) for key in keys(dumper.vault)} == before
    newer = others.dump(job(days(1)), database)
    assert newer is not None
    assert [
        each.manifest and each.manifest.recipients for each in listing(others.vault, "orders")
    ] == [
        (ANOTHER,),
        (RECIPIENT,),
    ]
    assert {key: dumper.vault.read(key) for key in before} == before
