"""The certificate that a server shows: until when it is good, and who signed it."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.engines.postgresql.conninfo.hosts import Host, hosts
from snapper.values.authorities import common_name, end_of

_SECONDS = 15
# A request to encrypt: its length, and a number that is no version. Source: "Message Formats".
_SSL_REQUEST = bytes.fromhex("00000008 04d2162f")


@dataclass(frozen=True)
class Certificate:
    """What a server shows, in short."""

    issuer: str
    ends_at: datetime


class NotGood(Exception):
    """The certificate is not good now, whoever signed it; says why, in OpenSSL's words."""


def certificate(connection: Connection) -> Certificate | None:
    """Ask the first server that answers for its certificate; None where there is none to be had.

    Whether it is to be believed is libpq's to judge. Raises NotGood.
    """
    direct = connection.parameters.get("sslnegotiation") == "direct"
    for host in hosts(connection):
        if host.is_socket:
            continue
        try:
            shown = _shown(host, direct=direct)
            return _read(host, shown, direct=direct)
        except ssl.SSLCertVerificationError as error:
            raise NotGood(error.verify_message) from None
        except (OSError, ValueError):  # the latter of a name or a certificate that cannot be one
            continue
    return None


def _shown(host: Host, *, direct: bool) -> bytes:
    """Take the certificate without judging it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with _line(host, context, direct=direct) as line:
        return line.getpeercert(binary_form=True) or b""


def _read(host: Host, shown: bytes, *, direct: bool) -> Certificate:
    """Read what the server shows: Python reads a certificate that was verified, be it by itself."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_flags |= ssl.VerifyFlags.VERIFY_X509_PARTIAL_CHAIN
    context.load_verify_locations(cadata=shown)
    with _line(host, context, direct=direct) as line:
        read = line.getpeercert() or {}
    return Certificate(common_name(read["issuer"]), end_of(read))


@contextmanager
def _line(host: Host, context: ssl.SSLContext, *, direct: bool) -> Iterator[ssl.SSLSocket]:
    place = host.address or host.name, host.port
    with socket.create_connection(place, timeout=_SECONDS) as plain:
        if direct:
            context.set_alpn_protocols(["postgresql"])
        else:
            plain.sendall(_SSL_REQUEST)
            if plain.recv(1) != b"S":
                raise ConnectionRefusedError("the server does not encrypt")
        with context.wrap_socket(plain, server_hostname=host.name or None) as line:
            yield line
