"""Doctor's questions about trust: is it known who answers, and for how long will it be."""

from collections.abc import Generator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from snapper.engines.postgresql.connecting import authorities as shipped
from snapper.engines.postgresql.connecting.authorities import is_amazons, verifies
from snapper.engines.postgresql.connecting.certificate import NotGood, certificate
from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.engines.postgresql.conninfo.hosts import hosts
from snapper.values.authorities import AMAZON, FOLDER, Authority, NotAuthorities, authorities
from snapper.values.finding import Finding, failure, ok, warning
from snapper.values.rds import region_of

SOON = timedelta(days=30)
_RENEW = "renew the server's certificate, or no connection that verifies it is possible then"


def examine_trust(connection: Connection, now: datetime | None = None) -> Iterator[Finding]:
    """Look at how an encrypted connection is verified, and when that ends.

    The connection has the authorities by which it is verified.
    """
    now = now or datetime.now(UTC)
    if not verifies(connection):
        yield warning(
            "verification",
            "the connection is encrypted, but who answers is not verified",
            _to_verify(connection),
        )
    issuer = yield from _certificate(connection, now)
    file = Path(connection.parameters.get("sslrootcert", ""))
    if verifies(connection) and (file.parent == shipped.SHIPPED or _is_amazons(file)):
        yield _authorities(connection, file, issuer, now)


def _to_verify(connection: Connection) -> str:
    if is_amazons(connection):
        return "write sslmode=verify-full: Amazon's authorities are known"
    return (
        "write sslmode=verify-full with sslrootcert=system, or set caBundle where the authority "
        "is not a public one"
    )


def _certificate(connection: Connection, now: datetime) -> Generator[Finding, None, str]:
    """Look at what the server shows; returns who has issued it, if that is known."""
    try:
        shown = certificate(connection)
    except NotGood as why:
        yield warning("certificate", f"the server's is not good: {why}", _RENEW)
        return ""
    if shown is None:
        return ""
    fact = f"the server's is good until {shown.ends_at:%Y-%m-%d}, issued by {shown.issuer}"
    if shown.ends_at - now < SOON:
        yield warning("certificate", fact, _RENEW)
    else:
        yield ok("certificate", fact)
    return shown.issuer


def _authorities(connection: Connection, file: Path, issuer: str, now: datetime) -> Finding:
    """Say until when those are good that have, or may have, signed this server's certificate."""
    try:
        found = authorities(file.read_text())
    except (OSError, UnicodeError, NotAuthorities) as error:
        why = str(error) if isinstance(error, NotAuthorities) else "cannot be read"
        return failure("authorities", f"{file.name} {why}", "run pulumi up to ship it again")
    whose = file.name
    if not found:
        return ok("authorities", f"{whose}: no authority, but a server's own certificate")
    if _is_amazons(file):
        found, whose = _of_its_region(connection, found), "Amazon's"
    found = tuple(each for each in found if each.name == issuer) or found
    good = [each for each in found if each.ends_at > now]
    if not good:
        return warning(
            "authorities", f"{whose}: none is good any more", "update Snapper or the caBundle"
        )
    fact = f"{whose}: {len(good)}, of which {good[0].name} ends first, {good[0].ends_at:%Y-%m-%d}"
    if good[0].ends_at - now < SOON:
        return warning("authorities", fact, "update Snapper or the caBundle")
    return ok("authorities", fact)


def _is_amazons(file: Path) -> bool:
    """Tell Amazon's, shipped or fetched, from a file of anybody else's."""
    return file.name.startswith(Path(AMAZON).stem) and file.parent.name == FOLDER


def _of_its_region(connection: Connection, found: tuple[Authority, ...]) -> tuple[Authority, ...]:
    regions = {region_of(host.name) for host in hosts(connection)}
    return tuple(each for each in found if regions & set(each.name.split()))
