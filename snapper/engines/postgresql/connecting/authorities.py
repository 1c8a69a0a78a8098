"""By which certificate authorities a server is verified, where the connection does not say it.

Amazon's own are in no system's list; they are shipped beside the functions' code, and fetched for
the command line. Those of a stage or database (`caBundle`) are shipped in the same place.
"""

import os
from pathlib import Path

from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.engines.postgresql.conninfo.hosts import hosts
from snapper.errors import SettingsError
from snapper.values.authorities import AMAZON, FOLDER
from snapper.values.rds import region_of

SHIPPED = Path(__file__).parents[4] / FOLDER

_VERIFYING = frozenset({"verify-ca", "verify-full"})
_SYSTEM = "system"
# Where Amazon's bundle has no authority: these have lists of their own.
_APART = ("cn-", "us-gov-", "us-iso", "eu-isoe-")


def verifies(connection: Connection) -> bool:
    """Tell whether the server has to prove who it is."""
    return connection.parameters.get("sslmode") in _VERIFYING


def is_amazons(connection: Connection) -> bool:
    """Tell whether all hosts are databases of Amazon's that its authorities are known of."""
    regions = [region_of(host.name) for host in hosts(connection)]
    return bool(regions) and all(each and not each.startswith(_APART) for each in regions)


def by_amazons(connection: Connection) -> bool:
    """Tell whether Amazon's authorities verify it, unless somebody has others."""
    named = connection.parameters.get("sslrootcert", "")
    return verifies(connection) and named in {"", _SYSTEM} and is_amazons(connection)


def trusting(connection: Connection, bundle: str = "") -> Connection:
    """Give the connection with the authorities by which its server is verified.

    A file that it names itself stays; so does what it says to whoever runs us by libpq's own ways.
    `bundle` is the name of a shipped file. Raises SettingsError where that is not there.
    """
    named = connection.parameters.get("sslrootcert", "")
    if bundle and verifies(connection) and not named:
        file = SHIPPED / Path(bundle).name  # a name, whoever has written the option
        if not file.is_file():
            raise SettingsError(
                f"the authorities of caBundle are not there: {bundle}",
                hint="the deployment ships them with the functions; run pulumi up again",
            )
        return connection.replace(sslrootcert=str(file))
    if by_amazons(connection) and (named or not _has_own()):
        return connection.replace(sslrootcert=str(_amazon()))
    return connection


def _has_own() -> bool:
    """Tell whether libpq finds authorities of the user's own where it looks for them."""
    home = Path("~/.postgresql/root.crt").expanduser()
    return "PGSSLROOTCERT" in os.environ or home.is_file()


def _amazon() -> Path:
    shipped = SHIPPED / AMAZON
    if shipped.is_file():
        return shipped
    try:
        # Not a part of the deployed functions, to which the deployment ships the file.
        from bin.authorities import amazon
    except ImportError:
        raise SettingsError(
            "Amazon's certificate authorities are not there",
            hint="the deployment ships them with the functions; run pulumi up again",
        ) from None
    return amazon()
