"""Objects that are more than their manifests say: reading ends before the first byte too many."""

import gzip
import hashlib
import io
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from snapper.aws.vault import Vault
from snapper.errors import BackupDamaged
from snapper.values.manifest import Manifest
from snapper.verbs.catalog import listing
from snapper.verbs.download import download, stream
from snapper.verbs.restore import read_back
from snapper.verbs.status import standing
from snapper.verbs.verify import verify
from tests.support.backups import store as put
from tests.support.damage import AROUND, NOW, SQL, WHOLE, store
from tests.support.databases import AT
from tests.support.faults import faulted
from tests.support.twin import MemoryVault

BOMBS, LONGER = "hostile objects: bombs", "hostile objects: longer than the manifest says"
MIB = 1 << 20


def bomb(mebibytes: int) -> bytes:
    """As many MiB of nothing, in a thousandth of that."""
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as file:
        for _ in range(mebibytes):
            file.write(bytes(MIB))
    return packed.getvalue()


@pytest.mark.parametrize("said", [0, 1, 100, MIB - 1, MIB, 3 * MIB])
def test_a_bomb_is_not_unpacked_beyond_what_its_manifest_says(said: int) -> None:
    vault, body = MemoryVault(), bomb(64)
    made = replace(store(vault, body=body), dump_bytes=said)
    given = 0
    with faulted(BOMBS):
        for piece in _until_damaged(read_back(vault, made)):
            given += len(piece)
            assert len(piece) <= MIB
        assert given <= said
        verdict = verify(vault, made, NOW)
        assert not verdict.sound
        assert "unpacks to more" in verdict.reason


def _until_damaged(pieces: Iterator[bytes]) -> Iterator[bytes]:
    with pytest.raises(BackupDamaged, match="unpacks to more than its dump"):
        yield from pieces


class Endless(MemoryVault):
    """An object that was replaced after the listing, by one that never ends."""

    read_bytes = 0

    def open(self, key: str, start: int = 0, end: int | None = None) -> io.BytesIO:
        vault = self

        class Body(io.BytesIO):
            def read(self, size: int | None = -1, /) -> bytes:
                vault.read_bytes += size or 0
                return bytes(size or 0)

        return Body()


@pytest.mark.parametrize("how", [lambda v, m, _: stream(v, m, io.BytesIO()), download])
def test_an_object_that_never_ends_is_left_at_once(
    how: Callable[[Endless, Manifest, Path], None], tmp_path: Path
) -> None:
    vault = Endless()
    made = store(vault)
    with faulted(LONGER):
        with pytest.raises(BackupDamaged):
            how(vault, made, tmp_path / "file")
        with pytest.raises(BackupDamaged, match="longer than the"):
            list(read_back(vault, made))
        assert vault.read_bytes <= 2 * MIB
        assert list(tmp_path.iterdir()) == []


def test_no_byte_too_many_is_handed_on() -> None:
    vault = MemoryVault()
    whole = WHOLE + b"x" * (2 * MIB)
    made = store(vault)
    vault.objects[made.dump_key] = whole
    output = io.BytesIO()
    with faulted(LONGER):
        with pytest.raises(BackupDamaged):
            stream(vault, made, output)
        assert len(output.getvalue()) <= made.backup_bytes
    assert hashlib.sha256(WHOLE).hexdigest() == made.sha256
    assert made.dump_bytes == len(SQL)


def test_a_manifest_that_was_stored_so_that_nobody_reads_it_hides_no_other(vault: Vault) -> None:
    older, newer = (put(vault, at) for at in (AT - timedelta(days=1), AT))
    with faulted("hostile objects: in an archive"):
        vault._client.put_object(
            Bucket=vault.bucket,
            Key=newer.key,
            Body=newer.to_json().encode(),
            StorageClass="GLACIER",
        )
        archived, other = listing(vault, "orders")
        assert "InvalidObjectState" in archived.fault
        assert other.manifest == older
        assert standing(vault, "orders", 2, AROUND, NOW).health.problems == ("damaged",)
