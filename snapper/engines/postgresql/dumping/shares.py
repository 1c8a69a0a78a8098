"""What each of several pg_dumps is told, so that together they dump everything, and nothing twice.

Who dumps single tables is told those; one dumps whatever is left, by leaving just those tables out.
So nothing can fall between them: small tables, sequences, large objects, what extensions have.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass

from snapper.engines.postgresql.dumping.listed import Listed

_ROWS = "--section=data"


@dataclass(frozen=True)
class Shares:
    """The arguments of each: what stands `before` all rows, the `bands`, what stands `after`.

    The last of the bands is that of the rest.
    """

    before: list[str]
    bands: list[list[str]]
    after: list[str]


def shares(
    snapshot: str, key: str, leaving_out: Sequence[str], dealt: Sequence[Sequence[Listed]]
) -> Shares:
    r"""Give the arguments by which pg_dumps share a snapshot, and its tables as they are dealt.

    `key` is that of `\restrict`; `leaving_out` are arguments by which a dump leaves something out.
    """
    all_ = [f"--snapshot={snapshot}", f"--restrict-key={key}"]
    those_that_have_everything = [*all_, *leaving_out]
    return Shares(
        before=[*those_that_have_everything, "--section=pre-data", "--no-privileges"],
        bands=[
            *([*all_, _ROWS, "--strict-names", *_alone(band)] for band in dealt),
            [
                *those_that_have_everything,
                _ROWS,
                *(_without(each.pattern) for band in dealt for each in band),
            ],
        ],
        after=[*those_that_have_everything, "--section=pre-data", "--section=post-data"],
    )


def _alone(tables: Sequence[Listed]) -> list[str]:
    return [
        *(os.fsdecode(b"--table=" + each.pattern) for each in tables),
        *(_without(sequence) for each in tables for sequence in each.sequences),
    ]


def _without(pattern: bytes) -> str:
    return os.fsdecode(b"--exclude-table-data=" + pattern)
