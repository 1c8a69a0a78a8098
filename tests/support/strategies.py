"""What hypothesis may think of: connections as people write them, vaults as they may lie."""

import string
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from hypothesis import strategies as st

from snapper.values.keys import Kind
from snapper.values.pin import FOREVER
from snapper.values.retention import Entry
from snapper.values.rules import Rules, Span

# The rows' own separators, all that has a meaning in a URI or in libpq's quoting, other scripts.
RICH = string.ascii_letters + string.digits + ",|%&@:/?#[]= '\"\\+;{}$`~<>()!*^_-.äß€漢🐘"

keys = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,12}", fullmatch=True)
words = st.text(string.ascii_lowercase + string.digits + "_-", min_size=1, max_size=12)
passwords = st.text(RICH, min_size=1, max_size=24).filter(lambda text: text.strip() == text)
counts = st.integers(1, 999_999)

# What a URI's password may hold as it is; the first "@" would end it, a "/" would deny it.
_RAW = frozenset(RICH) - frozenset("@/%")


@dataclass(frozen=True)
class Written:
    """A connection as somebody wrote it, and the password that was meant."""

    text: str
    password: str
    database: str


@st.composite
def uris(draw: st.DrawFn) -> Written:
    """A URI whose password is partly raw and partly percent-encoded, as people leave it."""
    password, database = draw(passwords), draw(st.text(RICH, min_size=1, max_size=12))
    spelled = "".join(
        letter if letter in _RAW and draw(st.booleans()) else quote(letter, safe="")
        for letter in password
    )
    scheme = draw(st.sampled_from(["postgres", "postgresql"]))
    host = draw(
        st.sampled_from(["db.example", "10.0.0.1", "[::1]", "[fe80::2]", "%2Fvar%2Frun", "a:1,b"])
        | words
    )
    port = "" if host.startswith("a:") else draw(st.sampled_from(["", ":5432", ":"]))
    query = draw(
        st.sampled_from(["", "?sslmode=require", "?sslmode=require&channel_binding=require"])
    )
    text = f"{scheme}://{draw(words)}:{spelled}@{host}{port}/{quote(database, safe='')}{query}"
    return Written(text, password, database)


@st.composite
def keyword_values(draw: st.DrawFn) -> Written:
    """The keyword/value form, quoted as libpq's documentation says."""
    password, database = draw(passwords), draw(passwords)
    parameters = {"host": draw(words), "password": password, "dbname": database}
    text = draw(st.sampled_from([" ", "  ", " \t"])).join(
        f"{name}{draw(st.sampled_from(['=', ' = ']))}{_quoted(value)}"
        for name, value in draw(st.permutations(list(parameters.items())))
    )
    return Written(text, password, database)


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


connections = uris() | keyword_values()

_MIDNIGHT = datetime(2026, 1, 1, tzinfo=UTC)

entries = st.lists(
    st.builds(
        lambda hour, kinds, damaged, late: Entry(
            _MIDNIGHT + timedelta(hours=hour),
            kinds,
            damaged,
            _MIDNIGHT + timedelta(hours=hour, minutes=late) if late else None,
        ),
        st.integers(0, 60),
        st.sampled_from(
            [frozenset(Kind), frozenset(Kind), frozenset({Kind.DUMP}), frozenset({Kind.MANIFEST})]
        ),
        st.booleans(),
        st.sampled_from([0, 0, 0, 30, 90, 100, 500]),
    ),
    max_size=25,
    unique_by=lambda entry: entry.taken_at,
)

_spans = st.builds(
    Span, st.integers(0, 2), st.integers(0, 14), st.integers(0, 40), st.integers(0, 50)
).filter(lambda span: span != Span())
_numbers = st.sampled_from([0, 0, 1, 2, 3, 5, 24])

rules = st.builds(
    Rules, _numbers, _numbers, _numbers, _numbers, _numbers, _numbers, st.none() | _spans
).filter(lambda found: found != Rules())
"""What a database may keep, in restic's words."""

over_years = st.lists(
    st.builds(
        lambda hours, minutes, kinds, damaged, late, pinned: Entry(
            _MIDNIGHT + timedelta(hours=hours, minutes=minutes),
            kinds,
            damaged,
            _MIDNIGHT + timedelta(hours=hours, minutes=minutes + late) if late else None,
            pinned=pinned,
        ),
        st.integers(-30_000, 60) | st.integers(-60, 60) | st.integers(-2000, 60),
        st.sampled_from([0, 0, 20]),
        st.sampled_from([frozenset(Kind)] * 5 + [frozenset({Kind.DUMP})]),
        st.sampled_from([False, False, False, True]),
        st.sampled_from([0, 0, 0, 30, 500]),
        st.sampled_from([None] * 6 + [FOREVER]),
    ),
    max_size=40,
    unique_by=lambda entry: entry.taken_at,
)
"""Backups of several years, close together here and there."""
