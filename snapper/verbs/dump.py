"""Dump one database into the vault: all of it, or nothing."""

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

import snapper
from snapper.aws.parts import plan_parts
from snapper.aws.vault import Vault
from snapper.engines.checked_dump import LONGEST_SILENCE, CheckedDump
from snapper.engines.engine import Engine, Engines, engine_of
from snapper.engines.facts import Client, Facts
from snapper.engines.joined import Joined
from snapper.engines.listing import Listing
from snapper.engines.stage import Stage
from snapper.engines.strand import Strand
from snapper.engines.stream import GzipStream
from snapper.errors import AlreadyStored, DeadlineReached, DumpFailed, SnapperError
from snapper.values.clock import is_ahead
from snapper.values.deadline import NO_DEADLINE, Deadline
from snapper.values.job import Job, write_time
from snapper.values.keys import Kind, mark_key, object_key
from snapper.values.manifest import Manifest
from snapper.values.secrets import Database
from snapper.verbs.contents import keep_contents
from snapper.verbs.ending import Ending
from snapper.verbs.events import Events, tell_failure
from snapper.verbs.hand_over import HandOver
from snapper.verbs.holding import Holding
from snapper.verbs.in_time import stopped_in_time
from snapper.verbs.network import from_the_function
from snapper.verbs.place import made_for, nobody, place_for
from snapper.verbs.turns import Turns

_OPTIONS_HINT = "change the options of this database, then pulumi up"


@dataclass(frozen=True)
class Dumper:
    """What dumping needs beside the job: where to, with which engines, until when.

    `elsewhere` is where a dump goes that does not fit here; None where it goes nowhere.
    """

    vault: Vault
    events: Events
    engines: Engines = engine_of
    deadline: Deadline = NO_DEADLINE
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    patience: float = LONGEST_SILENCE
    turns: Turns | None = None
    elsewhere: HandOver | None = None
    ending: Ending = field(default_factory=Ending)

    def dump(self, job: Job, database: Database) -> Manifest | None:
        """Make the backup of this job; None where an earlier delivery did, or another place does.

        The object appears when the dump has ended well and its last byte has arrived; the list of
        its contents follows, then the manifest, and with it the backup exists. After any error it
        does not, and no upload is left open. Raises DumpFailed, DeadlineReached,
        DatabaseUnreachable, DatabaseUnsupported, BackupInProgress, ServerBusy, AwsFailed.
        """
        self._refuse_ahead(job)
        at_work = self.elsewhere.is_at_work if self.elsewhere else nobody
        place = place_for(self.vault, job, self.now(), at_work)
        if place.entry.complete:
            self._skip(job)
            return None
        engine = self.engines(database.kind)
        with ExitStack() as stack:
            if self.turns:
                left, now = self._patience_left(), self.now()
                turn = self.turns.hold(job, database, engine, left, now, self.events)
                stack.enter_context(turn)
            return self._make(job, place, database, engine)

    def _make(
        self, job: Job, place: Holding, database: Database, engine: Engine
    ) -> Manifest | None:
        started_at = self.now()
        with from_the_function():
            facts = engine.inspect(database, self._patience_left())
        if self._goes_elsewhere(job, database, facts):
            return None
        client = engine.client_for(facts)
        self._introduce(job, facts, client, engine)
        try:
            stream = self._store(job, place.taken_at, database, facts, engine)
        except AlreadyStored:
            # The other delivery won while this one was dumping: its backup stands.
            if made_for(self.vault, job):
                self._skip(job)
                return None
            raise
        except DeadlineReached as late:
            if late.handed_over:
                return None
            raise
        contents = keep_contents(self.vault, job, place.taken_at, stream, self.events)
        manifest = Manifest(
            database=job.database,
            database_name=facts.database_name,
            scheduled_at=place.taken_at,
            started_at=started_at,
            finished_at=self.now(),
            snapper_version=snapper.__version__,
            server_version=facts.version,
            source=facts.identity,
            encrypted_connection=facts.encrypted,
            database_bytes=facts.size,
            dump_bytes=stream.dump_bytes,
            backup_bytes=stream.backup_bytes,
            sha256=stream.sha256,
            engine=engine.kind,
            contents=contents,
            part=engine.part(facts, client),
        )
        if manifest.late:
            # Who may only list, as who prunes, is to know in which order backups were made.
            self._mark(manifest)
        try:
            self.vault.make(manifest.key, manifest.to_json().encode())
        except AlreadyStored:
            # Whose dump lies there, writes the manifest: what is there is ours, and only the answer
            # was lost. Another conflict is a failure.
            if not made_for(self.vault, job):
                raise
        return manifest

    def _mark(self, manifest: Manifest) -> None:
        """Leave the object that says when a backup was begun; once is enough."""
        at = manifest.scheduled_at
        with suppress(AlreadyStored):
            self.vault.make(mark_key(manifest.database, at, manifest.started_at), b"")

    def _refuse_ahead(self, job: Job) -> None:
        """Raise DumpFailed for a time still to come: no backup may bear it and pass for newer."""
        now = self.now()
        if is_ahead(job.scheduled_at, now):
            raise DumpFailed(
                f"the job is for {write_time(job.scheduled_at)}, and it is {write_time(now)}",
                hint="the clock of who sent it is wrong, or somebody else may write to the queue",
            )

    def _introduce(self, job: Job, facts: Facts, client: Client, engine: Engine) -> None:
        """Log what is dumped by what, and what an operator should fix."""
        if not facts.encrypted:
            self.events.emit(
                "connection.plain",
                database=job.database,
                hint=engine.encryption_hint,
            )
        if client.older:
            self.events.emit(
                "client.older",
                database=job.database,
                server_version=facts.version,
                client_version=client.version,
                hint="update Snapper and run pulumi up, for the client of the server's own release",
            )
        self.events.emit(
            "dump.began",
            database=job.database,
            scheduled_at=write_time(job.scheduled_at),
            server_version=facts.version,
            client_version=client.version,
            database_bytes=facts.size,
        )

    def _store(
        self, job: Job, at: datetime, database: Database, facts: Facts, engine: Engine
    ) -> GzipStream:
        source = engine.dump(database, facts, self.patience)
        whole = Stage(Strand(source, Listing(engine.sections.follow(facts.part))))
        with (
            source,
            Joined(source, whole) as pieces,
            self._watched(source, job, database, facts),
        ):
            stream = GzipStream(pieces)
            key = object_key(job.database, at, Kind.DUMP)
            self.vault.upload(stream, key, plan_parts(facts.size))
        if words := source.last_words():
            # It ended well and warned: of subscriptions it may not see, or of circular keys.
            self.events.emit(
                "dump.warned",
                database=job.database,
                scheduled_at=write_time(job.scheduled_at),
                words=words,
            )
        for doubt in facts.doubts:
            self.events.emit(
                "dump.warned",
                database=job.database,
                scheduled_at=write_time(job.scheduled_at),
                reason=doubt,
                hint=_OPTIONS_HINT,
            )
        for omission in facts.omitted:
            self.events.emit(
                "dump.warned",
                database=job.database,
                scheduled_at=write_time(job.scheduled_at),
                reason=omission.fact,
                omitted=omission.kind,
                objects=", ".join(omission.objects),
                count=omission.count,
                hint=omission.fix,
            )
        return stream

    def _patience_left(self) -> float:
        """Give the seconds that a server may take for an answer: not more than there are."""
        seconds = self.deadline.seconds_left
        return self.patience if seconds is None else max(min(self.patience, seconds), 1.0)

    def _goes_elsewhere(self, job: Job, database: Database, facts: Facts) -> bool:
        """Hand over what will not end in time here, and tell whether it was."""
        if self.elsewhere is None:
            return False
        left, now = self.deadline.seconds_left, self.now()
        why = self.elsewhere.why(job, database, facts.size, left, now)
        if why:
            self.elsewhere.take(job, database, facts.size, why)
        return bool(why)

    def _watched(
        self, source: CheckedDump, job: Job, database: Database, facts: Facts
    ) -> AbstractContextManager[None]:
        """Stop the dump while there is still time to clear up, and say so."""

        def tell(reason: SnapperError) -> None:
            tell_failure(self.events, "dump.failed", job, reason)

        def tell_late(reason: DeadlineReached) -> None:
            if self.elsewhere:
                self.elsewhere.take_late(job, database, facts.size, reason)
            tell(reason)

        return stopped_in_time(source, self.deadline, self.ending, tell, tell_late)

    def _skip(self, job: Job) -> None:
        """Tell that there is nothing to do."""
        self.events.emit(
            "dump.skipped",
            database=job.database,
            scheduled_at=write_time(job.scheduled_at),
            reason="an earlier delivery of this job has made the backup",
        )
