"""What a restored copy is held against: the list of the backup's contents, and what is asserted."""

from collections.abc import Iterator

from snapper.engines.facts import TrialOptions
from snapper.engines.postgresql.connecting.asking import asking
from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.engines.postgresql.inspecting.recorded import Recorded
from snapper.engines.postgresql.loading.lacks import Lacks
from snapper.engines.postgresql.loading.task import Alone
from snapper.engines.postgresql.omitting import excluded
from snapper.engines.postgresql.trying.comparing import compare
from snapper.engines.postgresql.trying.counting import Counted, Named, named
from snapper.values.manifest import Manifest
from snapper.values.proof import Lacking, Proof
from snapper.values.redaction import Redactor

_EXCLUDED = frozenset({excluded.SCHEMAS.kind, excluded.TABLES.kind})
_NAMED = 5
_IS_SUPERUSER = "SELECT pg_catalog.current_setting('is_superuser')"


def lacks_of(backup: Recorded, *, leaves_out: bool, newer: bool) -> Lacks:
    """Give what decides what goes with what the server does not have, or take."""
    left = (each for each in backup.omitted or () if each.kind in _EXCLUDED)
    names = [name for each in left for name in each.objects]
    return Lacks(backup.encoding, names, leaves_out=leaves_out, newer=newer)


def is_superuser(connection: Connection, redact: Redactor) -> bool:
    """Tell whether a connection is that of a superuser."""
    with asking(connection, redact) as cursor:
        cursor.execute(_IS_SUPERUSER)
        (found,) = cursor.fetchone()
        return bool(found == "on")


def prove(
    counted: Counted,
    alone: Alone,
    wanted: TrialOptions,
    server: str,
) -> Proof:
    """Hold the rows against the list, if there is one; raises Disproven."""
    lacks, compared, lacking = alone.lacks, None, None
    if wanted.contents:
        left_out = {Named(*each) for each in lacks.tables | lacks.unfilled}
        compared = compare(wanted.contents, counted, left_out, set(map(named, alone.moved)))
    if lacks.extensions or lacks.left_out or lacks.refused:
        tables = tuple(sorted(".".join(each) for each in lacks.tables))
        lacking = Lacking(
            tuple(sorted(lacks.extensions)),
            lacks.left_out,
            tables,
            tuple(sorted(lacks.denied)),
            tuple(sorted(lacks.refused)),
        )
    return Proof(server, compared, wanted.assertions, lacking)


def remarks(proof: Proof, manifest: Manifest, lacks: Lacks) -> Iterator[str]:
    """Say what the proof does not cover."""
    if proof.lacking:
        yield f"restored but for {proof.lacking}"
    # Of a dump that has lost what makes a table nothing else is seen.
    if strange := sorted(".".join(each) for each in lacks.unfilled - lacks.tables):
        more = f" and {len(strange) - _NAMED:,} more" if len(strange) > _NAMED else ""
        yield (
            "not proven are rows of tables that the dump does not make, as an extension does which"
            f" the server lacks: {', '.join(strange[:_NAMED])}{more}"
        )
    if not manifest.contents:
        yield "its rows are counted and not compared, for the backup has no list of its contents"
