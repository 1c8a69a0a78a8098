"""What a database is made of, as its own pg_dump writes it: one text per object."""

import os
import re
import subprocess
from pathlib import Path

from snapper.errors import SnapperError
from snapper.values.connection import Connection
from snapper.values.redaction import Redactor

_ENTRY = re.compile(
    r"^--\n-- Name: (?P<name>.*); Type: (?P<type>[A-Z ]+); Schema: (?P<schema>.*); "
    r"Owner: (?P<owner>.*)\n--\n",
    re.MULTILINE,
)
_END = re.compile(r"^--\n-- PostgreSQL database dump complete\n--\n", re.MULTILINE)


def definitions(connection: str, pg_dump: Path) -> dict[str, str]:
    """Give every definition by kind and name, with its owner; raise SnapperError if it cannot.

    The order of grants has no meaning, and the version lines and the token that newer releases
    write around a dump are not part of any definition.
    """
    return read(_schema(connection, pg_dump))


def read(dump: str) -> dict[str, str]:
    """Cut a schema-only dump into its entries; equal names, as of overloads, are numbered."""
    end = _END.search(dump)
    text = dump[: end.start() if end else len(dump)]
    entries = list(_ENTRY.finditer(text))
    found: dict[str, list[str]] = {}
    for entry, following in zip(entries, [*entries[1:], None], strict=True):
        body = text[entry.end() : following.start() if following else len(text)]
        lines = body.strip().splitlines()
        if entry["type"].endswith("ACL"):
            lines.sort()
        name = f"{entry['type']} {entry['schema']}.{entry['name']}"
        found.setdefault(name, []).append("\n".join([f"owner {entry['owner']}", *lines]))
    return {
        name if number == 0 else f"{name} #{number + 1}": body
        for name, bodies in found.items()
        for number, body in enumerate(sorted(bodies))
    }


def _schema(connection: str, pg_dump: Path) -> str:
    parsed = Connection.parse(connection)
    place = parsed.conninfo({"connect_timeout": 10}, application_name="snapper")
    done = subprocess.run(
        [pg_dump, "--schema-only", "--no-password", "--encoding=UTF8", f"--dbname={place}"],
        env={"PATH": os.defpath, "LD_LIBRARY_PATH": str(library(pg_dump)), **parsed.environment()},
        capture_output=True,
        check=False,
    )
    if done.returncode:
        reason = Redactor(connection)(done.stderr.decode(errors="replace")).strip()
        raise SnapperError(f"the definitions cannot be read: {reason}")
    return done.stdout.decode(errors="surrogateescape")


def library(tool: Path) -> Path:
    """Give the directory of the libraries that belong to a client tool."""
    return tool.parents[1] / "lib"
