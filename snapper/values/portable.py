"""Takes out of a dump what its target cannot understand, and changes nothing else.

Two things are tied to the server that was dumped:

- the number `pg_attver` among a column's options, kept by servers since their releases of November
  2026. A pg_dump of the same release leaves it out; an older one of the same major, which does not
  know it, writes it down, and servers before that release refuse it (measured with server 15.20 and
  pg_dump 15.19);
- the names of tablespaces, which are folders of the server. Where the target has none of that name,
  things go to its default.
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

    def __call__(self, statements: bytes) -> bytes:
        """Give the statements as the target understands them."""
        return _TABLESPACE.sub(self._place, _OPTIONS.sub(_without_version, statements))

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
