"""Root's servers run as users of their own: each as another, and nothing of one is left."""

import os
import subprocess
import sys

import pytest

from snapper.machine.unprivileged import unprivileged
from tests.support.cloud import eventually

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can act as somebody else")


@as_root
def test_each_account_is_another_user_in_the_one_group() -> None:
    accounts = [unprivileged() for _ in range(8)]
    assert len({account.user for account in accounts}) > 1
    assert len({account.group for account in accounts}) == 1
    assert all(account.user not in (None, 0, account.named) for account in accounts)


@as_root
def test_what_got_away_from_us_is_ended_with_the_account() -> None:
    account = unprivileged()
    assert account.user
    waiting = "import time; print(flush=True); time.sleep(3600)"
    command = [sys.executable, "-I", "-c", f"import os; os.setuid({account.user}); {waiting}"]
    stray = subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True)
    with stray:
        assert stray.stdout is not None
        stray.stdout.readline()
        account.end_all()
        eventually(lambda: stray.poll() is not None)
        stray.kill()
    assert stray.returncode == -9
