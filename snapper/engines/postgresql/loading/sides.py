"""Sessions beside the main one, which take tasks off a list until there is none left.

What is refused there is not judged there: it is left to the main session, and to its rules. But a
session that is lost may have done what it was at, so that ends it all, as it does in the main one.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Self

import psycopg2

from snapper.engines.postgresql.loading import leniency
from snapper.engines.postgresql.loading.refusal import refusal
from snapper.engines.postgresql.loading.statement_runner import StatementRunner
from snapper.engines.postgresql.loading.task import Loading
from snapper.engines.postgresql.reading.statements import Statement
from snapper.errors import SnapperError

_LOOK = 0.2
"""Seconds until it is looked whether one of several sessions has failed."""


@dataclass(frozen=True)
class Task:
    """What one session does: `do` it, which runs the `statement`.

    Two that hold the same thing are not done at once.
    """

    statement: Statement
    do: Callable[[StatementRunner], None]
    holds: frozenset[bytes] = frozenset()


@dataclass
class _Work:
    """The tasks of one call, under one lock; those that are `done` by their number."""

    left: list[tuple[int, Task]]
    done: set[int] = field(default_factory=set)
    held: set[bytes] = field(default_factory=set)
    failure: BaseException | None = None
    stopped: bool = False


class Sides:
    """Up to `most` sessions; each is opened by `connect` when it is first needed.

    The block ends them all, whatever it ends with.
    """

    def __init__(self, connect: Callable[[], StatementRunner], most: int, loading: Loading) -> None:
        self._connect, self._most, self._loading = connect, most, loading
        self._idle: list[StatementRunner] = []
        self._busy: set[StatementRunner] = set()
        self._lock = threading.Condition()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for runner in self._idle:
            runner.close()

    def refused(self, tasks: Sequence[Task]) -> list[int]:
        """Do the tasks, the first ones first; give the numbers of those that were not done.

        Raises RestoreFailed where a session was lost, or what a task raises: nothing is under way
        any more then.
        """
        work = _Work(list(enumerate(tasks)))
        threads = [
            threading.Thread(target=self._serve, args=[work], name="side")
            for _ in range(min(self._most, len(tasks)))
        ]
        try:
            for thread in threads:
                thread.start()
            while any(thread.is_alive() for thread in threads):
                for thread in threads:
                    thread.join(_LOOK)
                    if work.failure:
                        raise work.failure
        except BaseException as why:
            self._leave(work, why)
            raise
        finally:
            for thread in threads:
                if thread.ident:
                    thread.join()
        if work.failure:
            raise work.failure
        return [number for number in range(len(tasks)) if number not in work.done]

    def _leave(self, work: _Work, why: BaseException) -> None:
        """End what is under way; its server is asked to stop it."""
        with self._lock:
            work.stopped = True
            self._lock.notify_all()
            busy = list(self._busy)
        for runner in busy:
            runner.leave(why)

    def _serve(self, work: _Work) -> None:
        """Be a thread with a session; where none is given, the others do the work."""
        try:
            with self._session() as runner:
                while runner and (taken := self._take(work)):
                    number, task = taken
                    try:
                        if self._does(task, runner):
                            work.done.add(number)
                    finally:
                        self._give_back(work, task)
        except BaseException as failure:
            with self._lock:
                work.failure = work.failure or failure
                work.stopped = True
                self._lock.notify_all()

    @contextmanager
    def _session(self) -> Iterator[StatementRunner | None]:
        with self._lock:
            runner = self._idle.pop() if self._idle else None
        try:
            runner = runner or self._connect()
        except (SnapperError, psycopg2.Error):
            yield None
            return
        with self._lock:
            self._busy.add(runner)
        try:
            yield runner
        except BaseException:
            runner.close()
            raise
        else:
            self._idle.append(runner)
        finally:
            with self._lock:
                self._busy.discard(runner)

    def _does(self, task: Task, runner: StatementRunner) -> bool:
        try:
            task.do(runner)
        except psycopg2.Error as error:
            if leniency.ends_all(error):
                raise refusal(task.statement, error, runner, self._loading) from None
            return False
        return True

    def _take(self, work: _Work) -> tuple[int, Task] | None:
        """Give the first task that may be done now; wait where there is none yet."""
        with self._lock:
            while work.left and not work.stopped:
                for at, (_, task) in enumerate(work.left):
                    if work.held.isdisjoint(task.holds):
                        work.held.update(task.holds)
                        return work.left.pop(at)
                self._lock.wait()
        return None

    def _give_back(self, work: _Work, task: Task) -> None:
        with self._lock:
            work.held.difference_update(task.holds)
            self._lock.notify_all()
