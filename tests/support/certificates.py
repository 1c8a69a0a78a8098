"""Certificates as servers have them in bad times: expired, of a stranger, for another host."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from snapper.machine.unprivileged import unprivileged

DAY = timedelta(days=1)


class Authority:
    """Whoever trusts its file, trusts what it signs."""

    def __init__(self, directory: Path, name: str, lasts: timedelta = 10 * DAY) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self._directory = directory
        self.file = directory / f"{name}.pem"
        made = self._certify(self._name, self._key, lasts, authority=True)
        self.file.write_bytes(made.public_bytes(Encoding.PEM))

    def sign(self, host: str, lasts: timedelta) -> dict[str, str]:
        """Give the settings of a PostgreSQL server that shows a certificate for the host."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        made = self._certify(subject, key, lasts, authority=False)
        stem = f"{host}-{lasts.days}"
        chain, secret = (self._directory / f"{stem}.{kind}" for kind in ("crt", "key"))
        chain.write_bytes(made.public_bytes(Encoding.PEM))
        secret.touch(mode=0o600)
        secret.write_bytes(
            key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        )
        if (group := unprivileged().group) is not None:
            # Ours, and readable by whatever user the server runs as.
            os.chown(secret, 0, group)
            secret.chmod(0o640)
        return {"ssl": "on", "ssl_cert_file": str(chain), "ssl_key_file": str(secret)}

    def _certify(
        self,
        subject: x509.Name,
        key: ec.EllipticCurvePrivateKey,
        lasts: timedelta,
        *,
        authority: bool,
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        (host,) = subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - 20 * DAY)
            .not_valid_after(now + lasts)
            .add_extension(x509.BasicConstraints(authority, None), True)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(str(host.value))]), False)
            .sign(self._key, SHA256())
        )
