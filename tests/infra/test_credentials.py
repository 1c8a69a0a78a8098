"""Rights to what proves who we are: as exactly one user, by exactly one secret."""

from infra.credentials import may_sign_in
from snapper.values.options import Options
from snapper.values.place import Place
from snapper.values.secrets import Database
from tests.infra.conftest import RDS, SECRET_ARN
from tests.infra.test_functions import PARTS, rights
from tests.support.recorder import Graph

HERE = Place("aws", "eu-central-1", "123456789012")
KEYS = "arn:aws:kms:eu-west-1:123456789012:key/*"


def test_the_dumper_may_be_exactly_that_user_and_read_exactly_that_secret(
    signing_graph: Graph,
) -> None:
    held = rights(signing_graph, "dumper")
    user = "arn:aws:rds-db:eu-west-1:123456789012:dbuser:*/backup"
    assert (["rds-db:connect"], [user], None) in held
    assert (["secretsmanager:GetSecretValue"], [SECRET_ARN], None) in held
    only = {
        "kms:ViaService": "secretsmanager.eu-west-1.amazonaws.com",
        "kms:EncryptionContext:SecretARN": [SECRET_ARN],
    }
    assert (["kms:Decrypt"], [KEYS], {"StringEquals": only}) in held


def test_nobody_else_may_and_without_the_options_the_dumper_neither(
    graph: Graph, signing_graph: Graph
) -> None:
    others = [rights(signing_graph, part) for part in PARTS if part != "dumper"]
    assert "rds-db" not in repr([*others, rights(graph, "dumper")])
    assert "secretsmanager" not in repr([*others, rights(graph, "dumper")])


def test_two_databases_of_one_user_need_one_right() -> None:
    where = f"postgresql://backup@{RDS}/d?sslmode=verify-full"
    databases = [Database(key, where, 1, options=Options(auth="rds-iam")) for key in "ab"]
    (one,) = may_sign_in(HERE, databases)
    assert one["Resource"] == ["arn:aws:rds-db:eu-west-1:123456789012:dbuser:*/backup"]


def test_no_option_needs_no_right() -> None:
    assert may_sign_in(HERE, [Database("a", "postgresql://h/d", 1)]) == []
