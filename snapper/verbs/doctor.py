"""Look a database over from where it is dumped, for whatever would keep a backup from being made.

Runs inside the dumper function, so that the network, the rights and the clients are its own.
"""

import socket
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from snapper.aws.vault import Vault
from snapper.engines.checked_dump import LONGEST_SILENCE
from snapper.engines.engine import Engine
from snapper.engines.facts import Facts
from snapper.errors import SnapperError
from snapper.values.estimate import too_long
from snapper.values.finding import Finding, Level, failure, ok, warning
from snapper.values.keys import Kind, object_key, prefix
from snapper.values.secrets import Database
from snapper.verbs.hand_over import took
from snapper.verbs.network import from_the_function

_WAYS = "in a network of yours, S3's gateway endpoint and its policy must let the function through"


def examine(
    database: Database,
    engine: Engine,
    *,
    from_here: bool = False,
    of_size: Callable[[int], Iterable[Finding]] = lambda _: (),
) -> Iterator[Finding]:
    """Look one database over, and stop where nothing more can be learned.

    `from_here` is whether the function runs on the operator's own machine; `of_size` gives what is
    to be said of its size in bytes.
    """
    names = [each for host in engine.hosts(database.connection) for each in _resolve(host)]
    yield from names
    if names and all(each.level is Level.FAILURE for each in names):
        return
    try:
        with from_the_function():
            facts = engine.inspect(database, LONGEST_SILENCE)
    except SnapperError as error:
        yield failure("connection", str(error), error.hint)
        # What is known of it without connecting says more, and what to write.
        for fault in engine.unusable(database.connection, from_here=from_here):
            yield failure("connection string", fault, "fix the secret, then pulumi up")
        return
    place = engine.place(database.connection)
    yield ok("connection", f"{place} answers")
    yield _encryption(facts, engine)
    yield _client(facts, engine)
    yield ok("size", f"{facts.size / 1e6:,.1f} MB in {facts.database_name}, {facts.about}")
    yield from of_size(facts.size)
    yield from engine.examine(database, facts)
    for doubt in facts.doubts:
        yield warning("options", doubt, "change the options of this database, then pulumi up")
    for omission in facts.omitted:
        yield warning(omission.subject, omission.fact, omission.fix)


def examine_first_dump(
    vault: Vault, database: str, seconds: float, now: datetime, size: int, *, hands_over: bool
) -> Iterator[Finding]:
    """Say whether the first dump of a database may take longer than the function has.

    Later ones are judged by how long the earlier took. `hands_over` is whether it then goes to a
    container.
    """
    try:
        if next(took(vault, database, now), None):
            return
    except SnapperError:
        return  # said of the vault
    if not (why := too_long(size, (), seconds)):
        return
    if hands_over:
        yield ok("time", f"{why}: it is dumped in a container of AWS Batch")
    else:
        fix = "set largeDatabases, unless you know that it is quicker"
        yield warning("time", f"{why}, as slow servers are", fix)


def examine_vault(vault: Vault, database: str, now: datetime) -> Finding:
    """Try whether a backup of the database could be stored: the network, the rights, the key.

    An upload under the very name that it would have is begun and taken back.
    """
    try:
        next(vault.list(prefix(database)), None)
        vault.try_upload(object_key(database, now, Kind.DUMP))
    except SnapperError as error:
        fix = "; ".join(filter(None, (error.hint, _WAYS)))
        return failure("vault", f"a backup cannot be stored: {error}", fix)
    return ok("vault", f"an upload into {vault.bucket} can be begun and taken back")


def _resolve(host: str) -> Iterator[Finding]:
    try:
        addresses = {str(found[4][0]) for found in socket.getaddrinfo(host, None)}
    except (OSError, UnicodeError) as error:  # the latter of a name that cannot be one
        yield failure(
            "name",
            f"{host} cannot be resolved: {getattr(error, 'strerror', None) or error}",
            "fix the host, or put the dumper into the network that can resolve it",
        )
    else:
        if addresses != {host}:
            yield ok("name", f"{host} is {', '.join(sorted(addresses))}")


def _encryption(facts: Facts, engine: Engine) -> Finding:
    if facts.encrypted:
        return ok("encryption", "the connection is encrypted")
    return warning("encryption", "the connection is not encrypted", engine.encryption_hint)


def _client(facts: Facts, engine: Engine) -> Finding:
    try:
        client = engine.client_for(facts)
    except SnapperError as error:
        return failure("client", str(error), error.hint)
    server, dumped_by = f"{engine.name} {facts.version}", f"{client.name} {client.version}"
    if client.older:
        return warning(
            "client",
            f"{server} is dumped by the older {dumped_by}",
            "update Snapper and run pulumi up, for the client of the server's own release",
        )
    return ok("client", f"{server} is dumped by {dumped_by}")
