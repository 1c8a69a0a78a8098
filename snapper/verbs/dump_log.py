"""What is logged of one dump: by what it is made, and what an operator should fix."""

from dataclasses import dataclass

from snapper.engines.bands import OneJob
from snapper.engines.engine import Engine
from snapper.engines.facts import Client, Facts
from snapper.values.job import Job, write_time
from snapper.verbs.events import Events

_OPTIONS_HINT = "change the options of this database, then pulumi up"


@dataclass(frozen=True)
class DumpLog:
    """Where it is logged, of which job, what is known of its database, who dumps it, for whom."""

    events: Events
    job: Job
    engine: Engine
    facts: Facts
    client: Client
    sealed_for: str = ""

    def introduce(self) -> None:
        """Log what should be otherwise before anything is dumped."""
        if not self.facts.encrypted:
            self.events.emit(
                "connection.plain",
                database=self.job.database,
                hint=self.engine.encryption_hint,
            )
        if self.client.older:
            self.events.emit(
                "client.older",
                database=self.job.database,
                server_version=self.facts.version,
                client_version=self.client.version,
                hint="update Snapper and run pulumi up, for the client of the server's own release",
            )

    def began(self, jobs: int) -> None:
        """Log what is dumped by what, and by how many of them at once."""
        self.events.emit(
            "dump.began",
            database=self.job.database,
            scheduled_at=write_time(self.job.scheduled_at),
            server_version=self.facts.version,
            client_version=self.client.version,
            database_bytes=self.facts.size,
            jobs=jobs,
            **({"sealed_for": self.sealed_for} if self.sealed_for else {}),
        )

    def alone(self, why: OneJob) -> None:
        """Log why one program dumps what several could."""
        self._warned(reason=f"one program dumps this database: {why.reason}", hint=why.hint)

    def stored(self, words: str) -> None:
        """Log what the program said, what is odd, and what the dump does not hold."""
        if words:
            # It ended well and warned: of subscriptions it may not see, or of circular keys.
            self._warned(words=words)
        for doubt in self.facts.doubts:
            self._warned(reason=doubt, hint=_OPTIONS_HINT)
        for omission in self.facts.omitted:
            self._warned(
                reason=omission.fact,
                omitted=omission.kind,
                objects=", ".join(omission.objects),
                count=omission.count,
                hint=omission.fix,
            )

    def _warned(self, **told: str | float) -> None:
        self.events.emit(
            "dump.warned",
            database=self.job.database,
            scheduled_at=write_time(self.job.scheduled_at),
            **told,
        )
