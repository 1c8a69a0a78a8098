"""Restore a dump: all of it is in the target in the end, or nothing, or it is said what is not."""

import secrets
from collections.abc import Iterable, Iterator
from dataclasses import replace

import psycopg2

from snapper.engines.facts import UNSURE, Restoration, RestoreOptions
from snapper.engines.postgresql.connecting.acting import rightful
from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.engines.postgresql.conninfo.redaction import redactor
from snapper.engines.postgresql.inspecting.recorded import Recorded
from snapper.engines.postgresql.loading.load import load
from snapper.engines.postgresql.loading.reason import reason
from snapper.engines.postgresql.loading.restore_calls import restore_calls
from snapper.engines.postgresql.loading.statement_runner import StatementRunner
from snapper.engines.postgresql.loading.task import Alone, Loading
from snapper.engines.postgresql.naming.names import database_name, quoted
from snapper.engines.postgresql.reading.portable import Portable
from snapper.engines.postgresql.reading.statements import Part, rewritten
from snapper.engines.postgresql.restoring.fill import Fill, fill
from snapper.engines.postgresql.target.content import tablespaces
from snapper.engines.postgresql.target.draft import AS_EVER, Making, draft, rename
from snapper.engines.postgresql.target.maintenance import maintenance
from snapper.errors import RestoreFailed

_LONGEST_NAME = 40
"""Bytes of the name that a database has which is not whole: PostgreSQL cuts a name after 63."""


def restore(
    dump: Iterable[bytes], backup: Recorded, target: str, options: RestoreOptions
) -> Restoration:
    """Fill the database of the `target` connection, in one transaction.

    What is set on the target itself is not touched. Nothing is committed after any error:
    RestoreFailed with the statement that was refused, DatabaseUnreachable, or whatever the dump
    raises. Where that is not known, the error has a note that says so: UNSURE.
    """
    redact = redactor(target)
    connection = rightful(Connection.parse(target), redact)
    portable = Portable(tablespaces(connection, redact))
    loading = _loading(dump, backup, portable, options)
    loading.atomic = True
    with (
        restore_calls(connection, redact, loading.notes),
        StatementRunner(connection, redact) as runner,
    ):
        # Whatever ends us before the last line leaves a transaction that nobody commits.
        runner.run(b"BEGIN")
        load(rewritten(dump, portable), runner, loading)
        commit(runner, options)
    return restoration(loading, portable)


def commit(runner: StatementRunner, options: RestoreOptions) -> None:
    """Commit; raise RestoreFailed, with a note where what became of it is not known."""
    try:
        runner.run(b"COMMIT")
    except psycopg2.Error as error:
        words = reason(error, b"COMMIT", runner, show_values=options.show_values)
        failed = RestoreFailed(f"the restore failed at its end: {words}")
        # An error that has a code, such as of a constraint that is checked only now, has ended it.
        if error.pgcode is None:
            failed.add_note(UNSURE)
        raise failed from None
    except BaseException as error:
        error.add_note(UNSURE)
        raise


def restore_as_new(
    dump: Iterable[bytes],
    backup: Recorded,
    target: str,
    options: RestoreOptions,
    another: Fill | None = None,
    making: Making = AS_EVER,
    *,
    alone: Alone | None = None,
) -> Restoration:
    """Restore a dump into a database that is made for it; gives and raises as `restore` does.

    The database has its name only when it is whole, and all that was set on the backup's database
    is set on it too. So no transaction is needed, and none of the locks that a transaction holds
    on every table it makes. With `best_effort` what is not whole is kept under a name that says so.

    `another` way to fill it is for a superuser's target on a throw-away server: `restore_confined`.
    `alone` is for a trial, and told what that does without.
    """
    warned: list[str] = []
    connection, redact = Connection.parse(target), redactor(target)
    via = making.via or maintenance(connection, redact)
    making = replace(making, via=via, named=making.named or options.final_name)
    portable = Portable(tablespaces(via, redact))
    loading = _loading(dump, backup, portable, options)
    loading.alone = alone
    made = connection.replace(dbname=_incomplete(connection)) if options.best_effort else connection
    with draft(made, backup, redact, warned.append, making=making) as unfinished:
        (another or fill)(dump, unfinished, backup, portable, loading, redact)
    if options.best_effort and not loading.missing:
        rename(made, connection, via, redact)
    came = restoration(loading, portable, warned)
    if not loading.missing:
        return came
    kept, name = database_name(made), database_name(connection)
    accepting = f"ALTER DATABASE {quoted(kept)} RENAME TO {quoted(name)};"
    return replace(came, kept_as=kept, accepting=accepting)


def _incomplete(connection: Connection) -> str:
    name = database_name(connection).encode()[:_LONGEST_NAME].decode(errors="ignore")
    return f"{name}-incomplete-{secrets.token_hex(4)}"


def _loading(
    dump: Iterable[bytes], backup: Recorded, portable: Portable, options: RestoreOptions
) -> Loading:
    def again() -> Iterator[Part]:
        return rewritten(dump, portable)

    return Loading(
        options,
        search_path=backup.path,
        # What can be read only once is given up at its first failure.
        again=None if iter(dump) is dump else again,
    )


def restoration(loading: Loading, portable: Portable, warned: Iterable[str] = ()) -> Restoration:
    """Give what came of it all."""
    moved = tuple(
        f"the target has no tablespace {tablespace}: its objects are in the default tablespace"
        for tablespace in sorted(portable.replaced)
    )
    notes = tuple(dict.fromkeys(loading.notes))
    return Restoration((*moved, *notes, *warned), tuple(loading.left_out), tuple(loading.missing))
