"""The same restore in commands that need no Snapper, for the day on which there is none."""

import secrets
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import PurePosixPath

from snapper.engines.postgresql.connecting.authorities import trusting
from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.engines.postgresql.inspecting.property_sql import RUN, create_database, statements
from snapper.engines.postgresql.inspecting.recorded import Recorded
from snapper.engines.postgresql.naming.names import MAINTENANCE, database_name, literal, quoted
from snapper.values.manifest import Manifest
from snapper.values.visible import shell_word as quote

# A setting of an application's own has a dot in its name. psql itself runs what it has selected.
_CUSTOM = (
    "SELECT format('ALTER %s SET %I TO %L', CASE s->>'role'"
    " WHEN '' THEN format('DATABASE %I', :'name')"
    " ELSE format('ROLE %I IN DATABASE %I', s->>'role', :'name') END, s->>'name', s->>'value')"
    " FROM json_array_elements(:'manifest'::json #> '{properties,settings}') AS s"
    " WHERE s->>'name' LIKE '%.%'"
    " AND lower(s->>'name') NOT IN (RUN) \\gexec"
).replace("RUN", ", ".join(map(literal, sorted(RUN))))

_PSQL = "psql -X -v ON_ERROR_STOP=1"

# psql puts its own variables in the place of what looks like one, as the bound of `a[1:"USER"]`.
# These are the ones that can be taken away; the rest are words and numbers that no column has for
# its name. The shell makes an option of each.
_OWN_VARIABLES = (
    r"--command='\unset '{DBNAME,ENCODING,HOST,PORT,SERVICE,USER,VERSION,VERSION_NAME,VERSION_NUM,"
    "SERVER_VERSION_NAME,SERVER_VERSION_NUM}"
)

# psql runs no command of the dump's own behind a word that the dump cannot know. It would refuse
# the dump's own restriction too, which is in its first lines and behind its last words.
_AS_PSQL_TAKES_IT = (
    r"-e '1,9{/^\\restrict [A-Za-z0-9]*$/d;}'"
    # What every database has, and up to 14 only a superuser may write; before any row.
    r""" -e '1,/^COPY /{/^COMMENT ON SCHEMA "public" IS .standard public schema.;$/d;}'"""
    r" -e '/^-- PostgreSQL database dump complete$/,${/^\\unrestrict [A-Za-z0-9]*$/d;}'"
)


def stock_commands(
    bucket: str,
    manifest: Manifest,
    target: Connection,
    missing_roles: Iterable[str] = (),
    *,
    creates_on: int | None = None,
    made_from: str = MAINTENANCE,
) -> tuple[str, ...]:
    """Give a script for a shell: fetch, check, make what is missing, restore in one transaction.

    Of a dump with large objects psql makes several: pg_dump writes a COMMIT behind each batch.

    `creates_on` is the major of the server on which the database must be made, `made_from` the
    database of that server in which it is. The lines hold no
    password: PostgreSQL's programs ask for it, or read PGPASSWORD or ~/.pgpass. Nor do they hold
    the values of an application's own settings: psql takes them out of the manifest.
    """
    file, target = PurePosixPath(manifest.dump_key).name, trusting(target)
    server = quote(target.replace(dbname=made_from).conninfo({}))
    before = [f"CREATE ROLE {quoted(role)}" for role in missing_roles]
    after: list[str] = []
    backup = Recorded.of(manifest)
    name, properties, custom = database_name(target), backup.properties, False
    if creates_on is not None:
        locale = properties.locale if properties else None
        before.append(create_database(name, backup.encoding, locale, creates_on))
        if properties:
            custom = any(setting.custom for setting in properties.settings)
            known = tuple(each for each in properties.settings if not each.custom)
            after += statements(replace(properties, settings=known), name).values()
    whole = (  # each only if the one before it succeeded
        f"aws s3 cp {quote(f's3://{bucket}/{manifest.dump_key}')} {quote(file)}",
        f"printf '%s  %s\\n' {quote(manifest.sha256)} {quote(file)} | sha256sum --check",
        *(f"{_PSQL} -d {server} -c {quote(statement)}" for statement in before),
        f"{_unpacking(manifest, file)} | LC_ALL=C sed {_AS_PSQL_TAKES_IT} |"
        f" {_PSQL} -q -1 -d {quote(target.conninfo({}))} {_OWN_VARIABLES}"
        f" -c {quote(chr(92) + 'restrict ' + secrets.token_hex(16))} -f -",
        *(f"{_PSQL} -d {server} -c {quote(statement)}" for statement in after),
        *(_custom_settings(bucket, manifest, name, server) if custom else ()),
    )
    return ("set -o pipefail", *(f"{line} &&" for line in whole[:-1]), whole[-1])


def _unpacking(manifest: Manifest, file: str) -> str:
    """Give what writes the plain dump; whoever has the key has it in a file, whatever its name."""
    if manifest.recipients:
        return f"age -d -i key.txt {quote(file)} | gunzip -c"
    return f"gunzip -c {quote(file)}"


def _custom_settings(bucket: str, manifest: Manifest, name: str, server: str) -> Iterator[str]:
    """Have psql write the statements itself, from the manifest."""
    file = PurePosixPath(manifest.key).name
    yield f"aws s3 cp {quote(f's3://{bucket}/{manifest.key}')} {quote(file)}"
    script = " ".join(map(quote, (f"\\set manifest `cat {file}`", _CUSTOM)))
    yield f"printf '%s\\n' {script} | {_PSQL} -v name={quote(name)} -d {server}"
