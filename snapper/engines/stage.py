"""Strands that are read at once, each in a thread of its own; their pieces, as they come."""

import threading
from collections import deque
from collections.abc import Callable, Iterator

from snapper.engines.packing import Packed
from snapper.engines.strand import Strand

_MOST_WAITING = 512 << 10
"""Packed bytes that wait to be stored: more is not read until some are taken."""

Came = Callable[[], None]
"""Is called when all has come, and raises if something is missing."""


class Stage:
    """Strands which wait while enough of them is waiting."""

    def __init__(self, *strands: Strand, came: Came = lambda: None) -> None:
        self.strands = strands
        self._came = came
        self._turn = threading.Condition()
        self._waiting: deque[Packed] = deque()
        self._size = 0
        self._speaking: Strand | None = None
        self._threads: list[threading.Thread] = []
        self._ended = 0
        self._closed = False
        self._failed: BaseException | None = None

    def start(self, stop: Callable[[BaseException], None]) -> None:
        """Begin to read, once; `stop` is told of a fault, wherever the reader of this is."""
        for strand in self.strands[len(self._threads) :]:
            run = threading.Thread(target=self._run, args=(strand, stop), daemon=True)
            run.start()
            self._threads.append(run)

    @property
    def is_running(self) -> bool:
        """Whether any of it still reads."""
        with self._turn:
            return self._ended < len(self._threads)

    def close(self) -> None:
        """Have nobody wait for a turn any more: nothing more is taken."""
        with self._turn:
            self._closed = True
            self._turn.notify_all()

    def join(self) -> None:
        """Wait until nothing is read any more."""
        for thread in self._threads:
            thread.join()

    def check(self) -> None:
        """Raise what a strand has failed with."""
        if self._failed:
            raise self._failed

    def __iter__(self) -> Iterator[Packed]:
        """Give all pieces; raises what a strand failed with, or what `came` says."""
        while piece := self._next():
            yield piece
        self._came()

    def _next(self) -> Packed | None:
        with self._turn:
            self._turn.wait_for(
                lambda: self._failed or self._waiting or self._ended == len(self.strands)
            )
            self.check()
            if not self._waiting:
                return None
            piece = self._waiting.popleft()
            self._size -= piece.size
            self._turn.notify_all()
            return piece

    def _run(self, strand: Strand, stop: Callable[[BaseException], None]) -> None:
        try:
            for piece in strand.pieces():
                if not self._put(strand, piece):
                    break
        except BaseException as error:
            with self._turn:
                self._failed = self._failed or error
            stop(error)
        finally:
            with self._turn:
                self._ended += 1
                self._turn.notify_all()

    def _put(self, strand: Strand, piece: Packed) -> bool:
        """Have a piece wait, when it is its turn; False if nobody will take it."""

        def may_wait() -> bool:
            fits = not self._waiting or self._size + piece.size <= _MOST_WAITING
            return self._closed or (fits and self._speaking in {None, strand})

        with self._turn:
            self._turn.wait_for(may_wait)
            if self._closed:
                return False
            self._waiting.append(piece)
            self._size += piece.size
            # What is not whole goes on before anybody else's.
            self._speaking = None if piece.whole else strand
            self._turn.notify_all()
            return True
