"""What becomes of functions when they are removed: nothing of them is left, whatever they do."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from local.emulator.cloud import Cloud
from local.runtime.api import Invocation
from local.runtime.environment import Environment
from local.runtime.host import LambdaHost
from snapper.machine import watchdog
from tests.support.cloud import LONGEST, eventually, invoke, make_function

ANSWER = "def handler(event, context): return {}"


@pytest.fixture
def host(cloud: Cloud, tmp_path: Path) -> Iterator[LambdaHost]:
    with LambdaHost(cloud, tmp_path / "run") as started:
        yield started


def test_an_environment_that_is_starting_while_its_function_is_removed_is_ended_too(
    cloud: Cloud, host: LambdaHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_function(cloud, host, tmp_path, "just-starting", f"print('loaded')\n{ANSWER}")
    start, started = host._start, Future[Environment]()
    removed = threading.Event()

    def waiting(installed: Any) -> Environment:
        environment = start(installed)
        eventually(lambda: "loaded" in host.logs("just-starting"))
        started.set_result(environment)
        assert removed.wait(LONGEST)
        return environment

    monkeypatch.setattr(host, "_start", waiting)
    with ThreadPoolExecutor() as threads:
        call = Invocation("1", "arn", int((time.time() + LONGEST) * 1000), b"{}")
        handled = threads.submit(host.handle, "just-starting", call)
        environment = started.result(LONGEST)
        removal = threads.submit(host.remove, "just-starting")
        eventually(lambda: "just-starting" not in host._installed)
        removed.set()
        removal.result(LONGEST)
        handled.result(LONGEST)
    assert not environment.is_usable
    assert not (host._functions / "just-starting").exists()


def test_it_ends_with_all_functions_also_those_at_work(cloud: Cloud, tmp_path: Path) -> None:
    before = set(threading.enumerate())
    with LambdaHost(cloud, tmp_path / "run") as host:
        make_function(cloud, host, tmp_path, "idle", ANSWER)
        invoke(cloud, "idle")
        source = "import time\ndef handler(event, context): print('busy'); time.sleep(3600)"
        make_function(cloud, host, tmp_path, "busy", source, timeout=900)
        caller = threading.Thread(target=invoke, args=(cloud, "busy"))
        caller.start()
        eventually(lambda: "busy" in host.logs("busy"))
        environments = [
            one for each in host._installed.values() for one in (*each.idle, *each.busy)
        ]
        processes = watchdog.family(one._child.pid for one in environments)
        assert len(processes) == len(environments) == 2
        threads = [
            thread
            for thread in set(threading.enumerate()) - before
            if thread.name == "lambda-host" or thread.name.endswith(("-idle", "-busy"))
        ]
        assert len(threads) == 1 + 2 * 3  # of each environment one watches, and two write its log
    caller.join(LONGEST)
    eventually(lambda: not watchdog.alive(processes))
    eventually(lambda: not any(thread.is_alive() for thread in threads))
    assert {one._api._server.fileno() for one in environments} == {-1}
    left = {path.name for path in (tmp_path / "run").rglob("*")}
    assert left == {"logs", "busy.log", "idle.log"}
    assert not host._functions.exists()
