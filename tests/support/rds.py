"""A stand-in for a database of RDS: its certificate, and its own judge of passwords.

Before a server that asks for none stands TLS with a certificate for RDS's name, and whoever it lets
in is handed on. As RDS does with tokens, it asks for the password in the clear.
"""

import hashlib
import hmac
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self
from urllib.parse import parse_qs, quote, urlsplit

from psycopg2.extensions import parse_dsn

from snapper.engines.postgresql.trying.throw_away import PostgresServer
from tests.support.certificates import DAY, Authority
from tests.support.databases import Source
from tests.support.poolers import exactly, pump

HOST = "orders.c0ffee.eu-central-1.rds.amazonaws.com"
_REGION = "eu-central-1"
_TLS = 80877103
_PLAIN = 196608

Judge = Callable[[str, str, int], bool]
"""Tells by user, password and port whether somebody may come in."""


@contextmanager
def behind(directory: Path) -> Iterator[str]:
    """Run a server that asks nobody for a password; gives its socket, for a stand-in before it."""
    with PostgresServer(17, directory) as made:
        source = Source(made, "postgres")
        source.run(
            "CREATE ROLE backup LOGIN CREATEDB; GRANT pg_read_all_data TO backup;"
            "CREATE TABLE orders AS SELECT 1 AS number"
        )
        rules = made.directory / "data" / "pg_hba.conf"
        rules.write_text(f"local all backup trust\n{rules.read_text()}")
        source.run("SELECT pg_reload_conf()")
        yield f"{parse_dsn(made.dsn())['host']}/.s.PGSQL.{made.port}"


@dataclass
class Rds:
    """The stand-in; `door` is the path of the server's socket, `asked` holds who came, and how."""

    door: str
    authority: Authority
    judge: Judge
    lasts: timedelta = 90 * DAY
    asked: list[tuple[str, str, bool]] = field(default_factory=list)

    def __enter__(self) -> Self:
        shown = self.authority.sign(HOST, self.lasts)
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(shown["ssl_cert_file"], shown["ssl_key_file"])
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def connection(self, user: str, database: str, more: str = "sslmode=verify-full") -> str:
        """Give the connection of a user, without a password."""
        where = f"host={HOST} hostaddr=127.0.0.1 port={self.port}"
        return f"{where} user={user} dbname={database} {more}"

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, plain: socket.socket) -> None:
        with suppress(OSError), plain:
            if struct.unpack("!II", exactly(plain, 8))[1] != _TLS:
                return
            plain.sendall(b"S")
            with self._context.wrap_socket(plain, server_side=True) as client:
                self._greet(client)

    def _greet(self, client: ssl.SSLSocket) -> None:
        (length, _) = struct.unpack("!II", exactly(client, 8))
        startup = exactly(client, length - 8)
        words = startup.decode().split("\0")
        user = dict(zip(words[::2], words[1::2], strict=False))["user"]
        client.sendall(b"R" + struct.pack("!II", 8, 3))
        (_, length) = struct.unpack("!cI", exactly(client, 5))
        password = exactly(client, length - 4).rstrip(b"\0").decode()
        admitted = self.judge(user, password, self.port)
        self.asked.append((user, password, admitted))
        if not admitted:
            fields = f'SFATAL\0C28000\0MPAM authentication failed for user "{user}"\0\0'.encode()
            client.sendall(b"E" + struct.pack("!I", len(fields) + 4) + fields)
            return
        with socket.socket(socket.AF_UNIX) as server:
            server.connect(self.door)
            server.sendall(struct.pack("!II", len(startup) + 8, _PLAIN) + startup)
            threading.Thread(target=pump, args=(server, client), daemon=True).start()
            pump(client, server)


@dataclass
class TokensOf:
    """The judge of RDS IAM: a token for exactly this door, user and key, not older than 15 minutes.

    Written from AWS's description of signatures, so that no error of the maker's is shared.
    """

    key: str
    secret: str
    later: timedelta = timedelta(0)

    def __call__(self, user: str, token: str, port: int) -> bool:
        """Judge a password."""
        place = urlsplit(f"https://{token}")
        said = {name: values[0] for name, values in parse_qs(place.query).items()}
        date = said.get("X-Amz-Date", "")
        scope = f"{date[:8]}/{_REGION}/rds-db/aws4_request"
        if (place.netloc, place.path) != (f"{HOST}:{port}", "/"):
            return False
        if (said.get("Action"), said.get("DBUser")) != ("connect", user):
            return False
        if said.get("X-Amz-Credential") != f"{self.key}/{scope}":
            return False
        made = datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        if not timedelta(0) <= datetime.now(UTC) + self.later - made <= timedelta(minutes=15):
            return False
        signature = said.pop("X-Amz-Signature", "")
        return hmac.compare_digest(signature, self._signature(place.netloc, said, date, scope))

    def _signature(self, host: str, said: dict[str, str], date: str, scope: str) -> str:
        query = "&".join(
            f"{quote(name, safe='-_.~')}={quote(said[name], safe='-_.~')}" for name in sorted(said)
        )
        nothing = hashlib.sha256(b"").hexdigest()
        asked = "\n".join(("GET", "/", query, f"host:{host}\n", "host", nothing))
        digest = hashlib.sha256(asked.encode()).hexdigest()
        text = "\n".join(("AWS4-HMAC-SHA256", date, scope, digest))
        key = f"AWS4{self.secret}".encode()
        for part in (*scope.split("/"), text):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        return key.hex()
