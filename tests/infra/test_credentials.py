"""Rights to what proves who we are: as exactly one user, by exactly one secret."""

from infra.credentials import LONGEST_POLICY, may_sign_in, sign_in_faults
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


def signing_in(number: int) -> list[Database]:
    secrets = (f"{SECRET_ARN[:-7]}-{n:03}{SECRET_ARN[-7:]}" for n in range(number))
    return [
        Database(f"d{n}", "postgresql://h/d", 1, options=Options(secret=secret))
        for n, secret in enumerate(secrets)
    ]


def test_more_secrets_than_a_role_can_name_are_refused_before_aws_does() -> None:
    assert list(sign_in_faults(signing_in(25))) == []
    (fault,) = sign_in_faults(signing_in(100))
    assert fault.startswith(
        "100 databases sign in by rds-iam or by a secret, and what the dumper's"
    )
    assert "let databases share a user or a secret" in fault


def test_what_is_kept_for_the_other_rights_is_enough(full_graph: Graph) -> None:
    policy = full_graph.named("snapper-dumper-rights").inputs["policy"]
    assert len("".join(policy.split())) + 6144 < LONGEST_POLICY
