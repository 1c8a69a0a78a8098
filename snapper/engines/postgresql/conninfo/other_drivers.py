"""Connection strings as other drivers have them: what libpq does not know, and what to write.

Of a string that libpq cannot read, any piece may be a piece of the password. Repeated are only
names of the tables here, and a parameter's name where no password can reach it.
"""

import re
from collections.abc import Iterator

from psycopg2 import ProgrammingError
from psycopg2.extensions import parse_dsn

_URI = "postgresql://user:password@host/db"
_PAIRS = "host=… port=… dbname=… user=… password=…, with spaces between"

BEGINNINGS = (
    (
        r"(jdbc|r2dbc):",
        "it is written for Java: it must begin with postgresql://, without jdbc:, and user and "
        f"password stand before the host, {_URI}",
    ),
    (
        r"prisma(\+postgres(ql)?)?://",
        "it leads to Prisma's own proxy, which speaks no PostgreSQL: write the database's own, "
        f"{_URI}",
    ),
    (
        r"(postgres|postgresql)\+\w+://",
        "it is written for SQLAlchemy: it must begin with postgresql://, without + and the driver",
    ),
    (
        r"(pgsql|postgres|dbi:pg):\w+=",
        f"it is written for PHP's PDO or Perl's DBI: write {_PAIRS}",
    ),
    (
        r"(postgis|pgsql|psql|pg|pgx\d?|ecto|timescale|timescalegis|cockroachdb|redshift)://",
        "its scheme is another driver's: it must begin with postgresql://",
    ),
    (
        r"(mysql2?|mariadb|mongodb(\+srv)?|mssql|sqlserver|redis|sqlite3?)(\+\w+)?:",
        "it is for another kind of database: it must begin with postgresql://",
    ),
    (
        r"(PG\w+=\S*\s+)*(psql|pg_dump)\s",
        "it is a command: write the connection alone, without psql and quotes",
    ),
    (r"[\"'`]", "it stands in quotes: leave them out"),
    (r"(export\s+)?\w*(URL|URI|DSN)\s*=", f"a variable's name stands before it: begin with {_URI}"),
    (r"(databases\s*=\s*)?[{\[]", f"it is a list of settings, as of Django: write {_URI}"),
    (
        r"(host|server|data source|driver|addr\w*|user ?id|uid|user ?name)\s*=[^;]*;"
        r"|[a-z][a-z ]*=[^;\s]*;\s*[a-z][a-z ]*=",
        f"its fields are joined by ';', as for .NET or ODBC: write {_PAIRS}",
    ),
)
"""By what a string begins, what to write instead; the first that fits."""

_POOL = "leave it out, it is for a pool of the application"
_SCHEMA = "leave it out, every schema is backed up"
_PREPARED = "leave it out, it is for prepared statements"
_TIME = "leave it out, a dump has limits of its own"
_DRIVER = "leave it out, it is for the driver"
_TLS = "write sslmode=require, or sslmode=verify-full with sslrootcert=system"
_NAMES = {
    _SCHEMA: "schema schemas currentschema search_path searchpath",
    _POOL: "connection_limit pool pool_size poolsize pool_timeout max_overflow pool_recycle"
    " pool_pre_ping pool_mode pooling pool_max_conns pool_min_conns pool_max_conn_lifetime"
    " pool_max_conn_idle_time pool_health_check_period min_size max_size minpoolsize maxpoolsize"
    " max idletimeoutmillis idle_timeout max_lifetime conn_max_age conn_health_checks"
    " checkout_timeout reaping_frequency maximumpoolsize minimumidle max_connections",
    "leave it out, and write the server's own host: a dump needs a session of its own": "pgbouncer",
    _PREPARED: "statement_cache_size statementcachesize prepared_statement_cache_size"
    " preparethreshold preparedstatementcachequeries prepared_statements prepare"
    " statement_cache_capacity description_cache_capacity default_query_exec_mode"
    " statement_cache_mode binary_parameters disable_prepared_binary_result"
    " simple_protocol prefer_simple_protocol",
    _TIME: "socket_timeout sockettimeout statement_timeout query_timeout lock_timeout"
    " command_timeout idle_in_transaction_session_timeout cancelsignaltimeout",
    "write connect_timeout, in seconds": "timeout logintimeout connecttimeout connectiontimeout"
    " connectiontimeoutmillis connect_timeout_ms",
    _TLS: "ssl ssl_mode ssl_require sslaccept sslfactory usessl tls require_ssl requiressl"
    " trustservercertificate rejectunauthorized ssl_cert_reqs ssl_context",
    "write sslrootcert": "ssl_ca ssl_ca_certs ssl_root_cert ca cafile sslca sslrootcertfile",
    "write sslcert and sslkey": "sslidentity ssl_cert ssl_key sslinline",
    "write application_name": "applicationname app appname",
    "write keepalives=1": "tcpkeepalive keepalive keep_alive",
    "write target_session_attrs": "targetservertype",
    "write load_balance_hosts": "loadbalancehosts",
    "write client_encoding, or leave it out": "encoding charset characterencoding useunicode",
    "write user": "username uid user_id userid",
    "write password": "pass passwd pwd",
    "write dbname": "database name db databasename initial_catalog",
    "write host": "server hostname addr address data_source",
    _DRIVER: "uselibpqcompat serverversion adapter engine driver sslpasswordcallback async_fallback"
    " server_settings rewritebatchedinserts autosave binarytransfer stringtype"
    " defaultrowfetchsize readonly loglevel loggerlevel prepared_statement_name_func timezone jit"
    " advisory_locks variables min_messages atomic_requests disable_server_side_cursors",
}
_ADVICE = {name.lower(): what for what, names in _NAMES.items() for name in names.split()}

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,39}")
_URI_NAMES = re.compile(r"[?&]([^=&]*)=([^&]*)")
_SECRETS = re.compile(r"(?:pass|pwd|secret|token|key|cred|auth)[^=&]*=", re.IGNORECASE)
_PAIR_NAMES = re.compile(r"(?:^|\s)([A-Za-z_]\w*)\s*=()")


def other_drivers(text: str) -> str:
    """Say what in a connection that libpq cannot read is another driver's; empty if nothing is."""
    for beginning, instead in BEGINNINGS:
        if re.match(beginning, text.strip(), re.IGNORECASE):
            return instead
    told = list(dict.fromkeys(_unknown(text)))
    return f"it has a name that libpq does not know: {', '.join(told)}" if told else ""


def _unknown(text: str) -> Iterator[str]:
    is_uri = text.startswith(("postgresql://", "postgres://"))
    names = _URI_NAMES if is_uri else _PAIR_NAMES
    for found in names.finditer(text):
        name = found[1]
        if not _NAME.fullmatch(name) or _is_known(name, found[2], is_uri=is_uri):
            continue
        if advice := _ADVICE.get(name.lower()):
            yield f"{name} ({advice})"
        elif is_uri and _is_apart(text[: found.start()], text[found.start() :]):
            yield f"{name} (leave it out)"


def _is_known(name: str, value: str, *, is_uri: bool) -> bool:
    if is_uri and name == "ssl":
        return value == "true"  # which alone libpq takes for sslmode=require
    try:
        parse_dsn(f"host=h {name}=x")
    except ProgrammingError:
        return False
    return True


def _is_apart(before: str, after: str) -> bool:
    """Tell whether the user's password has ended where a parameter begins, and none has begun.

    A secret with & in it goes on in what looks like the next parameter.
    """
    return before.count("@") == 1 and "@" not in after and not _SECRETS.search(before)
