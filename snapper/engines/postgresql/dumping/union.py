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
    and what belongs to extensions.
    """
    last = len(dealt)
    own = {_named(each, encoding): band for band, tables in enumerate(dealt) for each in tables}
    counted = Counter(
        (band, schema, table) for band, tables in came.items() for schema, table in tables
    )
    _refuse("came twice", [named for named, count in counted.items() if count > 1])
    _refuse(
        "came from another dump than theirs",
        [each for each in counted if own.get(each[1:], last) != each[0]],
    )
    _refuse(
        "did not come",
        [
            (band, *name)
            for name in (_named(each, encoding) for each in listed)
            if not counted[(band := own.get(name, last), *name)]
        ],
    )


def _refuse(what: str, wrong: Sequence[tuple[int, str, str]]) -> None:
    if wrong:
        names = tuple(sorted(f"{schema}.{table}" for _, schema, table in wrong))
        raise DumpFailed(f"rows of tables {what}: {some(names)}", hint=_HINT)


def _named(table: Listed, encoding: str) -> Table:
    """Name a table as whoever reads the dump does."""
    return name_in(table.schema, encoding), name_in(table.name, encoding)
