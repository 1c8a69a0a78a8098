"""What the last backups of a database say: how old the newest is, and how long they took."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from snapper.cli import render
from snapper.values.clock import is_ahead
from snapper.values.finding import Finding, failure, ok, warning
from snapper.values.program import PROGRAM
from snapper.verbs.catalog import Listed

# Lambda's limit, and how much of it a dump may take before its growth should be thought of.
_LIMIT = timedelta(minutes=15)
_NEAR = 0.6
_LOOKED_AT = 5


def examine_last(
    database: str,
    found: Sequence[Listed],
    late_after: timedelta,
    now: datetime,
    *,
    hands_over: bool = False,
) -> Iterator[Finding]:
    """Judge the backups of a database, newest first, by how old the newest may be.

    `hands_over` says that what a function has no time for goes to a container.
    """
    # What somebody has named after a time that is still to come says nothing.
    backups = [each for each in found if not is_ahead(each.taken_at, now)]
    if not backups:
        yield warning("time", "no backup has been made yet", f"{PROGRAM} run {database} --wait")
        return
    yield _age(database, backups, late_after, now)
    yield from _pace(backups, hands_over=hands_over)


def _age(database: str, found: Sequence[Listed], late_after: timedelta, now: datetime) -> Finding:
    fix = f"{PROGRAM} status {database} and {PROGRAM} failures show why"
    good = [each for each in found if not each.flaw]
    if not good:
        return failure("age", "none of the backups is good", fix)
    age = now - good[0].begun_at
    fact = f"the newest good backup is {render.age(age)} old"
    if age > late_after:
        return failure("age", f"{fact}: it is late after {render.age(late_after)}", fix)
    return ok("age", fact)


def _pace(found: Sequence[Listed], *, hands_over: bool) -> Iterator[Finding]:
    """Hold the time that the last backups took against what a function has."""
    spans = [
        each.manifest.finished_at - each.manifest.started_at
        for each in found[:_LOOKED_AT]
        if each.manifest
    ]
    if not spans:
        return
    longest = max(spans)
    last = f"last {len(spans)} backups" if len(spans) > 1 else "last backup"
    fact = f"the {last} took {render.seconds(longest)} at most"
    if hands_over:
        yield ok("time", f"{fact}; what takes longer than a function may goes to a container")
    elif longest > _LIMIT * _NEAR:
        fix = "give the dumper more memory, which also makes it faster, or set largeDatabases"
        yield warning("time", f"{fact}, of 900 s", fix)
    else:
        yield ok("time", f"{fact}, of 900 s")
