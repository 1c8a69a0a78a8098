"""A stage is found by its name; what the command line says of one that is not, is tested there."""

import pytest

from snapper.aws import client as aws
from snapper.aws.signpost import of_account
from snapper.errors import SettingsError


class _Sts:
    def get_caller_identity(self) -> dict[str, str]:
        return {"Account": "123456789012"}


def test_the_account_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aws, "client", lambda *_: _Sts())
    assert of_account() == " of account 123456789012"


def test_an_account_that_cannot_be_asked_for_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> _Sts:
        raise SettingsError("the endpoint is no URL")

    monkeypatch.setattr(aws, "client", refused)
    assert of_account() == ""


def test_an_account_that_aws_does_not_name_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "https://127.0.0.1:1")
    assert of_account() == ""
