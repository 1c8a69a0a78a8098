"""Whether the bands together held every table's rows and every sequence's value, and each once."""

from collections import Counter
from collections.abc import Iterable, Sequence

from snapper.engines.bands import Arrived
from snapper.engines.postgresql.dumping.listed import Content, Listed
from snapper.engines.postgresql.naming.encoding import name_in
from snapper.errors import DumpFailed
from snapper.values.omission import some

_HINT = "the job is tried again; if that lasts, set dumpJobs to 1 and tell the authors of Snapper"

_Came = tuple[int, str, str]
"""The number of a band, a schema and a name."""


def require_union(
    dealt: Sequence[Sequence[Listed]],
    content: Content,
    arrived: Sequence[Arrived],
    encoding: str,
) -> None:
    """Raise DumpFailed unless all of the content came once, and each from its own band.

    The `dealt` tables are those of all bands but the last, by number. In that one came all others,
    the sequences, and what belongs to extensions. Several can have what reads as the same name: in
    a database without an encoding it may be any bytes.
    """
    last = len(dealt)
    own = {each.pattern: band for band, tables in enumerate(dealt) for each in tables}
    _require(
        "rows of tables",
        (
            (own.get(each.pattern, last), *_named(each.schema, each.name, encoding))
            for each in content.tables
        ),
        ((band, *table) for band, each in enumerate(arrived) for table in each.tables),
        last,
    )
    _require(
        "values of sequences",
        ((last, *_named(*each, encoding)) for each in content.sequences),
        ((band, *name) for band, each in enumerate(arrived) for name in each.counters),
        last,
    )


def _require(what: str, listed: Iterable[_Came], came: Iterable[_Came], last: int) -> None:
    due, counted = Counter(listed), Counter(came)
    known = {(schema, name) for _, schema, name in due}
    surplus = counted - due
    _refuse(f"{what} did not come", due - counted)
    _refuse(
        f"{what} came from another dump than theirs",
        [each for each in surplus if not due[each] and (each[0] != last or each[1:] in known)],
    )
    _refuse(f"{what} came twice", [each for each in surplus if counted[each] > 1])


def _refuse(what: str, wrong: Iterable[_Came]) -> None:
    if names := tuple(sorted(f"{schema}.{name}" for _, schema, name in wrong)):
        raise DumpFailed(f"{what}: {some(names)}", hint=_HINT)


def _named(schema: bytes, name: bytes, encoding: str) -> tuple[str, str]:
    """Name it as whoever reads the dump does."""
    return name_in(schema, encoding), name_in(name, encoding)
