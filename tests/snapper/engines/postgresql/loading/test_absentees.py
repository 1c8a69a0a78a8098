"""A policy or a user mapping for a role that need not be here is for nobody, and stops nothing."""

from collections.abc import Callable

from tests.support.anew import Anew, beside
from tests.support.databases import Source

POLICIES = """
    CREATE ROLE rds_password; CREATE ROLE "who, reads";
    CREATE TABLE t AS SELECT 1 AS n;
    ALTER TABLE t ENABLE ROW LEVEL SECURITY;
    CREATE POLICY theirs ON t TO rds_password USING (true);
    CREATE POLICY "both TO x" ON t AS RESTRICTIVE FOR SELECT
        TO "who, reads", rds_password USING (n > 0);
    CREATE EXTENSION postgres_fdw;
    CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw;
    CREATE USER MAPPING FOR rds_password SERVER far OPTIONS (user 'x');
"""


def test_a_providers_role_that_is_not_here_has_neither_policy_nor_mapping(
    source: Callable[..., Source], anew: Anew
) -> None:
    made = source(18, POLICIES)
    target, there = beside(made, "without"), beside(made, "with")
    assert anew(made, there.dsn).left_out == ()
    for each in (made, there):
        each.run(
            "DROP OWNED BY rds_password; DROP USER MAPPING IF EXISTS FOR rds_password SERVER far"
        )
    made.run("DROP ROLE rds_password")
    result = anew(made, target.dsn)
    assert [f"{each.kind} {each.name}" for each in result.left_out] == [
        "user mapping rds_password on far",
        "policy theirs on public.t",
    ]
    (told,) = (each for each in result.warnings if "rds_password" in each)
    assert "who is Amazon RDS's own: restored without" in told
    policies = "SELECT policyname, permissive, roles::text FROM pg_policies"
    assert target.rows(policies) == [("both TO x", "RESTRICTIVE", '{"who, reads"}')]
    for each in (made, target, there):
        each.run('DROP OWNED BY "who, reads"')
    made.run('DROP ROLE "who, reads"')
