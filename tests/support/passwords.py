"""A password as a server keeps it, that a client proves to know in one round of hashing.

The usual 4,096 rounds are most of a connection's work, and protect weak passwords only.
"""

import hashlib
import hmac
import os
from base64 import b64encode


def kept(password: str) -> str:
    """Give what `ALTER ROLE … PASSWORD` takes as it is, for a password of ASCII (RFC 5802)."""
    salt = os.urandom(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, 1)
    client, server = (
        hmac.digest(salted, b"%b Key" % who, "sha256") for who in (b"Client", b"Server")
    )
    parts = (b64encode(each).decode() for each in (salt, hashlib.sha256(client).digest(), server))
    return "SCRAM-SHA-256$1:{}${}:{}".format(*parts)
