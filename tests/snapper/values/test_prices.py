"""List prices, and others in place of some."""

import pytest

from snapper.errors import SettingsError
from snapper.values.prices import LIST_PRICES


def test_some_prices_are_put_in_place_of_the_list_prices() -> None:
    own = LIST_PRICES.changed(
        {"region": "eu-central-1", "alarm": 0.12, "storage": {"STANDARD": 0.0245}}
    )
    assert (own.region, own.alarm) == ("eu-central-1", 0.12)
    assert own.storage_of("STANDARD") == 0.0245
    assert own.storage_of("STANDARD_IA") == LIST_PRICES.storage_of("STANDARD_IA")
    assert own.metric == LIST_PRICES.metric


def test_a_storage_class_that_nobody_knows_costs_what_the_dearest_does() -> None:
    assert LIST_PRICES.storage_of("WHATEVER") == max(LIST_PRICES.storage.values())


@pytest.mark.parametrize(
    "given",
    [
        [],
        {"alarms": 1},
        {"alarm": "cheap"},
        {"alarm": -1},
        {"alarm": True},
        {"alarm": float("nan")},
        {"region": 7},
        {"storage": 1},
        {"storage": {"STANDARD": None}},
    ],
)
def test_what_is_no_price_is_refused_with_a_hint(given: object) -> None:
    with pytest.raises(SettingsError) as refused:
        LIST_PRICES.changed(given)
    assert "bin/snapper cost --json" in refused.value.hint


def test_prices_written_as_json_read_back_as_they_are() -> None:
    assert LIST_PRICES.changed(LIST_PRICES.to_dict()) == LIST_PRICES
