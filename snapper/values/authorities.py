"""Files of certificate authorities: public data, which travels beside the functions' code."""

import hashlib
import re
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

FOLDER = "authorities"
"""Where they lie beside the code."""
AMAZON = "amazon.pem"

LARGEST = 1 << 20
"""Bytes of a file of authorities; Amazon's has 180 kB."""

_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----")


class NotAuthorities(ValueError):
    """A file holds no certificate authorities, or more than those; says which."""


@dataclass(frozen=True)
class Authority:
    """One authority: what it calls itself, and until when it is one."""

    name: str
    ends_at: datetime


def read_authorities(pem: str) -> str:
    """Give only the certificates of a PEM file; raises NotAuthorities, which quotes nothing."""
    if "PRIVATE KEY" in pem:
        raise NotAuthorities("holds a private key: give a file with certificates only")
    found = _CERTIFICATE.findall(pem)
    if not found:
        raise NotAuthorities("holds no certificate: it must be a PEM file")
    text = "".join(f"{each}\n" for each in found)
    authorities(text)
    return text


def authorities(pem: str) -> tuple[Authority, ...]:
    """Read the authorities, the first to end first; raises NotAuthorities."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(cadata=pem)
        found = [_authority(each) for each in context.get_ca_certs()]
    except (ssl.SSLError, ValueError):
        raise NotAuthorities("holds a certificate that cannot be read") from None
    return tuple(sorted(found, key=lambda each: (each.ends_at, each.name)))


def file_name(pem: str) -> str:
    """Name a file of authorities by what is in it."""
    return f"{hashlib.sha256(pem.encode()).hexdigest()[:16]}.pem"


def common_name(distinguished: Any) -> str:  # noqa: ANN401  nested tuples, as ssl gives them
    """Give what a certificate calls its subject or issuer, in short."""
    parts = {key: value for each in distinguished for key, value in each}
    return str(parts.get("commonName") or parts.get("organizationName") or "nobody")


def end_of(certificate: Any) -> datetime:  # noqa: ANN401  a dictionary, as ssl gives it
    """Give until when a certificate is good."""
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(certificate["notAfter"]), UTC)


def _authority(certificate: Any) -> Authority:  # noqa: ANN401  a dictionary, as ssl gives it
    return Authority(common_name(certificate["subject"]), end_of(certificate))
