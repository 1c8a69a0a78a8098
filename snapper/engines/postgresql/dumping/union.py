"""Whether the bands together held every table's rows, and each once."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from snapper.engines.postgresql.dumping.listed import Listed
from snapper.engines.postgresql.naming.encoding import name_in
from snapper.errors import DumpFailed
from snapper.values.omission import some

Table = tuple[str, str]

_HINT = "the job is tried again; if that lasts, set dumpJobs to 1 and tell the authors of Snapper"


def require_union(
    dealt: Sequence[Sequence[Listed]],
    listed: Iterable[Listed],
    came: Mapping[int, Sequence[Table]],
    encoding: str,
) -> None:
    """Raise DumpFailed unless each table that is `listed` came once, from its own band.

    The `dealt` ones are those of all bands but the last, by number. In that one came all others,
    and what belongs to extensions. Several tables can have what reads as the same name: in a
    database without an encoding it may be any bytes.
    """
    last = len(dealt)
    own = {each.pattern: band for band, tables in enumerate(dealt) for each in tables}
    due = Counter((own.get(each.pattern, last), *_named(each, encoding)) for each in listed)
    counted = Counter((band, *table) for band, tables in came.items() for table in tables)
    known = {(schema, table) for _, schema, table in due}
    surplus = counted - due
    _refuse("did not come", due - counted)
    _refuse(
        "came from another dump than theirs",
        [each for each in surplus if not due[each] and (each[0] != last or each[1:] in known)],
    )
    _refuse("came twice", [each for each in surplus if counted[each] > 1])


def _refuse(what: str, wrong: Iterable[tuple[int, str, str]]) -> None:
    if names := tuple(sorted(f"{schema}.{table}" for _, schema, table in wrong)):
        raise DumpFailed(f"rows of tables {what}: {some(names)}", hint=_HINT)


def _named(table: Listed, encoding: str) -> Table:
    """Name a table as whoever reads the dump does."""
    return name_in(table.schema, encoding), name_in(table.name, encoding)
