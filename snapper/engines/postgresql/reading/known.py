r"""The statements that pg_dump writes, by their first words; of some of them, all there is.

None of them begins or ends a transaction, or acts outside of it: no COMMIT in any spelling, no
ALTER SYSTEM, no COPY from or to a file or a program. Only the `BEGIN;` and `COMMIT;` around large
objects are there, in that spelling.

What an expression calls cannot be seen from here. A function may do what its role may.
"""

import re

_NAME = rb'(?:"(?:[^"]++|"")+"|[A-Za-z_\x80-\xff][\w$\x80-\xff]*+)'
_TEXT = rb"'(?:[^']++|'')*'"

# Those in which every byte of a quote or a backslash is one; no server is in any other.
_ENCODINGS = (
    rb"(?:EUC_[A-Z]+(?:_2004)?|ISO_8859_[5-8]|KOI8[RU]|LATIN(?:10|[1-9])|MULE_INTERNAL|SQL_ASCII"
    rb"|UTF8|WIN(?:125[0-8]|866|874))"
)
_SETTINGS = (
    rb"check_function_bodies|client_min_messages|default_table_access_method"
    rb"|default_toast_compression|default_with_oids|escape_string_warning"
    rb"|idle_in_transaction_session_timeout|lock_timeout|row_security|statement_timeout"
    rb"|transaction_timeout|xmloption"
)
_LARGE_OBJECT = (
    rb"lo_(?:create|unlink)\('[0-9]+'\)|lo_open\('[0-9]+', [0-9]+\)|lo_close\([0-9]\)"
    rb"|lowrite\([0-9], '\\{1,2}x[0-9a-f]*+'\)"
)

# Where they end their line: what follows them is read in another way.
_LINES = rb"BEGIN|COMMIT|COPY %b(?:\.%b)? {1,2}(?:\(%b(?:, %b)*\) )?FROM stdin" % ((_NAME,) * 4)

_WHOLE = re.compile(
    rb"(?:%b);\n|(?:%b);\n?"
    % (
        _LINES,
        rb"|".join(
            (
                rb"SET (?:%b) = (?:[\w.]+|'[\w.]*'|%b)" % (_SETTINGS, _NAME),
                rb"SET standard_conforming_strings = '?(?:on|off)'?",
                rb"SET client_encoding = '%b'" % _ENCODINGS,
                rb"SET default_tablespace = (?:''|%b)" % _NAME,
                rb"SET search_path = %b(?:, %b)*" % (_NAME, _NAME),
                rb"SET SESSION AUTHORIZATION (?:%b|%b)" % (_NAME, _TEXT),
                rb"RESET SESSION AUTHORIZATION",
                rb"SELECT pg_catalog\.set_config\('search_path', '', false\)",
                rb"SELECT pg_catalog\.setval\(%b, -?[0-9]+, (?:true|false)\)" % _TEXT,
                rb"SELECT pg_catalog\.(?:%b)" % _LARGE_OBJECT,
                rb"REFRESH MATERIALIZED VIEW %b(?:\.%b)?" % (_NAME, _NAME),
            )
        ),
    )
)

_MADE = (
    rb"ACCESS METHOD|AGGREGATE|CAST|COLLATION|CONSTRAINT TRIGGER|(?:DEFAULT )?CONVERSION|DOMAIN"
    rb"|EVENT TRIGGER|EXTENSION|FOREIGN (?:DATA WRAPPER|TABLE)|FUNCTION"
    rb"|(?:UNIQUE )?INDEX(?!\s+(?i:CONCURRENTLY)\b)"
    rb"|(?:OR REPLACE )?(?:TRUSTED )?(?:PROCEDURAL )?LANGUAGE"
    rb"|MATERIALIZED VIEW|OPERATOR(?: CLASS| FAMILY)?|POLICY|PROCEDURE|PUBLICATION"
    rb"|(?:OR REPLACE )?RULE|SCHEMA|(?:UNLOGGED )?SEQUENCE|SERVER|STATISTICS|(?:UNLOGGED )?TABLE"
    rb"|TEXT SEARCH (?:CONFIGURATION|DICTIONARY|PARSER|TEMPLATE)|TRANSFORM|TRIGGER|TYPE"
    rb"|USER MAPPING|(?:OR REPLACE )?(?:RECURSIVE )?VIEW"
)
_ALTERED = (
    rb"AGGREGATE|COLLATION|CONVERSION|DEFAULT PRIVILEGES|DOMAIN|EVENT TRIGGER|EXTENSION"
    rb"|FOREIGN (?:DATA WRAPPER|TABLE)|FUNCTION|INDEX|(?:PROCEDURAL )?LANGUAGE|LARGE OBJECT"
    rb"|MATERIALIZED VIEW|OPERATOR(?: CLASS| FAMILY)?|POLICY|PROCEDURE|PUBLICATION|ROUTINE|RULE"
    rb"|SCHEMA|SEQUENCE|SERVER|STATISTICS|TABLE|TEXT SEARCH (?:CONFIGURATION|DICTIONARY"
    rb"|PARSER|TEMPLATE)|TRIGGER|TYPE|VIEW"
)
_BEGINS = re.compile(
    rb"(?:CREATE (?:%b)|ALTER (?:%b)|COMMENT ON|GRANT|REVOKE|SECURITY LABEL|INSERT INTO"
    # A subscription that connects would make something on another server.
    rb"|CREATE SUBSCRIPTION %b CONNECTION %b PUBLICATION [^';]+ WITH \(connect = false"
    rb"|ALTER SUBSCRIPTION %b OWNER TO"
    rb"|SELECT \* FROM pg_catalog\.pg_restore_(?:relation|attribute)_stats\()[ \n(,;]"
    % (_MADE, _ALTERED, _NAME, _TEXT, _NAME)
)
_DETACHES = re.compile(
    rb"ALTER TABLE [^'();]{1,1000}\bDETACH\s+PARTITION\b[^'();]{1,500}\bCONCURRENTLY\b",
    re.IGNORECASE,
)
_LONGEST_WHOLE = 1 << 20

_CALLS = re.compile(rb"SELECT (?:\* FROM )?pg_catalog\.(?P<function>[a-z_]+)\(")
_WORDS = re.compile(rb"[A-Z]+(?: [A-Z]+)*(?=[ ;\n(,])")


def is_known(statement: bytes) -> bool:
    r"""Tell whether pg_dump writes it; of a long one its beginning is enough.

    >>> is_known(b"COMMIT;\n"), is_known(b"COMMIT ;\n"), is_known(b"ALTER TABLE t ADD b int;\n")
    (True, False, True)
    >>> is_known(b"CREATE UNLOGGED SEQUENCE s\n    START WITH 1;\n")
    True
    """
    if len(statement) <= _LONGEST_WHOLE and _WHOLE.fullmatch(statement):
        return True
    return bool(_BEGINS.match(statement)) and not _DETACHES.match(statement)


def kind_of(statement: bytes) -> str:
    r"""Give what a statement does, of one that is known: its first words, or what it calls.

    >>> kind_of(b'CREATE UNIQUE INDEX "i" ON "t"'), kind_of(b"ALTER TABLE ONLY t ADD b int;\n")
    ('CREATE UNIQUE INDEX', 'ALTER TABLE')
    >>> kind_of(b"SELECT pg_catalog.setval('s', 1, true);\n"), kind_of(b"SET a = 'B';\n")
    ('SELECT setval', 'SET')
    """
    if called := _CALLS.match(statement):
        return f"SELECT {called['function'].decode()}"
    found = _BEGINS.match(statement)
    words = _WORDS.match(found[0] if found else statement)
    return words[0].decode() if words else ""
