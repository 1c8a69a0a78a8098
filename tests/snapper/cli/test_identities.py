"""What is done wrong with a key at the command line tells nobody the key."""

import sys

import pytest
import typer

from snapper.cli import restore
from snapper.cli.identities import Keys
from snapper.cli.key_new import new_kit
from snapper.errors import SettingsError
from snapper.sealing.key_file import new_identity
from tests.support.ssh_keys import an_ssh_key
from tests.support.terminal import Terminal


@pytest.mark.parametrize(
    "key", [new_identity().text, an_ssh_key("ed25519").private], ids=["of age", "of SSH"]
)
def test_a_key_in_place_of_the_name_of_a_file_is_not_repeated(key: str) -> None:
    with pytest.raises(SettingsError, match="is a key itself") as refused:
        Keys([key]).all()
    assert not {*key.split()} & {*f"{refused.value} {refused.value.hint}".split()} - {"KEY"}


def test_a_file_that_is_not_there_is_named() -> None:
    with pytest.raises(SettingsError, match=r"age-secret-key-1\.txt cannot be read: No such file"):
        Keys(["age-secret-key-1.txt"]).all()


def test_what_is_typed_in_another_encoding_is_refused_unshown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def typed(*_: object, **__: object) -> str:
        return b"caf\xe9 au lait".decode()

    monkeypatch.setattr(sys, "stdin", Terminal())
    monkeypatch.setattr(typer, "prompt", typed)
    for ask in (
        Keys(()).all,
        restore._asked,
        lambda: new_kit(None, "", None, None, passphrase=True, json=False),
    ):
        with pytest.raises(SettingsError, match="is no text in the encoding") as refused:
            ask()
        assert "xe9" not in str(refused.value)
