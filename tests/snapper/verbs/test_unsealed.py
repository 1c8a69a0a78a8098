"""A sealed backup is read as what is in it, by who has a key; and each fault is told by itself."""

import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from snapper.aws.vault import Vault
from snapper.errors import BackupAltered, BackupDamaged, BackupTruncated, NoKey, WrongKey
from snapper.sealing.payload import SEALED_CHUNK
from snapper.sealing.seal import seal
from snapper.values.manifest import Manifest
from snapper.values.parts import Statements
from snapper.verbs.checked_copy import checked_copy
from snapper.verbs.contents import read_contents
from snapper.verbs.download import download, stream
from snapper.verbs.dump import Dumper
from snapper.verbs.dump_in_parts import in_parts
from snapper.verbs.parts import read_statements, read_table
from snapper.verbs.restore import read_back
from snapper.verbs.unsealed import unsealed
from tests.snapper.verbs.test_dump_in_parts import THREE, backed_up, require_whole
from tests.support.backups import PLAIN, store_whole
from tests.support.databases import AT, Source
from tests.support.listed import rows, sha, store_listed
from tests.support.sealed import KEY as OURS
from tests.support.sealed import OTHER as OTHERS
from tests.support.sealed_backups import sealed_now, store_sealed

HEAD = b"--\n-- PostgreSQL database dump\n--\n\nCREATE TABLE public.items (\n    a text\n);\n"
LONG = rows('"public"."long"', *(sha(b"%d" % n) for n in range(12_000)))
TAIL = b"\n--\n-- PostgreSQL database dump complete\n--\n"
DUMP = [HEAD, rows('"public"."items"', "1", "2"), LONG, TAIL]


def nothing(_: int) -> None:
    """Show nothing."""


def altered(vault: Vault, made: Manifest, change: Callable[[bytes], bytes]) -> None:
    """Put other bytes in the place of a dump."""
    vault.put(made.dump_key, change(vault.read(made.dump_key)))


def read(vault: Vault, made: Manifest, *keys: object) -> bytes:
    found = unsealed(vault, made, keys or (OURS,))  # type: ignore[arg-type]
    return b"".join(read_back(found, made))


def test_what_is_not_sealed_is_read_where_it_lies(vault: Vault) -> None:
    made = store_whole(vault, AT)
    assert unsealed(vault, made, ()) is vault


def test_a_sealed_backup_is_its_dump_to_who_has_a_key(vault: Vault) -> None:
    made = store_sealed(vault, AT, (OTHERS, OURS))
    assert PLAIN not in vault.read(made.dump_key)
    assert read(vault, made) == PLAIN
    found = unsealed(vault, made, [OURS])
    assert getattr(found, "opened_by", None) == OURS.recipient
    with checked_copy(found, made, nothing, nothing) as dump:
        assert b"".join(dump) == PLAIN


def test_its_parts_and_its_list_are_read_by_their_ranges(vault: Vault) -> None:
    plain, contents = store_listed(vault, DUMP)
    made = sealed_now(vault, plain)
    found = unsealed(vault, made, [OURS])
    assert read_contents(found, made) == contents
    for part, text in zip(contents.parts, DUMP, strict=True):
        reading = read_statements if isinstance(part, Statements) else read_table
        assert b"".join(reading(found, made, part)) == text  # type: ignore[arg-type]
    assert read(vault, made) == b"".join(DUMP)


def test_several_sessions_restore_one_too_and_see_that_it_ends_where_it_should(
    source: Callable[..., Source], dumper: Dumper
) -> None:
    manifest, plain = backed_up(dumper, source(17, THREE))
    made = sealed_now(dumper.vault, manifest)
    found = in_parts(unsealed(dumper.vault, made, [OURS]), made, 2, nothing, 1)
    assert found
    require_whole(found, {0, 1, 2}, plain)
    altered(dumper.vault, made, lambda text: text + b"x")
    again = in_parts(unsealed(dumper.vault, made, [OURS]), made, 2, nothing, 1)
    assert again
    with pytest.raises(BackupDamaged):
        list(again.rest(set()))


@pytest.mark.parametrize(
    ("change", "kind", "words"),
    [
        (lambda text: text[:-1], BackupTruncated, "cut short"),
        (lambda text: text[: text.index(b"---") + 60 + SEALED_CHUNK], BackupTruncated, "cut short"),
        (lambda text: text[:-9] + bytes([text[-9] ^ 1]) + text[-8:], BackupAltered, "altered"),
        (lambda text: text.replace(b"-> X", b"-> Y"), BackupAltered, "its header is not the one"),
        (lambda text: text + b"x", BackupAltered, "altered"),
    ],
    ids=["cut", "cut at a chunk's end", "flipped", "another header", "longer"],
)
def test_what_is_wrong_with_it_is_told(
    change: Callable[[bytes], bytes], kind: type[BackupDamaged], words: str, vault: Vault
) -> None:
    made = sealed_now(vault, store_listed(vault, DUMP)[0])
    altered(vault, made, change)
    with pytest.raises(kind, match=words):
        read(vault, made)


def test_who_has_no_key_or_another_is_told_so_before_anything_is_read(vault: Vault) -> None:
    made = store_sealed(vault, AT)
    with pytest.raises(NoKey, match=f"sealed for {OURS.recipient.short}, and no key was given"):
        unsealed(vault, made, ())
    with pytest.raises(WrongKey, match=OTHERS.recipient.short) as wrong:
        unsealed(vault, made, [OTHERS])
    assert OURS.recipient.short in str(wrong.value)
    assert OTHERS.text not in f"{wrong.value}{wrong.value.hint}"
    with pytest.raises(NoKey):
        b"".join(read_back(vault, made))
    with pytest.raises(NoKey):
        read_contents(vault, sealed_now(vault, store_listed(vault, DUMP)[0]))


def test_another_backup_that_was_sealed_for_the_same_key_is_not_the_one(vault: Vault) -> None:
    made = store_sealed(vault, AT)
    packed = unsealed(vault, made, [OURS]).open(made.dump_key).read()
    altered(vault, made, lambda _: seal(packed, [OURS.recipient]))
    with pytest.raises(BackupDamaged, match=r"\.age is not what was stored"):
        read(vault, made)
    again = replace(store_sealed(vault, AT), packed_sha256="00" * 32)
    with pytest.raises(BackupDamaged, match=r"what is sealed in .* is not what was stored"):
        read(vault, again)


def test_it_is_downloaded_as_it_is_or_opened_from_where_it_stopped(
    vault: Vault, tmp_path: Path
) -> None:
    made = sealed_now(vault, store_listed(vault, DUMP)[0])
    download(vault, made, tmp_path / "as-it-is")
    assert (tmp_path / "as-it-is").read_bytes() == vault.read(made.dump_key)
    found, out = unsealed(vault, made, [OURS]), io.BytesIO()
    stream(found, made, out, opened=True)
    part = tmp_path / f"opened.{made.packed_sha256[:12]}.part"
    part.write_bytes(out.getvalue()[: SEALED_CHUNK + 7])
    part.chmod(0o600)
    download(found, made, tmp_path / "opened", opened=True)
    assert (tmp_path / "opened").read_bytes() == out.getvalue()
    assert not part.exists()
