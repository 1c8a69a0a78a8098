"""A trial that would take too long is ended by itself, and holds nothing against the backup."""

import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from snapper.aws.vault import Vault
from snapper.engines.facts import TrialOptions
from snapper.engines.postgresql.dumping.client_tools import ClientTools
from snapper.engines.postgresql.trying.bundled import of_major
from snapper.engines.postgresql.trying.cluster import run
from snapper.engines.postgresql.trying.installed import Programs
from snapper.engines.postgresql.trying.trial import try_restore
from snapper.errors import DeadlineReached
from snapper.machine.children import Child
from snapper.values.deadline import RESERVE, Deadline
from snapper.values.manifest import Manifest
from snapper.verbs.restore import Dump
from tests.support.cloud import LONGEST
from tests.support.databases import Source

BackUp = Callable[[Source], Manifest]


def test_the_server_is_ended_when_its_time_is_over(
    source: Callable[..., Source],
    back_up: BackUp,
    vault: Vault,
    tools: ClientTools,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The timer is the test's own: it fires when the dump is being read, and no sooner."""
    manifest = back_up(source(18))
    reading, over = threading.Event(), threading.Event()

    class Timer(threading.Thread):
        def __init__(self, seconds: float, end: Callable[[], None]) -> None:
            super().__init__()
            self._end = end
            waits.append(seconds)

        def run(self) -> None:
            reading.wait(LONGEST)
            self._end()
            over.set()

        def cancel(self) -> None:
            reading.set()

    waits: list[float] = []
    monkeypatch.setattr("snapper.engines.postgresql.trying.in_time.Timer", Timer)

    class Slow:
        def __iter__(self) -> Iterator[bytes]:
            reading.set()
            over.wait(LONGEST)
            yield from Dump(vault, manifest)

    deadline = Deadline(lambda: RESERVE + 60.0, hint="have it proven elsewhere")
    with pytest.raises(DeadlineReached, match="it ran out of time after 60 s") as reached:
        try_restore(Slow(), manifest, tools, options=TrialOptions(deadline=deadline))
    assert reached.value.hint == "have it proven elsewhere"
    assert waits == [60.0]


@pytest.mark.long
def test_a_trial_that_is_quick_enough_is_not_hurt(
    source: Callable[..., Source], back_up: BackUp, vault: Vault, tools: ClientTools
) -> None:
    manifest = back_up(source(18))
    options = TrialOptions(deadline=Deadline.after(RESERVE + LONGEST))
    assert try_restore(Dump(vault, manifest), manifest, tools, options=options).rows == 1


@pytest.mark.long
@pytest.mark.parametrize("program", ["initdb", "postgres"])
def test_a_server_that_does_not_start_is_waited_for_no_longer(
    program: str,
    source: Callable[..., Source],
    back_up: BackUp,
    vault: Vault,
    tools: ClientTools,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It would be for ever: the machine's speed decides nothing."""
    manifest = back_up(source(18))
    tree = of_major(18)
    if program == "initdb":
        tree = Path(shutil.copytree(tree, tmp_path / "tree", symlinks=True))
        waits = tree / "bin/initdb"
        waits.unlink()
        waits.write_text("#!/bin/sh\nwhile :; do /bin/sleep 1; done\n")
        waits.chmod(0o755)
    else:

        def sleep(_: object, tree: Path, directory: Path, *__: object) -> Child:
            return run(["/bin/sleep", "600"], tree, directory, user=None, group=None)

        monkeypatch.setattr("snapper.engines.postgresql.trying.throw_away.run_behind_walls", sleep)
    monkeypatch.setattr(
        "snapper.engines.postgresql.trying.trial.choices", lambda *_: (Programs(18, tree),)
    )
    options = TrialOptions(deadline=Deadline.after(RESERVE + 4))
    with pytest.raises(DeadlineReached, match=r"it ran out of time after \d s"):
        try_restore(Dump(vault, manifest), manifest, tools, options=options)
