"""Several pg_dumps that are one dump: what ends one of them, or their snapshot, ends them all."""

import threading
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

from snapper.engines.bands import Arrived, Text
from snapper.engines.checked_dump import CheckedDump
from snapper.engines.postgresql.dumping.holder import Holder
from snapper.engines.postgresql.dumping.texts import Beginning, Remainder, RowsOnly
from snapper.errors import SnapperError

_GLANCE = 0.25
"""Seconds between two looks at what nobody reads just now."""

_LEAVING = 5.0
"""Seconds for the last look to end by itself."""

Came = Callable[[Sequence[Arrived]], None]


class _Watched:
    """One text, whose failure is that of all."""

    def __init__(self, text: Text, together: "Together") -> None:
        self._text = text
        self._together = together

    def read(self, size: int, /) -> bytes:
        """Give what has come; raises what was the first to fail."""
        try:
            return self._text.read(size)
        except SnapperError as error:
            self._together.stop(error)
            self._together.check()
            raise


class Together:
    """The running programs of one dump and the holder of their snapshot; see `Bands`."""

    def __init__(
        self,
        holder: Holder,
        before: CheckedDump,
        bands: Sequence[CheckedDump],
        after: CheckedDump,
        end: bytes,
        came: Came,
    ) -> None:
        """Take them over as they run; each ends with the bytes `end`."""
        beginning = Beginning(before, end)
        self.before: Text = _Watched(beginning, self)
        self.bands: Sequence[Text] = [_Watched(RowsOnly(each, end), self) for each in bands]
        self.after: Text = _Watched(Remainder(after, beginning), self)
        self._holder = holder
        self._dumps = [before, *bands, after]
        self._came = came
        self._stopped: SnapperError | None = None
        self._committed = False
        self._turn = threading.Lock()
        self._over = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="watch bands", daemon=True)

    def __enter__(self) -> Self:
        try:
            self._watcher.start()
        except BaseException:
            # Without memory for a thread there is nobody who would end the programs.
            self._end()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None:
        self._over.set()
        self._watcher.join(_LEAVING)
        self._end()

    def came(self, arrived: Sequence[Arrived]) -> None:
        """Take what came of each band; raises DumpFailed if that is not what there is."""
        self._came(arrived)

    def check(self) -> None:
        """Raise what the dump was stopped with, or has failed with."""
        if self._stopped is not None:
            raise self._stopped

    def commit(self) -> None:
        """Raise as `check` does, or take the last step."""
        with self._turn:
            self.check()
            self._committed = True

    def stop(self, reason: SnapperError) -> bool:
        """End all programs at once; gives whether that is certain, as `Bands` has it.

        Whoever reads gets the first of the reasons.
        """
        with self._turn:
            self._stopped = first = self._stopped or reason
            certain = not self._committed
        self._at_once(lambda dump: dump.stop(first))
        return certain

    def last_words(self) -> str:
        """Give what they said at their ends: what several said, once."""
        return " ".join(dict.fromkeys(filter(None, (each.last_words() for each in self._dumps))))

    def _watch(self) -> None:
        while not self._over.wait(_GLANCE):
            try:
                self._holder.look()
                for dump in self._dumps:
                    dump.look()
            except SnapperError as error:
                self.stop(error)
                return

    def _end(self) -> None:
        """Leave no program and no session behind."""
        try:
            self._at_once(lambda dump: dump.__exit__())
        finally:
            if self._watcher.is_alive():
                self._holder.leave()
            self._holder.close()

    def _at_once(self, action: Callable[[CheckedDump], object]) -> None:
        """Do it to all programs at the same time: each may take its time to end."""
        started = []
        for dump in self._dumps:
            thread = threading.Thread(target=action, args=(dump,), name="end", daemon=True)
            try:
                thread.start()
            except RuntimeError:
                # Without memory for a thread they are ended one by one.
                action(dump)
            else:
                started.append(thread)
        for thread in started:
            thread.join()
