"""What of a server's refusal may be told: no value of any row, in whatever language it is told.

Nothing but the first sentence is told, never DETAIL, CONTEXT or HINT: the first two quote rows, and
an extension's hint may name a database that is gone tomorrow. Even the sentence may quote a row
where rows are read, or where a function has its say: what could not be converted, a name that a
function has made of it, or whatever a function raises. There it is told only if all of its words
are known to be others' than a row's: PostgreSQL's own, or the schema's.
"""

import re
from collections.abc import Callable

import psycopg2

Ask = Callable[..., list[tuple[object, ...]]]
"""Runs a query with its values on the server that has refused something."""

LONGEST = 500
"""Letters of a sentence that are told."""

_LANGUAGES = re.compile(r"pl_exec\.c|pl(?:perl|py_|tcl|v8)|.*\.(?:cc|cpp|rs)$")
"""Files of procedural languages, where what their code raises comes from."""
_RAISED = "P0001"

_OF_VALUES = "22"
"""The class whose sentences are about values."""
_OF_THE_SERVER = ("25", "40", "53", "54", "57")
"""Classes whose sentences are about the session and the server's means."""
_QUOTES = ': "'
"""Before what was too long for the server, such as the words of a text search."""

# Of the sentences that PostgreSQL writes about things of the schema; no name stands in quotes here.
_USUAL = frozenset(
    """
    a access add affected aggregate all allowed already an and are as at attach based be been
    being by cannot cast changed check class clause collation column columns concurrently
    conflicting connect connection constraint contain contains could create created data default
    deferrable denied depend depends detach dictionary does domain drop duplicate each empty
    encoding entry establish exceeds exclusion exist exists expression extension failed family
    field for foreign found from function functions generated generation given has have identity
    immutable implemented in incompatible index inherit inheritance inherited insert into
    invalid is key keys language large level like mapping marked match matching materialized
    maximum method missing more multiple must name new no not null number of on only operator
    option options or order owner parent parser partition partitioned partitions permanent
    permission policy populated primary procedure query read referenced references referencing
    relation replica require required returning returns role row rows rule same schema search
    security self sequence server session set size some statistics storage stored superuser
    support supported system table tables tablespace template temporary text than the there to
    too transaction trigger type types unique unlogged unsupported update use used user using
    valid validated value values version view violated violates virtual was when which while
    with would wrapper
    bigint bit boolean character date double integer interval numeric precision real smallint
    time timestamp varying without zone
    """.split()  # noqa: SIM905  a list of so many words has a line for each
)

# A name in quotes, a word, an operator.
_PIECE = re.compile(r'"[^"]+"|[\w$.]+|[^\s\w$."(),:;\'\[\]]+')
_MANY = 40
"""Pieces of a sentence that are looked up: none of PostgreSQL's own has more."""
_LOOKED_AT = 1 << 20
"""Bytes of a statement whose words are kept: all of them take thirty times its length."""

_KNOWN = r"""
    SELECT w FROM pg_catalog.unnest(%s::pg_catalog.text[]) AS w
    WHERE EXISTS (SELECT FROM pg_catalog.pg_class WHERE relname = w)
    OR EXISTS (SELECT FROM pg_catalog.pg_attribute WHERE attname = w)
    OR EXISTS (SELECT FROM pg_catalog.pg_constraint WHERE conname = w)
    OR EXISTS (SELECT FROM pg_catalog.pg_type WHERE typname = w)
    OR EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = w)
    OR EXISTS (SELECT FROM pg_catalog.pg_operator WHERE oprname = w)
    OR EXISTS (SELECT FROM pg_catalog.pg_foreign_server WHERE srvname = w)
    OR EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = w)
    OR EXISTS (SELECT FROM pg_catalog.pg_proc WHERE proname = w OR prosrc ~ pg_catalog.concat(
        '(^|\W)', pg_catalog.regexp_replace(w, '(\W)', '\\\1', 'g'), '($|\W)'))
"""
_WRITTEN = """
    SELECT EXISTS (SELECT FROM pg_catalog.pg_proc WHERE pg_catalog.strpos(prosrc, %s) > 0)
"""

_CAPITALS = re.compile(r"(?<=[a-z])(?=[A-Z])")


def sqlstate(error: psycopg2.Error) -> str:
    """Give the server's code; empty where it reported nothing.

    A code that a function has made up may be of a row too.
    """
    code = error.pgcode or ""
    if is_raised(error):
        try:
            psycopg2.errors.lookup(code)
        except KeyError:
            return _RAISED
    return code


def is_raised(error: psycopg2.Error) -> bool:
    """Tell whether a function's own code raised it, by any code and with any words it likes."""
    return _LANGUAGES.match(error.diag.source_file or "") is not None


def condition(error: psycopg2.Error) -> str:
    """Give the name of the error's condition, as PostgreSQL's manual lists them.

    >>> condition(psycopg2.errors.InvalidTextRepresentation())
    'invalid text representation'
    """
    return _CAPITALS.sub(" ", type(error).__name__).lower()


def sentence(error: psycopg2.Error) -> str:
    """Give the server's first sentence as it is."""
    return " ".join((error.diag.message_primary or str(error)).split())


def words_of(
    error: psycopg2.Error,
    ask: Ask | None = None,
    statement: bytes = b"",
    *,
    of_rows: bool | None = None,
) -> str:
    """Give the server's sentence where it can hold no value of a row, else what is left of it.

    The words of the `statement` are the schema's, and so are those that the server knows whom we
    `ask`. It is `of_rows` where the statement reads or writes any; where that is not said, it may
    be if a function has its say.
    """
    said, code = sentence(error), error.pgcode or ""
    has_function = bool(error.diag.context or error.diag.internal_query)
    if is_raised(error):
        return said[:LONGEST] if _is_written(said, ask) else condition(error)
    if (
        not code
        or (code.startswith(_OF_THE_SERVER) and _QUOTES not in said)
        or not (has_function if of_rows is None else of_rows)
    ):
        return said[:LONGEST]
    named = error.diag.column_name or ""
    pieces = [] if code.startswith(_OF_VALUES) else _PIECE.findall(said[:LONGEST])
    if len(pieces) > _MANY:
        return condition(error)
    known = _known([*pieces, named], statement, ask)
    if pieces and all(piece in known or _is_usual(piece) for piece in pieces):
        return said[:LONGEST]
    names = ", ".join(dict.fromkeys(p for p in pieces if p in known and not _is_usual(p)))
    where = f" in column {named}" if named and named in known else ""
    return f"{condition(error)}{where}{f': {names}' if names else ''}"


def _is_written(said: str, ask: Ask | None) -> bool:
    """Tell whether a function's code holds these very words as one text, with nothing put in."""
    text = "'" + said.replace("'", "''") + "'"
    return _asked(ask, _WRITTEN, text) == [(True,)]


def _known(pieces: list[str], statement: bytes, ask: Ask | None) -> set[str]:
    """Give those of the pieces that are names of the schema, or stand in its definitions."""
    stated = set(_PIECE.findall(statement[:_LOOKED_AT].decode(errors="replace")))
    stated |= {word for piece in stated for word in _words(piece)}
    asked = {word for piece in pieces for word in (piece.strip('"'), *_words(piece))}
    unsure = sorted(word for word in asked - stated - {""} if not _is_usual(word))
    rows = _asked(ask, _KNOWN, unsure) if unsure else []
    words = (stated | {str(word) for (word,) in rows}) - {""}
    return {
        piece
        for piece in pieces
        if piece.strip('"') in words or all(word in words for word in _words(piece))
    }


def _words(piece: str) -> list[str]:
    """Give what a path such as "public.people" is made of."""
    return piece.strip('"').split(".")


def _is_usual(piece: str) -> bool:
    return piece.strip(".").lower() in _USUAL or piece == "-"


def _asked(ask: Ask | None, query: str, value: object) -> list[tuple[object, ...]]:
    try:
        return ask(query, value) if ask else []
    except (psycopg2.Error, UnicodeError):
        # A session that is at its end, or a sentence that is not in its encoding.
        return []
