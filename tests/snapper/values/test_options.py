"""Each option is defined once, checked in full, and travels as it was written."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snapper.values.all_options import parse_options
from snapper.values.options import (
    UNSET,
    Options,
    OptionsInvalid,
    definitions,
)
from snapper.values.packing import ROOM

NOW = datetime(2026, 11, 23, tzinfo=UTC)
FORMS: list[Any] = [None, {}, True, 1.5, "", [1.5]]
NAMES = st.lists(st.text(st.characters(codec="utf-8"), min_size=1).filter(str.isprintable))


def faults(**options: Any) -> tuple[str, ...]:
    with pytest.raises(OptionsInvalid) as caught:
        Options.read(options)
    return caught.value.faults


def test_what_is_not_said_is_the_default_and_travels_as_nothing() -> None:
    assert Options.read({}) == UNSET
    assert UNSET.to_json() == ""


@given(NAMES, st.integers(60, 900))
def test_what_travels_is_read_as_it_was(names: list[str], timeout: int) -> None:
    options = Options(exclude_schemas=tuple(dict.fromkeys(names)), timeout=timeout)
    if all(name.strip() for name in names):
        assert Options.from_json(options.to_json()) == options
        assert "{{" not in options.to_json(), "Parameter Store would read another parameter"


def test_every_definition_has_words_and_an_example_that_is_right() -> None:
    for name, each in definitions():
        example: Any = each.kind.example
        if "list" in each.kind.words:
            example = [example]
        elif "number" in each.kind.words:
            example = int(example)
        elif "true" in each.kind.words:
            example = True
        assert Options.read({name: example}) != UNSET
        assert each.description
        assert each.unset


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(
            (name, value)
            for name, _ in definitions()
            for value in FORMS
            if (name, value) != ("contentsInClear", True)
        ),
        ("timeout", 59),
        ("timeout", 901),
        ("maxAgeHours", 0),
        ("maxAgeHours", 8785),
        ("schedule", "rate(1 days)"),
        ("schedule", "rate(1 hour)\n"),
        ("excludeSchemas", "scratch"),
        ("excludeSchemas", ["a\nb"]),
        ("drill", "Daily"),
        ("drill", "never"),
        ("dumpJobs", 9),
        ("provenWithinDays", -1),
        ("provenWithinDays", 367),
        ("assertions", "SELECT true"),
        ("assertions", ["SELECT\x1b[2J true"]),
        ("assertions", [" \n "]),
        ("auth", "Password"),
    ],
)
def test_a_value_of_another_form_is_refused_by_the_options_name(name: str, value: Any) -> None:
    (fault,) = faults(**{name: value})
    assert fault.startswith(f"{name} ")


def test_a_name_that_the_shell_makes_a_number_of_is_a_name() -> None:
    assert Options.read({"excludeSchemas": [2020, "2020"]}).exclude_schemas == ("2020",)
    assert faults(excludeSchemas=[True])


def test_off_without_quotes_is_what_yaml_makes_of_it() -> None:
    assert Options.read({"drill": False}).drill == Options.read({"drill": "off"}).drill == "off"
    assert faults(drill=True)


def test_no_days_is_another_thing_than_nothing_said_of_days() -> None:
    assert Options.read({"provenWithinDays": 0}).to_dict() == {"provenWithinDays": 0}
    assert UNSET.proven_within_days is None


def test_a_query_may_have_more_than_one_line() -> None:
    text = "SELECT count(*) > 0\n\tFROM orders"
    options = Options.read({"assertions": [text]})
    assert options.assertions == (text,)
    assert Options.from_json(options.to_json()) == options


def test_a_token_and_a_secret_contradict_each_other() -> None:
    secret = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:orders-AbCdEf"
    assert faults(auth="rds-iam", secret=secret) == (
        "auth is rds-iam and secret is set: a token needs no password",
    )


def test_options_that_fit_into_no_parameter_are_refused() -> None:
    found: list[str] = []
    parse_options(
        {"orders": {"excludeSchemas": [f"s{n}" for n in range(ROOM)]}}, ["orders"], found, NOW
    )
    assert found == ["databases.orders has options of more than 4096 bytes"]


@pytest.mark.parametrize("schedule", ["cron(0 3 31 2 ? *)", "cron(0 3 1 1 ? 2020)"])
def test_a_schedule_that_never_fires_is_refused_and_not_when_it_is_read_again(
    schedule: str,
) -> None:
    found: list[str] = []
    parse_options({"orders": {"schedule": schedule}}, ["orders"], found, NOW)
    (fault,) = found
    assert fault.startswith(f"databases.orders: schedule is {schedule}, it never fires")
    assert Options.from_json(f'{{"schedule": "{schedule}"}}').schedule == schedule
