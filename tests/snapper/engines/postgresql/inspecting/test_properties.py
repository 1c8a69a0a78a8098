"""What is set on a database comes back as it was written, and tells no value of a setting."""

import json
from dataclasses import asdict
from typing import Any

import pytest

from snapper.engines.postgresql.inspecting.properties import Locale, Properties
from tests.support.properties import SAMPLE, SECRET


def plain() -> Any:
    return json.loads(json.dumps(asdict(SAMPLE)))


def test_properties_come_back_as_they_were_written() -> None:
    assert Properties.from_dict(plain()) == SAMPLE


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        (("owner",), None),
        (("connection_limit",), True),
        (("connection_limit",), "7"),
        (("locale",), None),
        (("locale", "provider"), 1),
        (("rights",), None),
        (("rights", 0), "CONNECT"),
        (("rights", 0, "grantable"), 1),
        (("settings", 0), {}),
        (("settings", 0, "value"), None),
    ],
)
def test_what_is_of_another_kind_is_not_read(path: tuple[Any, ...], wrong: Any) -> None:
    found = plain()
    inner = found
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = wrong
    with pytest.raises((KeyError, TypeError)):
        Properties.from_dict(found)


def test_the_roles_that_are_named_are_known() -> None:
    assert SAMPLE.roles == ("reader", 'the "owner"')


def test_the_value_of_a_setting_is_in_no_word_of_it() -> None:
    assert SECRET not in repr(SAMPLE)
    assert "app.jwt_secret" in repr(SAMPLE)


def test_a_locale_is_told_by_its_own_name() -> None:
    assert str(SAMPLE.locale) == "de-AT of icu"
    assert str(Locale("libc", "en_US.UTF-8", "C", "", "")) == "en_US.UTF-8 of libc"
