"""What a newer major does not take of an older one's definitions: by SQLSTATE and by name.

Nothing of rows is among it, nor what is no SQL of any major.
"""

import psycopg2

from snapper.engines.postgresql.connecting.server_words import is_raised, sqlstate
from snapper.engines.postgresql.loading.leniency import OWNER

_NO_COLUMN, _NO_OBJECT = "42703", "42704"
_MISSING = frozenset({_NO_COLUMN, _NO_OBJECT, "42883", "42P01"})
_OF_ROLES = (b"CREATE POLICY ", b"CREATE USER MAPPING ")
_OTHERS_FAULT = frozenset(
    {"42601", "42602"}  # what no pg_dump writes
    | {"42P06", "42P07", "42701", "42710", "42712", "42723"}  # it is there already
    | {"3F000"}
)
_OF_THE_SYSTEM = frozenset({"", "pg_catalog", "information_schema"})


def is_outgrown(body: bytes, error: psycopg2.Error, missed: str) -> bool:
    """Tell whether it may be for the newer major that a definition is refused.

    The name that is `missed` is one of the system's then: those of the dump have a schema.
    """
    code = sqlstate(error)
    if is_raised(error) or not body.startswith((b"CREATE ", b"ALTER ")):
        return False
    if body.startswith(b"CREATE EXTENSION ") or code in _OTHERS_FAULT:
        return False
    if code == _NO_OBJECT and (body.startswith(_OF_ROLES) or OWNER.fullmatch(body)):
        return False
    if code in _MISSING:
        return code == _NO_COLUMN or missed.rpartition(".")[0] in _OF_THE_SYSTEM
    return code.startswith("42") or code == "0A000"
