"""How long a dump is read whose one statement is large: twice the size, twice the time.

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


def _dump(before: bytes, piece: bytes, behind: bytes, size: int) -> Iterator[bytes]:
    yield before
    for _ in range(size):
        yield piece
    yield behind


def main() -> None:
    """Print seconds by megabytes, and the most memory that was needed."""
    for name, body in _BODIES.items():
        for megabytes in (50, 100, 200):
            began = time.perf_counter()
            for _ in rewritten(_dump(*body, megabytes), lambda each: each):
                pass
            print(f"{name:<24} {megabytes:>4} MB {time.perf_counter() - began:6.2f} s")
    print(f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB of memory at most")


if __name__ == "__main__":
    main()
