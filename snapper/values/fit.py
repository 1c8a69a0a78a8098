"""Where a backup can be restored for the proof: room and time, estimated beforehand."""

from snapper.values.container import AT_WORK, Size
from snapper.values.deadline import RESERVE
from snapper.values.manifest import Manifest

TOO_LARGE = "too large to be proven here"
"""What is said of a backup that cannot be tried for its size: it says nothing against it."""

DISK_GB = (1, 10)
"""The least and the most that a function can have. Source: EphemeralStorage."""

CONTAINER_DISK_GB = 200
"""The most that a container can have, for each alike: no job may ask for less or more than its
definition says, and what it does not write to costs two cents an hour.

Source: EphemeralStorage of Batch; ContainerOverrides, which has none.
"""

CONTAINER_ROOM_GB = CONTAINER_DISK_GB - 2
"""What the image and our code leave of it."""

_EMPTY_SERVER = 400_000_000
"""Bytes of a server's own files, and of what it writes ahead."""

_SPARE = 1.1

_GROWTH = 4
"""A restored table with its indexes is hardly ever more times as large as its rows in a dump."""

_SLOWEST = 8_000_000
"""Bytes of a plain dump that a small function restores in a second, at least."""

_SURPRISING = 4
"""What takes so many times as long as expected, which is long, is not large: it does not end."""

_LARGE = 20_000_000_000

_START = 30
"""Seconds until a server is there, and for what comes after the last row."""


def room_for(manifest: Manifest) -> int:
    """Give the bytes of disk that a restored copy needs.

    The database itself may be far larger than its copy: it has gaps, and what is not backed up.
    """
    copy = min(manifest.database_bytes, _GROWTH * manifest.dump_bytes)
    return _EMPTY_SERVER + int(_SPARE * copy)


def expected_seconds(manifest: Manifest) -> float:
    """Give the seconds in which a small function restores it, at most, if nothing in it waits."""
    return _START + manifest.dump_bytes / _SLOWEST


def misfit(manifest: Manifest, disk_bytes: int, seconds: float | None) -> str:
    """Say why a backup is too large to be proven with so much disk and time; nothing if it is not.

    A `disk_bytes` of zero is not known.
    """
    room, took = room_for(manifest), expected_seconds(manifest)
    if disk_bytes and room > disk_bytes:
        return (
            f"{TOO_LARGE}: its copy needs about {room / 1e9:.1f} GB of disk, and"
            f" there are {disk_bytes / 1e9:.1f} GB"
        )
    if seconds is not None and took > seconds:
        return (
            f"{TOO_LARGE}: that takes about {took / 60:.0f} min, and there are"
            f" {max(seconds, 0) / 60:.0f} min"
        )
    return ""


def misfit_of_container(manifest: Manifest) -> str:
    """Say why a backup is too large for a container too; nothing if it is not."""
    return misfit(manifest, CONTAINER_ROOM_GB << 30, AT_WORK.total_seconds() - RESERVE)


def may_be_large(manifest: Manifest, seconds: float) -> bool:
    """Tell whether one that was not restored in so many seconds may be large, and not endless."""
    return _SURPRISING * expected_seconds(manifest) >= seconds


def size_of_drill(manifest: Manifest) -> Size:
    """Give a container in which one server restores a backup: more memory where there is more."""
    return Size(4 if manifest.dump_bytes >= _LARGE else 2)
