"""What a database is made of, as its own pg_dump writes it: one text per object."""

import re
import subprocess
from dataclasses import dataclass

from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.engines.postgresql.conninfo.redaction import redactor
from snapper.engines.postgresql.dumping.client_tools import ClientTools
from snapper.engines.postgresql.dumping.pg_dump import pg_dump_command
from snapper.engines.postgresql.reading.portable import Portable
from snapper.engines.postgresql.reading.statements import joined, rewritten
from snapper.errors import DumpFailed

# The text of a constant must not depend on the settings of its server, database or role.
_SETTINGS = (
    "-c TimeZone=UTC -c bytea_output=hex -c lc_monetary=C -c xmloption=content"
    " -c quote_all_identifiers=off"
)

_ENTRY = re.compile(
    r"^--\n-- Name: (?P<name>.*); Type: (?P<type>[A-Z ]+); Schema: (?P<schema>.*); "
    r"Owner: (?P<owner>.*)\n--\n",
    re.MULTILINE,
)
_END = re.compile(r"^--\n-- PostgreSQL database dump complete\n--\n", re.MULTILINE)

# Written between two entries where it changes: it is of those behind it. Tables have no other way.
_ACCESS_METHOD = re.compile(r"^SET default_table_access_method = (?P<name>.*);\n", re.MULTILINE)
_USUAL = '"heap"'


@dataclass(frozen=True)
class SchemaDump:
    """How the definitions of both databases are written down: by one pg_dump, in one encoding.

    Of a database without an encoding only it itself, SQL_ASCII, can be the `encoding`.
    """

    tools: ClientTools
    major: int
    encoding: str = "UTF8"

    def __call__(self, connection: str) -> bytes:
        """Give the SQL that makes an empty database of the same definitions.

        Raises DumpFailed if it cannot be read.
        """
        parsed = Connection.parse(connection)
        options = f"{parsed.parameters.get('options', '')} {_SETTINGS}".strip()
        done = subprocess.run(
            [
                *pg_dump_command(
                    self.tools, self.major, parsed.replace(options=options), self.encoding
                ),
                "--schema-only",
                "--no-tablespaces",
            ],
            env={**self.tools.environment(), **parsed.environment()},
            capture_output=True,
            check=False,
        )
        if done.returncode:
            reason = redactor(connection)(done.stderr.decode(errors="replace"))
            raise DumpFailed(f"the definitions cannot be read: {' '.join(reason.split())}")
        return joined(rewritten([done.stdout], Portable()))


def read(dump: bytes) -> dict[str, str]:
    """Cut a schema-only dump into its entries; equal names, as of overloads, are numbered.

    The order of grants has no meaning, and the version lines and the token that newer releases
    write around a dump are not part of any definition.
    """
    text = dump.decode(errors="surrogateescape")
    end = _END.search(text)
    text = text[: end.start() if end else len(text)]
    entries = list(_ENTRY.finditer(text))
    found: dict[str, list[str]] = {}
    access_method = _USUAL
    ends = [entry.start() for entry in entries[1:]] + [len(text)]
    for entry, stop in zip(entries, ends, strict=False):
        body = text[entry.end() : stop]
        lines = _ACCESS_METHOD.sub("", body).strip().splitlines()
        if access_method != _USUAL and entry["type"] in ("TABLE", "MATERIALIZED VIEW"):
            lines.append(f"USING {access_method}")
        for named in _ACCESS_METHOD.finditer(body):
            access_method = named["name"]
        if entry["type"].endswith("ACL"):
            lines.sort()
        schema = "" if entry["schema"] == "-" else f"{entry['schema']}."
        name = f"{entry['type']} {schema}{entry['name']}"
        found.setdefault(name, []).append("\n".join([f"owner {entry['owner']}", *lines]))
    return {
        name if number == 0 else f"{name} #{number + 1}": body
        for name, bodies in found.items()
        for number, body in enumerate(sorted(bodies))
    }
