"""Options of single databases: read from the stack's config, all their faults told at once."""

import json

import pytest

from tests.infra.test_settings import refused


def test_every_fault_of_the_options_is_told_at_once_with_what_was_meant() -> None:
    faults = refused(
        databases=json.dumps(
            {
                "orders": {"shedule": "rate(1 day)", "timeout": "600", "schedule": "daily"},
                "ordres": {},
                "people": {"excludeTables": ["audit", "public.audit_*"], "auth": "rds"},
            }
        )
    )
    assert faults == (
        "databases.orders: shedule is not an option: did you mean schedule?",
        "databases.orders: timeout must be a whole number from 60 to 900",
        "databases.orders: schedule is daily, it must be rate(1 day), rate(12 hours), "
        "cron(0 3 * * ? *) or alike",
        "databases.ordres is no database: did you mean orders?",
        "databases.people: auth is rds, must be password or rds-iam",
        "databases.people: excludeTables has audit, which must be written as schema.table, like "
        "public.orders",
        "databases.people: excludeTables has public.audit_*, which holds a * or ?: names are "
        "exact, there are no patterns",
    )


@pytest.mark.parametrize("given", ["[]", '"orders"', "{", '{"orders": 5}', '{"orders": null}'])
def test_options_of_another_form_are_refused(given: str) -> None:
    (fault,) = refused(databases=given)
    assert fault.startswith("databases")
