"""How a new database is filled from a dump: by one session, or by several where it can be."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import chain

from snapper.engines.at_once import AtOnce, Skipped
from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.engines.postgresql.inspecting.recorded import Recorded
from snapper.engines.postgresql.loading.builds_at_once import BuildsAtOnce
from snapper.engines.postgresql.loading.load import Load, load
from snapper.engines.postgresql.loading.restore_calls import restore_calls
from snapper.engines.postgresql.loading.rows_at_once import load_at_once, sizes
from snapper.engines.postgresql.loading.sides import Sides
from snapper.engines.postgresql.loading.statement_runner import StatementRunner
from snapper.engines.postgresql.loading.task import Loading
from snapper.engines.postgresql.reading.head import Head
from snapper.engines.postgresql.reading.portable import Portable
from snapper.engines.postgresql.reading.statements import (
    LONGEST_HELD,
    Part,
    Reading,
    parted,
    rewritten,
)
from snapper.values.redaction import Redactor

Fill = Callable[[Iterable[bytes], Connection, Recorded, Portable, Loading, Redactor], None]
"""Fills an empty database from a dump."""

_OF_THE_SESSION = (b"SET ", b"SELECT pg_catalog.set_config(")


def fill(
    dump: Iterable[bytes],
    database: Connection,
    _: Recorded,
    portable: Portable,
    loading: Loading,
    redact: Redactor,
) -> None:
    """Run all statements in their order, or some of them at once."""
    if isinstance(dump, AtOnce):
        _fill_at_once(dump, database, portable, loading, redact)
        return
    head = Head()
    begun = _begun(rewritten(dump, portable, head), head, database, loading, redact)
    with begun as (runner, _settings, parts):
        load(parts, runner, loading)


def _fill_at_once(
    at_once: AtOnce, database: Connection, portable: Portable, loading: Loading, redact: Redactor
) -> None:
    """Load the rows of large tables by several sessions, then have them build indexes.

    All else, and whatever is refused there, is run by the one session that also begins and ends it:
    what comes of it is what comes of them in their order.
    """
    dump, head = at_once.parts, Head()
    reading = Reading((portable, head), LONGEST_HELD)
    begun = _begun(_parts(reading, dump.before()), head, database, loading, redact)
    with begun as (runner, settings, parts):

        def connect() -> StatementRunner:
            side = StatementRunner(database, redact, again=False)
            try:
                for setting in settings:
                    side.run(parted(setting.text)[1])
            except BaseException:
                side.close()
                raise
            return side

        loader = Load(runner, loading)
        loader.run(parts)
        loader.begin_data()
        with Sides(connect, at_once.jobs, loading) as sides:
            loaded = load_at_once(dump, sides)

            def again() -> Iterator[Part]:
                anew = Reading((portable,), LONGEST_HELD)
                return _parts(anew, chain(dump.before(), dump.rest(loaded)))

            loading.again = again
            builds = BuildsAtOnce(sides, sizes(dump.large), loader.end_data)
            rest = chain(_parts(reading, dump.rest(loaded)), reading.end())
            loader.run(builds.rest(rest))
        loader.end()


@contextmanager
def _begun(
    parts: Iterator[Part], head: Head, database: Connection, loading: Loading, redact: Redactor
) -> Iterator[tuple[StatementRunner, list[Part], Iterator[Part]]]:
    """Run the beginning of a dump; give a session for the rest, what is set in it, and the rest.

    What extensions want to be called before that has been called, and is called after the block.
    """
    *beginning, first = head.read(parts)
    with StatementRunner(database, redact) as runner:
        load(beginning, runner, loading, more=True)
    with (
        restore_calls(database, redact, loading.notes),
        StatementRunner(database, redact) as runner,
    ):
        # Giving the name is a commit that waits for the disk, and for all that was before it.
        runner.run(b"SET synchronous_commit = off")
        settings = [part for part in beginning if _is_the_sessions(part)]
        yield runner, settings, chain(settings, [first], parts)


def _is_the_sessions(part: Part) -> bool:
    return parted(part.text)[1].startswith(_OF_THE_SESSION)


def _parts(reading: Reading, pieces: Iterable[bytes | Skipped]) -> Iterator[Part]:
    for piece in pieces:
        if isinstance(piece, Skipped):
            reading.skip(piece.lines)
        else:
            yield from reading.on(piece)
