"""What pg_dump leaves out of a database without a word, one entry each: how to find it, and why.

Roles, passwords and other databases are in no dump of one database either: docs/limits.md says it.
"""

from dataclasses import dataclass

from snapper.engines.postgresql.naming.names import literal
from snapper.engines.postgresql.naming.provider_roles import PROVIDERS_OWN


def _of_extension(catalog: str, number: str) -> str:
    return f"""EXISTS (
        SELECT FROM pg_depend d
        WHERE d.classid = '{catalog}'::regclass AND d.objid = {number} AND d.deptype = 'e'
    )"""


OURS = "n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'"
"""Of a schema `n`: pg_dump does not pass over it."""

MEMBER = _of_extension("pg_class", "c.oid")
"""Of a relation `c`: it belongs to an extension, which makes it anew."""

SETTINGS_TABLE = "c.oid IN (SELECT unnest(extconfig) FROM pg_extension)"
"""Of such a relation: the extension has its rows dumped."""

SUPERUSER = "(SELECT rolsuper FROM pg_roles WHERE rolname = current_user)"

_THIS = "(SELECT oid FROM pg_database WHERE datname = current_database())"
_A_DATABASE = "'pg_database'::regclass"
_PROVIDERS = ", ".join(map(literal, PROVIDERS_OWN))
_STANDING_ALONE = "relkind IN ('r', 'p', 'v', 'm', 'f', 'S', 'c')"
_FIRST_OWN = 16384  # FirstNormalObjectId: what is below is PostgreSQL's own
_NAME = "n.nspname || '.' || c.relname"
_NAMED = "pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"

# Of a relation `c`: no option leaves it out, or its rows.
_KEPT = "c.oid <> ALL (%(gone)s::oid[])"
_FILLED = f"{_KEPT} AND c.oid <> ALL (%(emptied)s::oid[])"

_MAPPING = "m.srvname || ' for ' || m.usename"
_MAPPINGS = "pg_user_mappings m JOIN pg_foreign_server s ON s.oid = m.srvid"
# As that view has it: to whom it shows the options.
_OPTIONS_SHOWN = f"""(
    {SUPERUSER}
    OR m.umuser = 0 AND pg_has_role(s.srvowner, 'USAGE')
    OR m.usename = current_user
    AND (pg_has_role(s.srvowner, 'USAGE') OR has_server_privilege(s.oid, 'USAGE'))
)"""


def _find(name: str, tables: str, where: str) -> str:
    return f"SELECT {name} FROM {tables} WHERE {where}"  # noqa: S608  constants only


def _in_system_schemas(catalog: str, name: str, schema: str, owner: str, which: str) -> str:
    """Find what somebody has made in the system's own schemas, and not the provider."""
    return _find(
        f"n.nspname || '.' || {name}",
        f"{catalog} o JOIN pg_namespace n ON n.oid = {schema}",
        f"o.oid >= {_FIRST_OWN} AND NOT ({OURS}) AND n.nspname !~ '^pg_(toast|temp)'"
        f" AND {which} AND NOT {_of_extension(catalog, 'o.oid')}"
        f" AND pg_get_userbyid({owner}) NOT IN ({_PROVIDERS})",
    )


@dataclass(frozen=True)
class Kind:
    """Something that pg_dump leaves out; the query gives a name for each, of servers `since`."""

    kind: str
    subject: str
    what: str
    reason: str
    fix: str
    query: str = ""
    since: int = 90_100


KINDS = (
    Kind(
        "unlogged_rows",
        "unlogged tables",
        "the rows of unlogged tables, and the values of unlogged sequences",
        "the server is a standby, which has none of them",
        "back up from the primary, or ALTER TABLE … SET LOGGED",
        _find(
            _NAME,
            _NAMED,
            "pg_is_in_recovery() AND c.relpersistence = 'u' AND c.relkind IN ('r', 'S')"
            f" AND {OURS} AND (NOT {MEMBER} OR {SETTINGS_TABLE}) AND {_FILLED}",
        ),
    ),
    Kind(
        "user_mapping_options",
        "user mappings",
        "the options of user mappings (user, password)",
        "PostgreSQL shows them to superusers, and to who may use the server as that very role",
        "keep the CREATE USER MAPPING elsewhere, or back up as a superuser",
        _find(
            _MAPPING,
            _MAPPINGS,
            f"m.umoptions IS NULL AND NOT {_OPTIONS_SHOWN}"
            f" AND NOT {_of_extension('pg_foreign_server', 's.oid')}",
        ),
    ),
    Kind(
        "extension_user_mappings",
        "user mappings of extensions",
        "user mappings",
        "their foreign server belongs to an extension, and pg_dump leaves all of it to that",
        "keep the CREATE USER MAPPING elsewhere, or ALTER EXTENSION … DROP SERVER",
        _find(_MAPPING, _MAPPINGS, _of_extension("pg_foreign_server", "s.oid")),
    ),
    Kind(
        "subscriptions",
        "subscriptions",
        "subscriptions, with their connections",
        "pg_dump shows them to superusers only",
        "keep their CREATE SUBSCRIPTION elsewhere, or back up as a superuser",
        _find("subname", "pg_subscription", f"subdbid = {_THIS} AND NOT {SUPERUSER}"),
        since=100_000,
    ),
    Kind(
        "extension_rows",
        "tables of extensions",
        "the rows of tables that belong to an extension",
        "they are not among its settings, so pg_dump leaves them to CREATE EXTENSION, which makes "
        "the table as in a new database",
        "ALTER EXTENSION … DROP TABLE for what is yours, or have the extension name the table in "
        "pg_extension_config_dump",
        _find(
            _NAME,
            _NAMED,
            f"c.relkind = 'r' AND c.oid >= {_FIRST_OWN} AND {MEMBER} AND NOT {SETTINGS_TABLE}"
            f" AND {_FILLED} AND pg_relation_size(c.oid) > 0",
        ),
    ),
    Kind(
        "extension_sequences",
        "sequences of extensions",
        "the values of sequences that belong to an extension",
        "they are not among its settings, so pg_dump leaves them to CREATE EXTENSION",
        "ALTER EXTENSION … DROP SEQUENCE for what is yours",
        _find(
            _NAME,
            _NAMED,
            f"c.relkind = 'S' AND c.oid >= {_FIRST_OWN} AND {MEMBER} AND NOT {SETTINGS_TABLE}"
            " AND CASE WHEN has_sequence_privilege(c.oid, 'USAGE, SELECT')"
            " AND NOT (pg_is_in_recovery() AND c.relpersistence = 'u')"
            " THEN pg_sequence_last_value(c.oid) END IS NOT NULL",
        ),
        since=100_000,
    ),
    Kind(
        "extension_triggers",
        "triggers of extensions",
        "triggers on tables that belong to an extension",
        "pg_dump leaves such a table to CREATE EXTENSION, with all that was added to it",
        "keep their CREATE TRIGGER elsewhere",
        _find(
            f"{_NAME} || '.' || t.tgname",
            f"{_NAMED} JOIN pg_trigger t ON t.tgrelid = c.oid",
            f"NOT t.tgisinternal AND t.tgfoid >= {_FIRST_OWN} AND {MEMBER}"
            f" AND NOT {_of_extension('pg_proc', 't.tgfoid')}",
        ),
    ),
    Kind(
        "foreign_key_triggers",
        "foreign keys",
        "that a foreign key is not, or not always, checked",
        "ALTER TABLE … DISABLE TRIGGER ALL and the like set that, and pg_dump has every key "
        "checked again, so a restore refuses rows that break it",
        "ENABLE TRIGGER ALL once the rows are right, or drop the key",
        _find(
            f"DISTINCT {_NAME} || '.' || k.conname",
            f"{_NAMED} JOIN pg_trigger t ON t.tgrelid = c.oid"
            " JOIN pg_constraint k ON k.oid = t.tgconstraint",
            f"t.tgisinternal AND t.tgenabled IN ('D', 'R') AND k.contype = 'f' AND {OURS}"
            f" AND NOT {MEMBER} AND {_KEPT}",
        ),
    ),
    Kind(
        "invalid_indexes",
        "invalid indexes",
        "indexes that are invalid",
        "pg_dump passes over what a failed CREATE or REINDEX INDEX CONCURRENTLY leaves",
        "REINDEX INDEX CONCURRENTLY, or DROP INDEX",
        _find(
            "n.nspname || '.' || x.relname",
            f"{_NAMED} JOIN pg_index i ON i.indrelid = c.oid"
            " JOIN pg_class x ON x.oid = i.indexrelid",
            f"NOT (i.indisvalid AND i.indisready) AND c.relkind <> 'p' AND {OURS}"
            f" AND NOT {MEMBER} AND {_KEPT}",
        ),
    ),
    Kind(
        "foreign_rows",
        "foreign tables",
        "the rows of foreign tables",
        "they lie elsewhere, and pg_dump takes the definition only",
        "back up what they lie in",
        _find(_NAME, _NAMED, f"c.relkind = 'f' AND {OURS} AND NOT {MEMBER} AND {_FILLED}"),
    ),
    Kind(
        "system_schemas",
        "system schemas",
        "what somebody has made in PostgreSQL's own schemas",
        "pg_dump passes over pg_catalog, information_schema and every other pg_… schema",
        "ALTER … SET SCHEMA moves it into one of yours",
        " UNION ALL ".join(
            (
                _in_system_schemas(
                    "pg_class", "relname", "relnamespace", "relowner", _STANDING_ALONE
                ),
                _in_system_schemas("pg_proc", "proname", "pronamespace", "proowner", "TRUE"),
                _in_system_schemas(
                    "pg_type",
                    "typname",
                    "typnamespace",
                    "typowner",
                    "typrelid = 0 AND typelem = 0",
                ),
            )
        ),
    ),
    Kind(
        "database_labels",
        "security labels",
        "security labels of the database itself",
        "pg_dump holds what is in a database, and not what is set on it",
        "keep the SECURITY LABEL ON DATABASE elsewhere",
        _find("provider", "pg_shseclabel", f"objoid = {_THIS} AND classoid = {_A_DATABASE}"),
        since=90_200,
    ),
)
"""What is asked for. A backup records the `kind`, so that it stays what it is."""

PROPERTIES = Kind(
    "database_properties",
    "the database itself",
    "what is set on the database itself",
    "it cannot be read, or is too much to be kept",
    "shorten what ALTER DATABASE … SET and COMMENT ON DATABASE have set, or set it anew from "
    "within, where another encoding has written it",
    "",
)
"""Found by whoever reads them."""
