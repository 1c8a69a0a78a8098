"""In what state a key of KMS's is."""

from botocore.exceptions import ClientError

from snapper.aws import client as aws
from snapper.values.key_state import GONE, KeyState


def state_of(key: str) -> KeyState:
    """Ask for the state of a key; raises AwsFailed where nobody says it."""
    with aws.translated(f"kms:DescribeKey of {key}"):
        try:
            found = aws.client("kms").describe_key(KeyId=key)["KeyMetadata"]
        except ClientError as error:
            if aws.code(error) == "NotFoundException":
                return KeyState(key, GONE)
            raise
        return KeyState(key, found["KeyState"], found.get("DeletionDate"))
