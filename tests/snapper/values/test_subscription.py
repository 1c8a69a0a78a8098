"""Nobody who is told of failures is a warning, and so is who has not confirmed."""

from snapper.values.finding import Level
from snapper.values.subscription import Subscription, hearing

A = Subscription("a@example.com", confirmed=True)
B = Subscription("b@example.com", confirmed=False)


def test_who_has_confirmed_is_told() -> None:
    assert hearing([A]).level is Level.OK


def test_without_any_subscription_nobody_is_told() -> None:
    found = hearing([])
    assert found.level is Level.WARNING
    assert found.fact.startswith("nobody is notified of failures")
    assert "alarmEmail" in found.fix


def test_who_has_not_confirmed_is_named_and_not_counted() -> None:
    found = hearing([B])
    assert found.level is Level.WARNING
    assert found.fact == "not confirmed yet: b@example.com, so nobody is notified of failures"
    assert "link in the e-mail" in found.fix


def test_who_has_not_confirmed_is_a_warning_beside_others_too() -> None:
    found = hearing([A, B])
    assert found.level is Level.WARNING
    assert found.fact == "not confirmed yet: b@example.com; already notified: 1"
