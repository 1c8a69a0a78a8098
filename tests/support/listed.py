"""Backups that nobody dumped, with a list of contents: packed as a dumper would."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from isal import isal_zlib

from snapper.aws.vault import Vault
from snapper.values.contents import Contents
from snapper.values.keys import Kind, object_key
from snapper.values.manifest import Manifest
from snapper.values.parts import Statements, TableRows
from tests.support.databases import AT
from tests.support.manifests import manifest

_BEGIN = b" (a) FROM stdin;\n"
_NAMES = re.compile(rb'COPY "?([^".]+)"?\."?([^".( ]+)')


def rows(name: str, *lines: str) -> bytes:
    """Give a table's part as pg_dump writes it."""
    text = "".join(f"{line}\n" for line in lines)
    return f"\n--\n-- Data\n--\n\nCOPY {name} (a) FROM stdin;\n{text}\\.\n".encode()


def packed(parts: Sequence[bytes]) -> tuple[bytes, Contents]:
    """Pack the parts of a dump, and list them; those that end as rows do are tables.

    What loads more rows of a table has its statement alone, without a comment before it.
    """
    gzip = isal_zlib.compressobj(1, isal_zlib.DEFLATED, 16 + isal_zlib.MAX_WBITS)
    body, tables, statements = b"", list[TableRows](), list[Statements]()
    texts = dict[tuple[str, str], bytes]()
    for at, part in enumerate(parts):
        start = len(body)
        body += gzip.compress(part)
        last = at + 1 == len(parts)
        body += gzip.flush() if last else gzip.flush(isal_zlib.Z_FULL_FLUSH)
        if part.endswith(b"\\.\n"):
            plain = part[part.index(_BEGIN) + len(_BEGIN) : -3]
            named = _NAMES.search(part)
            assert named
            schema, table = named[1].decode(), named[2].decode()
            if part.startswith(b"COPY"):
                number = [(each.schema, each.table) for each in tables].index((schema, table))
                before = tables[number]
                texts[schema, table] += plain
                tables[number] = replace(
                    before,
                    rows=before.rows + plain.count(b"\n"),
                    bytes=before.bytes + len(plain),
                    sha256=sha(texts[schema, table]),
                    more=(*before.more, (start, len(body))),
                )
                continue
            texts[schema, table] = plain
            tables.append(
                TableRows(
                    schema, table, plain.count(b"\n"), len(plain), start, len(body), sha(plain)
                )
            )
        else:
            statements.append(
                Statements({"CREATE TABLE": 1}, len(part), start, len(body), sha(part))
            )
    return body, Contents(sha(body), tuple(tables), tuple(statements))


def sha(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()


def store_listed(
    vault: Vault, parts: Sequence[bytes], at: datetime = AT, **given: Any
) -> tuple[Manifest, Contents]:
    """Put a whole backup with its list into the vault."""
    body, contents = packed(parts)
    raw = contents.to_json()
    made = manifest(
        scheduled_at=at,
        backup_bytes=len(body),
        dump_bytes=sum(map(len, parts)),
        sha256=contents.sha256,
        contents=sha(raw),
        **given,
    )
    vault.put(made.dump_key, body)
    vault.put(object_key(made.database, at, Kind.CONTENTS), raw)
    vault.put(made.key, made.to_json().encode())
    return made, contents
