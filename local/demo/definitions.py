"""What a database is made of, as its own pg_dump writes it: one text per object."""

import re
import subprocess

from snapper.engines.postgresql.client_tools import ClientTools
from snapper.engines.postgresql.connection import Connection
from snapper.engines.postgresql.pg_dump import pg_dump_command
from snapper.engines.postgresql.portable import Portable
from snapper.engines.postgresql.statements import rewritten
from snapper.errors import DumpFailed
from snapper.values.redaction import Redactor

_ENTRY = re.compile(
    r"^--\n-- Name: (?P<name>.*); Type: (?P<type>[A-Z ]+); Schema: (?P<schema>.*); "
    r"Owner: (?P<owner>.*)\n--\n",
    re.MULTILINE,
)
_END = re.compile(r"^--\n-- PostgreSQL database dump complete\n--\n", re.MULTILINE)


def definitions(
    connection: str, tools: ClientTools, major: int, encoding: str = "UTF8"
) -> dict[str, str]:
    """Give every definition by kind and name, with its owner; raise DumpFailed if it cannot.

    Of a database without an encoding only it itself, SQL_ASCII, can be the `encoding`.

    The order of grants has no meaning, and the version lines and the token that newer releases
    write around a dump are not part of any definition.
    """
    parsed = Connection.parse(connection)
    done = subprocess.run(
        [
            *pg_dump_command(tools, major, parsed, encoding),
            "--schema-only",
            "--no-tablespaces",
        ],
        env={**tools.environment(), **parsed.environment()},
        capture_output=True,
        check=False,
    )
    if done.returncode:
        reason = Redactor(connection)(done.stderr.decode(errors="replace"))
        raise DumpFailed(f"the definitions cannot be read: {' '.join(reason.split())}")
    portable = b"".join(rewritten([done.stdout], Portable()))
    return read(portable.decode(errors="surrogateescape"))


def read(dump: str) -> dict[str, str]:
    """Cut a schema-only dump into its entries; equal names, as of overloads, are numbered."""
    end = _END.search(dump)
    text = dump[: end.start() if end else len(dump)]
    entries = list(_ENTRY.finditer(text))
    found: dict[str, list[str]] = {}
    ends = [entry.start() for entry in entries[1:]] + [len(text)]
    for entry, stop in zip(entries, ends, strict=False):
        body = text[entry.end() : stop]
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
