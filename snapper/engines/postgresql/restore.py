"""Feed a dump to psql: all of it is in the target in the end, or nothing."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import chain

from snapper.engines.facts import UNSURE
from snapper.engines.postgresql.client_tools import ClientTools
from snapper.engines.postgresql.connection import Connection
from snapper.engines.postgresql.draft import AS_EVER, Making, draft
from snapper.engines.postgresql.maintenance import maintenance
from snapper.engines.postgresql.portable import Portable
from snapper.engines.postgresql.psql import feed
from snapper.engines.postgresql.recorded import Recorded
from snapper.engines.postgresql.redaction import redactor
from snapper.engines.postgresql.statements import rewritten, without_commit
from snapper.engines.postgresql.target import tablespaces
from snapper.errors import RestoreFailed
from snapper.values.redaction import Redactor

Fill = Callable[[Iterable[bytes], Connection, str, Portable, ClientTools, Redactor], None]
"""Feeds a dump to an empty database, of which the encoding of the dump is given too."""


def restore(dump: Iterable[bytes], target: str, tools: ClientTools) -> tuple[str, ...]:
    """Feed a dump to psql on the `target` connection, in one transaction.

    Gives a sentence for each thing that could not be restored as it was, such as a tablespace that
    the target does not have. What is set on the target itself is not touched. Nothing is committed
    after any error: RestoreFailed with psql's reason, DatabaseUnreachable, or whatever the dump
    raises. Where that is not known, the error has a note that says so: UNSURE.
    """
    connection, redact = Connection.parse(target), redactor(target)
    portable = Portable(tablespaces(connection, redact))
    # Whatever ends us before the last line leaves a transaction that nobody commits. The first line
    # is shared, so that psql counts the lines as the dump does.
    sql = rewritten(dump, portable, without_commit)
    ending = _Ending()
    try:
        feed(chain([b"BEGIN; "], sql, ending), connection, tools, redact)
    except RestoreFailed as failed:
        # An ERROR, such as of a constraint that is checked only now, has ended the transaction.
        if ending.sent and "ERROR: " not in str(failed):
            failed.add_note(UNSURE)
        raise
    except BaseException as error:
        if ending.sent:
            error.add_note(UNSURE)
        raise
    return _moved(portable)


class _Ending:
    """The last line, which knows whether it was asked for."""

    sent = False

    def __iter__(self) -> Iterator[bytes]:
        self.sent = True
        yield b"\nCOMMIT;\n"


def _fill(
    dump: Iterable[bytes],
    database: Connection,
    _encoding: str,
    portable: Portable,
    tools: ClientTools,
    redact: Redactor,
) -> None:
    # Giving the name is a commit that waits for the disk, and for all that was before it.
    feed(rewritten(dump, portable), database, tools, redact, "-c synchronous_commit=off")


def restore_as_new(
    dump: Iterable[bytes],
    backup: Recorded,
    target: str,
    tools: ClientTools,
    fill: Fill = _fill,
    making: Making = AS_EVER,
) -> tuple[str, ...]:
    """Restore a dump into a database that is made for it; gives and raises as `restore` does.

    The database has its name only when it is whole, and all that was set on the backup's database
    is set on it too. So no transaction is needed, and none of the locks that a transaction holds
    on every table it makes.

    `fill` is another one for a superuser's target on a throw-away server: `restore_confined`.
    """
    warned: list[str] = []
    connection, redact = Connection.parse(target), redactor(target)
    via = making.via or maintenance(connection, redact)
    portable = Portable(tablespaces(via, redact))
    making = replace(making, via=via)
    with draft(connection, backup, redact, warned.append, making=making) as unfinished:
        fill(dump, unfinished, backup.encoding, portable, tools, redact)
    return (*_moved(portable), *warned)


def _moved(portable: Portable) -> tuple[str, ...]:
    return tuple(
        f"the target has no tablespace {tablespace}: its objects are in the default tablespace"
        for tablespace in sorted(portable.replaced)
    )
