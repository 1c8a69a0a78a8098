r"""Parts a dump into what a plain role restores, and what only a superuser may do to the result.

What a superuser does must evaluate nothing that the dump brought along: no default, no CHECK, no
function. So these are few forms, each known as a whole; pg_dump writes each as one statement, and
what is none of them stays where it was. They are done at the end, when all of the dump is there.
"""

import re

from snapper.engines.postgresql.loading.kept import Kept
from snapper.engines.postgresql.reading.statements import parted

# What repeats a sign takes back none: the time for a statement is that of its length. Groups may
# take back: before Python 3.11.5 those that may not do miss what they should find.
_NAME = rb'(?:"(?:[^"]++|"")+"|[A-Za-z_\x80-\xff][\w\x80-\xff]*)'
_PATH = rb"%(name)b(?:\.%(name)b)*" % {b"name": _NAME}
# Of a function: neither a text nor another statement can be in there.
_ARGUMENTS = rb'\((?:[^;\'"$\\()]++|"[^"]*+")*\)'
_RIGHT = rb"[A-Z]+(?:\(%b(?:, *%b)*\))?" % (_NAME, _NAME)

# Names and signs, and no text: a text is evaluated as what it is cast to, such as a domain whose
# CHECK calls a function of the dump's, and that before the statement is found to be wrong.
_NO_TEXT = rb"(?:[^;'\"$\\]++|\"[^\"]*+\")*;\n"
_ONE_TEXT = rb"(?:NULL|'(?:[^']++|'')*');\n"

_LONGEST = 1 << 20
"""Bytes: none of these forms is so long, and to look at a longer statement takes memory."""

# One statement to its end. A quote with a letter before it would be read in another way.
_SINGLE = re.compile(
    rb"(?:[^;'\"$\\/-]++|-(?!-)|/(?!\*)"
    rb"|(?<![\w&\x80-\xff])\"[^\"]*+\"|(?<![\w&\x80-\xff])'[^']*+')*;\n"
)

# Neither whoever runs the statement, here the superuser, nor a role of the system's, which may have
# the right to files and programs: what runs as its owner would have it too.
_NOBODY_ELSE = (
    rb"(?!(?i:CURRENT_USER|SESSION_USER|CURRENT_ROLE|USER)\b|(?i:\"?pg_(?!database_owner\b)))"
)

_OWNER = rb"ALTER (?:%b) OWNER TO %b%b;\n" % (
    rb"|".join(
        [
            rb"LARGE OBJECT [0-9]+",
            rb"OPERATOR (?:CLASS|FAMILY) %b USING %b" % (_PATH, _NAME),
            rb"OPERATOR (?:%b\.)?[^\s\w;'\"$\\(]+ %b" % (_NAME, _ARGUMENTS),
            rb"(?:AGGREGATE|FUNCTION|PROCEDURE) %b%b" % (_PATH, _ARGUMENTS),
            rb"(?:COLLATION|CONVERSION|DOMAIN|FOREIGN TABLE|LANGUAGE|MATERIALIZED VIEW"
            rb"|PROCEDURAL LANGUAGE|PUBLICATION|SCHEMA|SEQUENCE|SERVER|STATISTICS|TABLE"
            rb"|TEXT SEARCH CONFIGURATION|TEXT SEARCH DICTIONARY|TYPE|VIEW) %b" % _PATH,
        ]
    ),
    _NOBODY_ELSE,
    _NAME,
)
_RIGHTS = rb"(?:GRANT|REVOKE)(?: GRANT OPTION FOR)? %b(?:, *%b)* ON (?!\s*(?i:PARAMETER)\b)%b" % (
    _RIGHT,
    _RIGHT,
    _NO_TEXT,
)
_PUBLISHED = rb"(?: WITH \([a-z_]+ = %(value)b(?:, [a-z_]+ = %(value)b)*\))?" % {
    b"value": rb"(?:'[a-z, ]*'|[a-z]+)"
}
_FORMS = re.compile(
    rb"|".join(
        [
            _OWNER,
            _RIGHTS,
            rb"ALTER DEFAULT PRIVILEGES FOR ROLE " + _NO_TEXT,
            # Around the rights that somebody else than the owner has given.
            rb"(?:SET SESSION AUTHORIZATION %b%b|RESET SESSION AUTHORIZATION);\n"
            % (_NOBODY_ELSE, _NAME),
            rb"COMMENT ON (?:EXTENSION|PUBLICATION) %b IS %b" % (_NAME, _ONE_TEXT),
            rb"CREATE PUBLICATION %b FOR ALL [A-Z, ]+%b;\n" % (_NAME, _PUBLISHED),
            rb"ALTER PUBLICATION %b ADD TABLES IN SCHEMA %b;\n" % (_NAME, _NAME),
        ]
    )
)
# Who forges a dump may want the system's own functions, such as lo_export, which open the server's
# files; or have an extension's function, or one of his own, run as somebody with rights. A trial
# needs none of it: it only counts rows. So whatever may be of that kind is left out.
_RISKY = re.compile(
    rb"(?:GRANT|REVOKE)\b.*\bON\s+(?:ALL|FUNCTION|LANGUAGE|PROCEDURE|ROUTINE)\b.*"
    rb"|ALTER\s+(?:AGGREGATE|FUNCTION|PROCEDURE)\b.*|.*\bpg_.*",
    re.DOTALL | re.IGNORECASE,
)
# From when they are there they act on every other statement.
_TRIGGERS = re.compile(
    rb"CREATE EVENT TRIGGER %(name)b ON %(name)b(?:\s+WHEN TAG IN \('[A-Z ]+'(?:, *'[A-Z ]+')*\))?"
    rb"\s+EXECUTE (?:FUNCTION|PROCEDURE) %(path)b\(\);\n"
    rb"|ALTER EVENT TRIGGER %(name)b (?:ENABLE(?: ALWAYS| REPLICA)?|DISABLE);\n"
    rb"|COMMENT ON EVENT TRIGGER %(name)b IS %(text)b"
    % {b"name": _NAME, b"path": _PATH, b"text": _ONE_TEXT}
)
# Only superusers can have these.
_LEFT_OUT = re.compile(
    rb"ALTER (?:EVENT TRIGGER|FOREIGN DATA WRAPPER) %b OWNER TO .*" % _NAME,
    re.DOTALL,
)


class Withheld:
    r"""Takes these statements out of a dump, and keeps them in the order in which they came.

    >>> kept = Withheld()
    >>> kept(b"ALTER TABLE public.t OWNER TO app;\n"), kept(b"CREATE TABLE public.t ();\n")
    (b'\n', b'CREATE TABLE public.t ();\n')
    >>> kept(b"ALTER TABLE public.t ALTER a TYPE int USING public.f(a), OWNER TO app;\n")
    b'ALTER TABLE public.t ALTER a TYPE int USING public.f(a), OWNER TO app;\n'
    >>> kept.statements
    [b'ALTER TABLE public.t OWNER TO app;\n']
    """

    def __init__(self, *, forged: bool = False) -> None:
        """Take out; and of a `forged` dump drop what gives somebody the rights of others."""
        self._forged, self._kept = forged, Kept()
        self.statements: list[bytes] = []
        self.triggers: list[bytes] = []

    def __call__(self, statement: bytes) -> bytes:
        """Give the statement, or as many empty lines."""
        lead, body = parted(statement)
        if len(body) > _LONGEST:
            return statement
        if _LEFT_OUT.fullmatch(body):
            pass
        elif _SINGLE.fullmatch(body) and _FORMS.fullmatch(body):
            if not (self._forged and _RISKY.fullmatch(body)):
                self._keep(self.statements, body)
        elif _SINGLE.fullmatch(body) and _TRIGGERS.fullmatch(body):
            self._keep(self.triggers, body)
        else:
            return statement
        return lead + b"\n" * body.count(b"\n")

    def _keep(self, statements: list[bytes], body: bytes) -> None:
        self._kept.add(body)
        statements.append(body)
