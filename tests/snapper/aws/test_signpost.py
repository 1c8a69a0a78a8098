"""A stage is found by its name; what the command line says of one that is not, is tested there."""

import pytest

from snapper.aws.signpost import of_account


def test_an_account_that_aws_does_not_name_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "https://127.0.0.1:1")
    assert of_account() == ""
