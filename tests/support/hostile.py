"""Manifests that somebody wrote who means harm: each with a seal of its own, for anybody can."""

from collections.abc import Iterator
from typing import Any

from snapper.values.manifest import Manifest
from snapper.values.seal import write_sealed

LONE = "\ud800"
SHELL = "'; touch /tmp/pwned; #"
ESCAPE = "\x1b]52;c;cHduZWQ=\x07"
SQL = "CONNECT ON DATABASE x TO y; CREATE ROLE pwned SUPERUSER; --"

SIZES: tuple[Any, ...] = (-1, 2**63, 10**400, 1.5, True, None, "12", [], {})
WORDS = ("", "x" * 5000, "16.1\n", ESCAPE, LONE, "a\0b", SHELL, "\N{GREEK SMALL LETTER ALPHA}", 16)
NAMES = ("", "x" * 64, "x" * 100_000, "a\0b", LONE, None, 7, ["x"])
TIMES = ("9999-12-31T23:59:59Z", "2026-11-23", "2026-11-23T03:00:00", "20261123T030000Z", 0, LONE)
DIGESTS = ("", "AB" * 32, "ab" * 31, "ab" * 33, "zz" * 32, SHELL, f"{'ab' * 32}\n", None, 1)

FIELDS: dict[str, tuple[Any, ...]] = {
    "version": (0, 10**400, True, "1", None, ESCAPE),
    "object": ("orders/other.sql.gz", None, ESCAPE, LONE),
    "database": ("other", "../orders", "x" * 65, ESCAPE, LONE, None),
    "database_name": NAMES,
    "scheduled_at": TIMES,
    "started_at": TIMES,
    "finished_at": TIMES,
    "snapper_version": WORDS,
    "server_version": WORDS,
    "source": WORDS,
    "encrypted_connection": (1, "true", None),
    "database_bytes": SIZES,
    "dump_bytes": SIZES,
    "backup_bytes": SIZES,
    "sha256": DIGESTS,
    "engine": ("", SHELL, LONE, "x" * 5000, None),
    "pg_dump_version": WORDS,
    "encoding": WORDS,
    "roles": ("orders", [1], [LONE], ["x" * 64], [""], ["a\0b"], {"a": 1}, None),
}
PROPERTIES: dict[str, tuple[Any, ...]] = {
    "owner": NAMES,
    "connection_limit": (-2, 2**31, 10**400, True, "1", "1; DROP DATABASE x"),
    "comment": ("a\0b", LONE, "x" * 1_000_000, None),
    "locale": (None, [], {"provider": "libc"}),
    "rights": (None, [1], [{"grantee": "x", "privilege": SQL, "grantable": False}]),
    "settings": (
        None,
        [{"role": "", "name": 'x" TO 1; DROP DATABASE y; --', "value": ""}],
        [{"role": "", "name": "work_mem", "value": 1}],
        [{"role": "x" * 64, "name": "work_mem", "value": "1"}],
    ),
}
LOCALES: dict[str, tuple[Any, ...]] = {
    "provider": ("glibc", "libc TEMPLATE template1; --", "", None),
    "collate": ("x" * 256, "C\n", LONE, None),
    "ctype": ("a\0b", ESCAPE),
    "name": ("x" * 256, ESCAPE),
    "rules": ("a\0b", LONE, None),
}


def manifests(made: Manifest) -> Iterator[tuple[str, bytes]]:
    """Give every hostile form of a backup's manifest, with what is hostile in it."""
    true = made.to_dict()
    for name, values in FIELDS.items():
        for number, value in enumerate(values):
            yield f"{name} {number}", sealed({**true, name: value})
    own = true["properties"]
    for name, values in PROPERTIES.items():
        for number, value in enumerate(values):
            yield f"{name} {number}", sealed({**true, "properties": {**own, name: value}})
    for name, values in LOCALES.items():
        for number, value in enumerate(values):
            locale = {**own["locale"], name: value}
            yield (
                f"locale {name} {number}",
                sealed({**true, "properties": {**own, "locale": locale}}),
            )
    yield from texts(made)


def texts(made: Manifest) -> Iterator[tuple[str, bytes]]:
    """Give what no honest writer of JSON makes of it."""
    true, text = made.to_dict(), made.to_json()
    yield "nothing", b""
    yield "a mark of byte order", b"\xef\xbb\xbf" + text.encode()
    yield "no UTF-8", text.encode().replace(b"orders", b"\xff\xfeders")
    yield "UTF-16", text.encode("utf-16")
    yield "twice the same name", text.replace("{", '{"database": "orders",', 1).encode()
    yield "not a number", sealed({**true, "extra": float("nan")})
    yield "no end", sealed({**true, "extra": float("inf")})
    yield "9,000 digits", text.replace("{", '{"extra": ' + "9" * 9000 + ",", 1).encode()
    yield "a tower", b"[" * 200_000
    yield "a tower in it", sealed({**true, "extra": _tower(100)})
    yield "too much", sealed({**true, "extra": "x" * (5 << 20)})
    yield "far too much", b" " * (33 << 20)
    yield "a list", b"[]"


def sealed(document: dict[str, Any]) -> bytes:
    return write_sealed(document).encode()


def _tower(height: int) -> Any:
    value: Any = []
    for _ in range(height):
        value = [value]
    return value
