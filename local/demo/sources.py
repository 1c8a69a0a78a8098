"""Where the demo's data comes from: sample servers of its own, or the user's databases."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Self

from local.demo import sample
from snapper.engines.postgresql.trying.throw_away import PostgresServer
from snapper.values.secrets import Database


class Sources:
    """The databases to back up; with none of the user's own, the samples on their servers."""

    def __init__(self, own: Sequence[Database], retention: int, directory: Path) -> None:
        self.are_samples = not own
        self._own = tuple(own)
        self._retention = retention
        self._samples = {
            # By TCP, as the service reaches every database; what they hold is made up.
            each: PostgresServer(each.major, directory / each.key, sample.new_password(), tcp=True)
            for each in (() if own else sample.SAMPLES)
        }

    @property
    def databases(self) -> tuple[Database, ...]:
        """The databases as they are configured; samples must have been started."""
        return self._own or tuple(
            Database(each.key, server.dsn(each.name), self._retention)
            for each, server in self._samples.items()
        )

    @property
    def majors(self) -> tuple[int, ...]:
        """The majors of the sample servers."""
        return tuple(each.major for each in self._samples)

    def start(self) -> None:
        """Start the sample servers side by side and fill them."""
        with ThreadPoolExecutor() as pool:
            list(pool.map(self._fill, self._samples))

    def change(self, run: int) -> None:
        """Let time pass in the samples; the user's own databases are never written to."""
        for each, server in self._samples.items():
            sample.change(server.dsn(each.name), run)

    def _fill(self, each: sample.Sample) -> None:
        server = self._samples[each]
        server.start()
        sample.write(each, server.dsn(), server.dsn(each.name))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for server in self._samples.values():
            server.stop()
