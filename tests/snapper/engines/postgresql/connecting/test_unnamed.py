"""What a refusal is does not hang on how somebody has named a database, a user or a host."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snapper.engines.postgresql.connecting.known_refusals import KNOWN
from snapper.engines.postgresql.connecting.refusals import refusal, refuses_options
from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.errors import DatabaseUnreachable, SnapperError

SIGNS = (
    *(sign for each in KNOWN for sign in each.any_of),
    *("refused", "unreachable", "timed out", "no route to host", "startup parameter", "rds proxy"),
    "\nCONTEXT:  PL/pgSQL function",
)
PIECES = st.sampled_from((*SIGNS, *"\"'»«„“” |()", "a", "Ä", "_"))
NAMES = st.lists(PIECES, min_size=1, max_size=5).map("".join).filter(str.strip)
QUOTES = ('"{}"', "»{}«", "„{}“", "« {} »", "«{}»", "“{}”", "「{}」", "'{}'")
SEVERITIES = ("FATAL", "ERROR", "FEHLER", "SCHWERWIEGEND", "ВАЖНО", "致命错误", "panic")
AT = 'connection to server at "{host}" (10.0.0.7), port 5432 failed: '
SAID = (
    "database {d} does not exist",
    "Datenbank {d} existiert nicht",
    "no existe la base de datos {d}",
    "role {u} does not exist",
    "role {u} is not permitted to log in",
    "password authentication failed for user {u}",
    "password authentication failed for user {u}\nDETAIL:  Connection matched file {d} line 1",
    "too many connections for database {d}",
    "permission denied for database {d}\nDETAIL:  User does not have CONNECT privilege.",
    "no pg_hba.conf entry for host {h}, user {u}, database {d}, no encryption",
    "the database system is starting up",
)


def judged(message: str, **names: str) -> tuple[type[SnapperError], str, bool, bool]:
    connection = Connection({"dbname": names["d"], "user": names["u"], "host": names["h"]})
    error = refusal(connection, message)
    passing = isinstance(error, DatabaseUnreachable) and error.passing
    return type(error), error.hint, passing, refuses_options(connection, message)


@given(
    said=st.sampled_from(SAID),
    severity=st.sampled_from(SEVERITIES),
    quotes=st.sampled_from(QUOTES),
    names=st.fixed_dictionaries({"d": NAMES, "u": NAMES, "h": NAMES}),
)
def test_the_same_refusal_means_the_same_whatever_the_names_are(
    said: str, severity: str, quotes: str, names: dict[str, str]
) -> None:
    def told(names: dict[str, str]) -> str:
        quoted = {key: quotes.format(name) for key, name in names.items()}
        return f"{AT.format(host=names['h'])}{severity}:  {said.format(**quoted)}\n"

    plain = {"d": "orders", "u": "app", "h": "db.example"}
    assert judged(told(names), **names) == judged(told(plain), **plain)


@pytest.mark.parametrize(
    "said", ["no such database: {}", "no such user: {}", "no route for role {}"]
)
@pytest.mark.parametrize("sign", SIGNS)
def test_so_it_is_where_a_pooler_puts_them_into_no_quotes(said: str, sign: str) -> None:
    names, plain = dict.fromkeys("duh", sign), dict.fromkeys("duh", "orders")
    told = f"{AT}FATAL: {said}\n"
    assert judged(told.format(sign, host=sign), **names) == judged(
        told.format("orders", host="orders"), **plain
    )


def test_a_name_that_the_server_cuts_off_is_known_too() -> None:
    name = "refused" * 20
    told = f"{AT.format(host='h')}FATAL:  database {name[:63]}\n"
    assert judged(told, d=name, u="u", h="h")[0] is DatabaseUnreachable
