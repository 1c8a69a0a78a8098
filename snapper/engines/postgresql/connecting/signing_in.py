"""How we come in by what the options say, and whether that agrees with the connection."""

import re
from collections.abc import Iterator
from dataclasses import replace

from snapper.engines.postgresql.connecting.authorities import by_amazons, trusting, verifies
from snapper.engines.postgresql.connecting.logins import door_of
from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.engines.postgresql.conninfo.hosts import hosts
from snapper.values.options import RDS_IAM, Options
from snapper.values.rds import region_of
from snapper.values.secrets import Database

# It stands in a policy, where other characters would mean other users too.
_IAM_USER = re.compile(r"[A-Za-z0-9_.@-]+")


def connection_of(database: Database) -> Connection:
    """Give the connection with the authorities that verify it, and with what gives its password."""
    connection = Connection.parse(database.connection)
    asking = replace(connection, credentials=database.credentials)
    return trusting(asking, database.options.ca_bundle)


def by_bundle(connection: Connection, bundle: str) -> Connection:
    """Give the connection with a stage's authorities, which verify all servers but Amazon's."""
    return connection if by_amazons(connection) else trusting(connection, bundle)


def target_faults(connection: Connection) -> Iterator[str]:
    """Tell that nothing would give a password at RDS, which lets nobody in without one."""
    if connection.password is None and any(region_of(each.name) for each in hosts(connection)):
        yield (
            "no password is given, and a target has no options, so neither a token of RDS IAM nor a"
            " secret of Secrets Manager gives one: write a user and its password"
        )


def faults(connection: Connection, options: Options) -> Iterator[str]:
    """Tell what cannot be true together."""
    if options.auth == RDS_IAM:
        yield from _token_faults(connection)
    if options.secret:
        if connection.password is not None:
            yield "secret is set and the connection has a password: leave that out"
        if not verifies(connection) and connection.parameters.get("sslmode") != "require":
            yield "secret is set: write sslmode=verify-full, or require, so that it is encrypted"


def doubts(connection: Connection, options: Options, *, bundled: bool = False) -> Iterator[str]:
    """Tell what may be meant otherwise; the stage may be `bundled` with authorities."""
    named = connection.parameters.get("sslrootcert", "")
    known = bool(named or options.ca_bundle) or bundled or by_amazons(connection)
    if options.ca_bundle and (named or not verifies(connection)):
        yield (
            "caBundle changes nothing: write sslmode=verify-full into the connection, "
            "and no sslrootcert"
        )
    elif verifies(connection) and not known:
        yield (
            "the connection names no authorities that may sign the server's certificate: "
            "write sslrootcert=system, or set caBundle"
        )


def _token_faults(connection: Connection) -> Iterator[str]:
    """Tell why there can be no token: it is made for one host of RDS and one user."""
    servers, user = hosts(connection), door_of(connection).user
    if connection.password is not None:
        yield f"auth is {RDS_IAM} and the connection has a password: leave that out"
    if len(servers) != 1 or not region_of(servers[0].name):
        yield (
            f"auth is {RDS_IAM}: write one host, by the name that RDS shows for it, "
            "ending with .rds.amazonaws.com"
        )
    if not _IAM_USER.fullmatch(user):
        yield (
            f"auth is {RDS_IAM}: write the user, of letters, digits, '_', '.', '@' and '-'; "
            "in the database it needs GRANT rds_iam"
        )
    if connection.parameters.get("sslmode") != "verify-full":
        # Whoever gets the token by pretending to be the server, is that user for 15 minutes.
        yield f"auth is {RDS_IAM}: write sslmode=verify-full, or others might get the token"
