"""How a trial's own server is filled: by no superuser, and with what it has."""

from collections.abc import Iterable

from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.engines.postgresql.inspecting.recorded import Recorded
from snapper.engines.postgresql.loading.task import Loading
from snapper.engines.postgresql.reading.portable import Portable
from snapper.engines.postgresql.trying.collations import Collations
from snapper.engines.postgresql.trying.confined import restore_confined
from snapper.engines.postgresql.trying.plain_xml import TAKEN, has_xml, take_xml
from snapper.values.redaction import Redactor


def fill(
    dump: Iterable[bytes],
    database: Connection,
    backup: Recorded,
    portable: Portable,
    loading: Loading,
    redact: Redactor,
) -> None:
    """Fill it from a dump that may be anybody's, with what this server has of collations, and XML.

    Where another server may have XML, none does without.
    """
    leaves_out = loading.alone is not None and loading.alone.lacks.leaves_out
    unread = leaves_out and take_xml(database, redact)
    collations = Collations(database, redact)
    with collations.blamed():
        restore_confined(
            dump, database, backup, portable, loading, redact, forged=True, also=(collations,)
        )
    for each in collations.told():
        loading.tell(loading.notes, each)
    if unread and has_xml(database, redact):
        loading.tell(loading.notes, TAKEN)
