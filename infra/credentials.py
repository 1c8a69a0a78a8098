"""Rights to what proves to a database who we are: as exactly one user, by exactly one secret."""

import json
from collections.abc import Iterator, Sequence

from infra.iam import Statement, allow
from snapper.engines.engine import engine_of
from snapper.values.options import RDS_IAM
from snapper.values.place import Place
from snapper.values.rds import region_of
from snapper.values.secrets import Database

LONGEST_POLICY = 10_240
"""Characters of all inline policies of a role, blanks not counted. Source: IAM quotas."""

OTHERS = 4_096
"""Kept for the dumper's other rights, which take less."""

_ANYWHERE = Place("aws", "ap-southeast-1", "123456789012")


def sign_in_faults(databases: Sequence[Database]) -> Iterator[str]:
    """Tell that the users and secrets to sign in by are too many for the dumper's role."""
    room = LONGEST_POLICY - OTHERS
    taken = len(json.dumps(may_sign_in(_ANYWHERE, databases), separators=(",", ":")))
    if taken > room:
        number = sum(
            bool(each.options.secret) or each.options.auth == RDS_IAM for each in databases
        )
        yield (
            f"{number} databases sign in by {RDS_IAM} or by a secret, and what the dumper's role "
            f"must name of them takes {taken:,} characters of {room:,}: let databases share a user "
            "or a secret, or make a stage for the others"
        )


def may_sign_in(place: Place, databases: Sequence[Database]) -> list[Statement]:
    """Come in as the databases' options say, as nobody else and by no other secret."""
    users = sorted({_user(place, each) for each in databases if each.options.auth == RDS_IAM})
    secrets = sorted({each.options.secret for each in databases if each.options.secret})
    tokens = [allow(["rds-db:connect"], users)] if users else []
    return [*tokens, *_may_read(secrets)]


def _user(place: Place, database: Database) -> str:
    """Name a user of a database: the host does not tell the number by which IAM knows a server."""
    door = engine_of(database.kind).door(database)
    there = place._replace(region=region_of(door.host))
    return there.arn("rds-db", f"dbuser:*/{door.user}")


def _may_read(secrets: Sequence[str]) -> Iterator[Statement]:
    """Read the secrets, by whichever key of the account each of them is encrypted."""
    if not secrets:
        return
    yield allow(["secretsmanager:GetSecretValue"], secrets)
    for place in sorted({Place.of(each) for each in secrets}):
        own = [each for each in secrets if Place.of(each) == place]
        condition = {
            "kms:ViaService": f"secretsmanager.{place.region}.{place.domain}",
            "kms:EncryptionContext:SecretARN": own,
        }
        yield allow(["kms:Decrypt"], [place.arn("kms", "key/*")], {"StringEquals": condition})
