"""Signatures by a key of AWS KMS, which nobody ever sees."""

import base64
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self

from botocore.exceptions import ClientError

from snapper.aws import client as aws
from snapper.errors import AwsDenied, AwsFailed

_ALGORITHM = "ECDSA_SHA_256"
_WOULD_DO = "DryRunOperationException"
_HINT = (
    "nothing is backed up or pruned without a signature: see whether the key is enabled"
    " (aws kms describe-key), and whether its policy is the deployed one (pulumi up)"
)


class Signer:
    """Signs by one key; raises AwsFailed."""

    def __init__(self, key: str, client: Any) -> None:  # noqa: ANN401  boto3 has no types
        self.key = key
        self._client = client

    @classmethod
    def connect(cls, key: str) -> Self:
        """Open KMS with the credentials and region of the environment."""
        return cls(key, aws.client("kms"))

    def sign(self, message: bytes) -> str:
        """Give the signature of these bytes, in base64."""
        with self._telling():
            answer = self._client.sign(**self._asked(message))
            return base64.b64encode(answer["Signature"]).decode()

    def try_out(self) -> None:
        """Raise what would keep us from signing, and sign nothing."""
        with self._telling():
            try:
                self._client.sign(**self._asked(b""), DryRun=True)
            except ClientError as error:
                if aws.code(error) != _WOULD_DO:
                    raise

    def _asked(self, message: bytes) -> dict[str, Any]:
        return {
            "KeyId": self.key,
            "Message": hashlib.sha256(message).digest(),
            "MessageType": "DIGEST",
            "SigningAlgorithm": _ALGORITHM,
        }

    @contextmanager
    def _telling(self) -> Iterator[None]:
        try:
            with aws.translated(f"kms:Sign by {self.key}"):
                yield
        except AwsDenied:
            raise
        except AwsFailed as error:
            raise AwsFailed(str(error), hint=error.hint or _HINT) from None


def public_key(key: str) -> bytes:
    """Give the public key of a key of KMS, as DER; raises AwsFailed."""
    with aws.translated(f"kms:GetPublicKey of {key}"):
        return bytes(aws.client("kms").get_public_key(KeyId=key)["PublicKey"])
