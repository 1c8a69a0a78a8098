"""Dump one database into the vault: all of it, or nothing."""

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

import snapper
from snapper.aws.parts import plan_parts
from snapper.aws.vault import Vault
from snapper.engines.bands import OneJob
from snapper.engines.checked_dump import LONGEST_SILENCE
from snapper.engines.engine import Engine, Engines, engine_of
from snapper.engines.facts import Facts
from snapper.engines.stream import GzipStream
from snapper.errors import AlreadyStored, DeadlineReached, DumpFailed, NotFollowed, SnapperError
from snapper.values.clock import is_ahead
from snapper.values.deadline import NO_DEADLINE, Deadline
from snapper.values.job import Job, write_time
from snapper.values.keys import mark_key, object_key
from snapper.values.manifest import Manifest
from snapper.values.sealed_for import NOBODY, SealedFor
from snapper.values.secrets import Database
from snapper.verbs.chain_link import Chain, Linked
from snapper.verbs.contents import keep_contents
from snapper.verbs.dump_log import DumpLog
from snapper.verbs.dumping import Dumping, Programs
from snapper.verbs.ending import Ending
from snapper.verbs.events import Events, tell_failure
from snapper.verbs.hand_over import HandOver
from snapper.verbs.holding import Holding
from snapper.verbs.in_time import stopped_in_time
from snapper.verbs.network import from_the_function
from snapper.verbs.place import made_for, nobody, place_for
from snapper.verbs.stored import Recipients, Stored, as_stored, dump_kind
from snapper.verbs.turns import Turns


@dataclass(frozen=True)
class Dumper:
    """What dumping needs beside the job: where to, with which engines, until when.

    `jobs` gives by how many programs at once a large database is dumped, of which its option says
    so many. `elsewhere` is where a dump goes that does not fit here; None where it goes nowhere.
    `chain` signs manifests, where they are signed. `sealed_for` holds where the options of a
    database say nothing else.
    """

    vault: Vault
    events: Events
    engines: Engines = engine_of
    deadline: Deadline = NO_DEADLINE
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    patience: float = LONGEST_SILENCE
    jobs: Callable[[int | None], int] = lambda asked: asked or 1
    turns: Turns | None = None
    elsewhere: HandOver | None = None
    chain: Chain | None = None
    sealed_for: SealedFor = NOBODY
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
        started_at, sealed_for = self.now(), self.sealed_for.of(database.options)
        recipients = sealed_for.read()
        with from_the_function():
            facts = engine.inspect(database, self._patience_left())
        if self._goes_elsewhere(job, database, facts):
            return None
        client = engine.client_for(facts)
        told = DumpLog(self.events, job, engine, facts, client, sealed_for.short)
        told.introduce()
        if self.chain:
            self.chain.try_out()
        try:
            stored = self._store(told, place.taken_at, database, recipients)
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
        if place.taken_at != job.scheduled_at and made_for(self.vault, job):
            # Who was taken for dead has written its manifest meanwhile: that is the backup, and
            # what lies here without one is none.
            self._skip(job)
            return None
        readers = () if sealed_for.contents_in_clear else recipients
        contents = keep_contents(self.vault, job, place, stored.gzip, readers, self.events)
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
            dump_bytes=stored.gzip.dump_bytes,
            backup_bytes=stored.object.backup_bytes,
            sha256=stored.object.sha256,
            engine=engine.kind,
            contents=contents,
            jobs=stored.jobs,
            recipients=tuple(each.text for each in recipients),
            packed_bytes=stored.gzip.backup_bytes if recipients else 0,
            packed_sha256=stored.gzip.sha256 if recipients else "",
            contents_in_clear=bool(contents and recipients and not readers),
            part=engine.part(facts, client),
        )
        return self._keep(job, manifest)

    def _keep(self, job: Job, bare: Manifest) -> Manifest | None:
        """Store the manifest, signed if any is: with it the backup exists.

        None where another delivery stores one at the same time, for which it was sealed otherwise.
        """
        linked = self.chain.link(bare) if self.chain else Linked(bare)
        manifest = linked.manifest
        if manifest.late:
            # Who may only list, as who prunes, is to know in which order backups were made.
            self._mark(manifest)
        try:
            self.vault.make(manifest.key, manifest.to_json().encode())
        except AlreadyStored:
            # Whose dump lies there, writes the manifest: what is there is ours, and only the answer
            # was lost. Another conflict is a failure.
            made = made_for(self.vault, job)
            if not made:
                raise
            if made.dumps[1:]:
                self._skip(job)
                return None
        if self.chain:
            self.chain.record(linked)
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

    def _store(
        self, told: DumpLog, at: datetime, database: Database, recipients: Recipients
    ) -> Stored:
        """Store the dump; raises as `Vault.upload` does."""
        plan, (kind, content) = plan_parts(told.facts.size), dump_kind(recipients)
        options = database.options
        key = object_key(told.job.database, at, kind)
        left = self._patience_left()
        dumping = Dumping(told.engine, database, told.facts, self.patience, left)

        def upload(jobs: int) -> Stored:
            with dumping.by(jobs, told.alone) as (programs, pieces):
                told.began(pieces.jobs)
                gzip = GzipStream(pieces)
                with (
                    as_stored(gzip, recipients) as stream,
                    self._watched(programs, told.job, database, told.facts),
                ):
                    self.vault.upload(stream, key, plan, content, options.storage_class)
            told.stored(programs.last_words())
            return Stored(gzip, stream, pieces.jobs)

        try:
            return upload(self.jobs(options.dump_jobs))
        except NotFollowed as odd:
            told.alone(OneJob(str(odd), odd.hint))
            return upload(1)

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
        self, source: Programs, job: Job, database: Database, facts: Facts
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
