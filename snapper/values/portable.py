r"""Takes out of a dump what its target cannot understand, and changes nothing else.

Three things are tied to the server that was dumped, or to the psql that its pg_dump had in mind:

- the number `pg_attver` among a column's options, kept by servers since their releases of November
  2026. A pg_dump of the same release leaves it out; an older one of the same major, which does not
  know it, writes it down, and servers before that release refuse it (measured with server 15.20 and
  pg_dump 15.19);
- the names of tablespaces, which are folders of the server. Where the target has none of that name,
  things go to its default;
- the `\restrict` and `\unrestrict` around the whole, since psql is restricted already.
"""

import re
from collections.abc import Collection

# A quoted name may hold anything, also the end of a line.
_NAME = rb'(?:[^"\n;]|"(?:[^"]|"")*")+'
_OPTIONS = re.compile(
    rb"^(?P<head>ALTER (?:FOREIGN )?TABLE " + _NAME + rb" SET \()"
    rb"(?P<options>[^\n()]*\bpg_attver=[^\n()]*)\);\n?",
    re.MULTILINE,
)
_TABLESPACE = re.compile(rb"^SET default_tablespace = (?P<name>" + _NAME + rb");", re.MULTILINE)
_DEFAULT = b"''"
_HEAD = re.compile(rb"(--\n-- PostgreSQL database dump\n--\n\n)\\restrict ([A-Za-z0-9]+)(?=\n)")


class Portable:
    """Rewrites whole lines of statements for a target that has these tablespaces.

    >>> fit = Portable(["fast"])
    >>> fit(b"ALTER TABLE ONLY t ALTER COLUMN a SET (n_distinct=5, pg_attver=1);")
    b'ALTER TABLE ONLY t ALTER COLUMN a SET (n_distinct=5);'
    >>> fit(b"SET default_tablespace = fast;"), fit(b'SET default_tablespace = "Slow";')
    (b'SET default_tablespace = fast;', b"SET default_tablespace = '';")
    >>> fit.replaced
    {'Slow'}
    """

    def __init__(self, tablespaces: Collection[str] = ()) -> None:
        self._tablespaces = frozenset(tablespaces)
        self.replaced: set[str] = set()
        self._restriction: bytes | None = None

    def __call__(self, statements: bytes) -> bytes:
        """Give the statements as the target understands them."""
        statements = self._without_restriction(statements)
        return _TABLESPACE.sub(self._place, _OPTIONS.sub(_without_version, statements))

    def _without_restriction(self, statements: bytes) -> bytes:
        """Empty the two lines; the word in them, made up for this dump, stands nowhere else."""
        if self._restriction is None:
            self._restriction = b""
            if head := _HEAD.match(statements):
                self._restriction = b"\n\\unrestrict " + head[2] + b"\n"
                statements = head[1] + statements[head.end() :]
        if self._restriction:
            statements = statements.replace(self._restriction, b"\n\n")
        return statements

    def _place(self, found: re.Match[bytes]) -> bytes:
        name = _plain(found["name"])
        if found["name"] == _DEFAULT or name in self._tablespaces:
            return found[0]
        self.replaced.add(name)
        return found[0].replace(found["name"], _DEFAULT)


def _plain(name: bytes) -> str:
    """Read a name as SQL writes it."""
    text = name.decode(errors="replace")
    return text[1:-1].replace('""', '"') if text.startswith('"') else text


def _without_version(found: re.Match[bytes]) -> bytes:
    options = [option.strip() for option in found["options"].split(b",")]
    left = [option for option in options if not option.startswith(b"pg_attver=")]
    if not left:
        return b""
    ending = b");\n" if found[0].endswith(b"\n") else b");"
    return found["head"] + b", ".join(left) + ending
