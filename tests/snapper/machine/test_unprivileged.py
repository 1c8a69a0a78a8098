"""Root's servers run as users of their own: each as another, and nothing of one is left."""

import os

import pytest

from snapper.errors import SnapperError
from snapper.machine.unprivileged import unprivileged

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can act as somebody else")


@as_root
def test_each_account_is_another_user_in_the_one_group() -> None:
    accounts = [unprivileged() for _ in range(8)]
    assert len({account.user for account in accounts}) > 1
    assert len({account.group for account in accounts}) == 1
    assert all(account.user not in (None, 0, account.named) for account in accounts)


def test_a_user_without_a_name_is_told_that_postgresql_wants_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 60_705)
    with pytest.raises(SnapperError, match="60705 has none") as refused:
        unprivileged()
    assert "/etc/passwd" in refused.value.hint
