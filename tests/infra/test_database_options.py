"""Options of single databases: read from the stack's config, all their faults told at once."""

import json

import pytest

from snapper.values.timetable import mark_of
from tests.infra.test_settings import refused
from tests.support.recorder import record


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


def test_faults_of_the_options_are_told_beside_those_of_the_secrets() -> None:
    options = json.dumps({"orders": {"shedule": "rate(1 day)"}, "anybody": {"timeout": 5}})
    assert refused(databases=options, DATABASE_CONN_STRINGS="orders")[-2:] == (
        "databases.orders: shedule is not an option: did you mean schedule?",
        "databases.anybody: timeout is 5, must be a whole number from 60 to 900",
    )


@pytest.mark.parametrize("given", ["[]", "5", '"orders"', "{", '{"orders": 5}', '{"orders": null}'])
def test_options_of_another_form_are_refused(given: str) -> None:
    (fault,) = refused(databases=given)
    assert fault.startswith("databases")
    assert fault in refused(databases=given, DATABASE_CONN_STRINGS="orders")


def test_what_contradicts_the_stages_own_settings_is_refused() -> None:
    options = {
        "orders": {"timeout": 700},
        "people": {"schedule": "rate(12 hours)", "maxAgeHours": 12, "dumpIn": "batch"},
    }
    assert refused(databases=json.dumps(options), dumperTimeout="600") == (
        "databases.orders: timeout is 700, must be at most dumperTimeout, which is 600",
        "databases.people: dumpIn is batch, and largeDatabases is off",
        "databases.people: maxAgeHours is 12, must be more than the 12 hours between two runs of "
        "rate(12 hours)",
    )


def test_each_schedule_of_its_own_is_a_rule_whose_name_bears_its_mark() -> None:
    hourly = "rate(1 hour)"
    options = {"orders": {"schedule": hourly}, "people": {"schedule": hourly, "maxAgeHours": 5}}
    graph = record(databases=json.dumps(options))
    rules = graph.of("cloudwatch/eventRule:EventRule")
    assert {one.inputs["name"]: one.inputs["scheduleExpression"] for one in rules} == {
        "snapper-prod-drills": hourly,
        "snapper-prod-schedule": "rate(1 day)",
        f"snapper-prod-schedule_{mark_of(hourly)}": hourly,
        "snapper-prod-watcher": hourly,
    }
    assert len(graph.of("cloudwatch/eventTarget:EventTarget")) == 4


def test_a_stage_whose_databases_have_no_options_is_deployed_as_before() -> None:
    names = [one.name for one in record()]
    assert [one.name for one in record(databases='{"orders": {}}')] == names
    assert not [name for name in names if "options" in name or "rule-" in name]
