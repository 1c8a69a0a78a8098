"""Some tables of a dump as a script of psql: what makes them, their rows, what belongs to them."""

from collections.abc import Iterable, Iterator
from itertools import count

from snapper.engines.postgresql.reading.portable import Portable
from snapper.engines.postgresql.reading.statements import Part, Statement
from snapper.engines.postgresql.selecting.definitions import Known
from snapper.engines.postgresql.selecting.forms import Form, form_of
from snapper.engines.postgresql.selecting.plan import Plan


def as_sql(plan: Plan, parts: Iterator[Part]) -> Iterator[bytes]:
    """Write the statements in the order in which they can be run, out of a dump with these rows."""
    yield from _written(plan, plan.before)
    if plan.wanted.rows:
        without = dict.fromkeys(plan.with_rows())
        for part in plan.rows(parts):
            if isinstance(part, Statement):
                without.pop(form_of(part.text).about[0][1], None)
            yield part.text
        yield b"\n"
        for path in without:
            name = ascii(plan.definitions.shown(path))
            yield f"-- the backup was made without the rows of {name}\n".encode()
    yield from _written(plan, plan.after)


def _written(plan: Plan, statements: Iterable[Known]) -> Iterator[bytes]:
    # Its tablespaces are those of a server that is not known yet.
    portable = Portable()
    for known in statements:
        text = portable(plan.text(known))
        yield (_left_out_if_refused(text) if _may_fail(known.form) else text) + b"\n"


def _may_fail(form: Form) -> bool:
    """Tell whether it may be about a table that is not there, or be a comment on such a thing."""
    said = form.use == "rights" and form.kind in ("constraint", "policy", "rule", "trigger")
    return said or form.use in ("loose", "reference")


def _left_out_if_refused(statement: bytes) -> bytes:
    """Have the server warn of what it refuses, and go on: the table is whole without it."""
    end = next(each for each in (b"_%d$" % at for at in count()) if each not in statement)
    return b"\n".join(
        (
            b"DO $do%b BEGIN EXECUTE $it%b" % (end, end),
            statement + b"$it%b;" % end,
            b"EXCEPTION WHEN OTHERS THEN RAISE WARNING 'left out: %', SQLERRM;",
            b"END $do%b;\n" % end,
        )
    )
