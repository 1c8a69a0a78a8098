"""How long a dump is read whose one statement is large, or that has many small ones.

Twice the size must take twice the time.

Run it by hand: .venv/bin/python -m benchmarks.statements
"""

import resource
import time
from collections.abc import Iterator

from snapper.engines.postgresql.reading.statements import rewritten

_PIECE = 1 << 20
_BODIES = {
    "a body in dollars": (b"CREATE FUNCTION f() AS $$", b"x" * _PIECE, b"$$;\n"),
    "a comment in quotes": (b"COMMENT ON TABLE t IS '", b"it''s" * (_PIECE // 5), b"';\n"),
    "a list without strings": (b"CREATE VIEW v AS SELECT 1", b", a" * (_PIECE // 3), b";\n"),
}


_SMALL = """
--
-- Name: t{0}; Type: TABLE; Schema: public; Owner: app
--

CREATE TABLE "public"."t{0}" (
    "id" integer NOT NULL,
    "name" "text" DEFAULT 'none'::"text" NOT NULL,
    "made_at" timestamp with time zone DEFAULT "now"()
);


ALTER TABLE "public"."t{0}" OWNER TO "app";
"""


def _dump(before: bytes, piece: bytes, behind: bytes, size: int) -> Iterator[bytes]:
    yield before
    for _ in range(size):
        yield piece
    yield behind


def _many(size: int) -> Iterator[bytes]:
    text = "".join(_SMALL.format(number) for number in range(_PIECE // len(_SMALL))).encode()
    for _ in range(size):
        yield text


def main() -> None:
    """Print seconds by megabytes, and the most memory that was needed."""
    for megabytes in (10, 20):
        began = time.perf_counter()
        for _ in rewritten(_many(megabytes), lambda each: each):
            pass
        print(f"{'small statements':<24} {megabytes:>4} MB {time.perf_counter() - began:6.2f} s")
    for name, body in _BODIES.items():
        for megabytes in (50, 100, 200):
            began = time.perf_counter()
            for _ in rewritten(_dump(*body, megabytes), lambda each: each):
                pass
            print(f"{name:<24} {megabytes:>4} MB {time.perf_counter() - began:6.2f} s")
    print(f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB of memory at most")


if __name__ == "__main__":
    main()
