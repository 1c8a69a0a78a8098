"""What is looked at before anything is deployed or run, over all engines that there are."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial

from snapper.engines.engine import ENGINES, engine_of
from snapper.values.options import SETTING
from snapper.values.secrets import Database, Target
from snapper.values.settings import TARGETS

PLANNED = frozenset({"MYSQL", "MONGO"})
"""Types that the original Snapper named and that no engine here serves yet."""

Check = Callable[[str], Iterable[str]]
"""Gives a sentence for each fault of a connection string; none holds a piece of a secret."""


def connection_checks() -> dict[str, Check]:
    """Give the check of a connection for every TYPE that may stand in the secrets."""
    planned = {kind: _not_yet(kind) for kind in sorted(PLANNED - ENGINES.keys())}
    return {kind: engine_of(kind).faults for kind in ENGINES} | planned


def usability_checks(*, from_here: bool) -> dict[str, Check]:
    """Give the same, for all that would keep a connection from working where dumps are made."""
    found = {kind: partial(engine_of(kind).unusable, from_here=from_here) for kind in ENGINES}
    return connection_checks() | found


def target_checks(*, from_here: bool) -> dict[str, Check]:
    """Give the same, for what would keep a container from restoring into a connection."""
    usable = usability_checks(from_here=from_here)
    return usable | {kind: partial(_as_target, kind, usable[kind]) for kind in ENGINES}


def option_faults(databases: Iterable[Database]) -> Iterator[str]:
    """Give a sentence for each option that cannot be kept, by the key."""
    for database in databases:
        for fault in engine_of(database.kind).option_faults(database):
            yield f"{SETTING}.{database.key}: {fault}"


def doubts(
    databases: Iterable[Database],
    targets: Iterable[Target] = (),
    *,
    networked: bool = True,
    bundled: bool = False,
) -> Iterator[str]:
    """Give a sentence for each thing that may keep a connection from working, by the key.

    `networked` and `bundled` are as the engines have them.
    """
    named = [(each.key, each) for each in databases]
    named += [(f"{TARGETS} ({each.key})", each.database) for each in targets]
    for name, database in named:
        engine = engine_of(database.kind)
        for doubt in engine.doubts(database, networked=networked, bundled=bundled):
            yield f"{name}: {doubt}"


def gaps(server: str = "") -> list[str]:
    """Say which walls are missing around the servers that trials start here, of all engines."""
    return list(
        dict.fromkeys(gap for kind in ENGINES for gap in engine_of(kind).unconfined(server))
    )


def _as_target(kind: str, usable: Check, connection: str) -> list[str]:
    # What cannot be read at all has no further fault.
    return list(usable(connection)) or list(engine_of(kind).target_faults(connection))


def _not_yet(kind: str) -> Check:
    return lambda _: [f"type {kind} is not supported yet"]
