"""One drill: a backup restored for the proof where no operator stands by, and what came of it."""

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime

from snapper.aws.vault import Vault
from snapper.engines.engine import Engines, engine_of
from snapper.errors import BackupDamaged, DeadlineReached, NoKey, TooLarge, Unprovable
from snapper.values.chain import said
from snapper.values.clock import AHEAD
from snapper.values.deadline import NO_DEADLINE, Deadline
from snapper.values.drill import Drill
from snapper.values.fit import TOO_LARGE, expected_seconds, misfit, misfit_of_container
from snapper.values.keys import Kind
from snapper.values.manifest import Manifest
from snapper.values.options import Options
from snapper.values.program import PROGRAM
from snapper.values.trial import Trial
from snapper.values.verification import WITHOUT_OPENING, Restored
from snapper.verbs.catalog import holding_at, read_manifest, verdict_on
from snapper.verbs.drill_events import named
from snapper.verbs.events import Events
from snapper.verbs.hand_over_drill import DrillHandOver
from snapper.verbs.holding import Holding
from snapper.verbs.judge import Judged, judge
from snapper.verbs.restore import Dump
from snapper.verbs.trial import record_trial, to_be_proven
from snapper.verbs.unsealed import Backups, Opening, without_key

_HINT = (
    "the stage has no drillIdentity by which drills open sealed backups: pulumi config set --secret"
    f" drillIdentity, or {PROGRAM} verify --restore --identity FILE restores it on your machine"
)


@dataclass(frozen=True)
class Prover:
    """What a drill needs beside its backup: where that lies, on which servers, in how much room.

    The `options` are those of all databases of the stage; a `disk_bytes` of zero is not known.
    `elsewhere` is where drills go that do not fit here, if there is such a place. `opening` opens
    sealed backups; where it does not, what can be proven without is.
    """

    vault: Vault
    events: Events
    options: Mapping[str, Options]
    disk_bytes: int = 0
    engines: Engines = engine_of
    deadline: Deadline = NO_DEADLINE
    elsewhere: DrillHandOver | None = None
    opening: Opening = without_key
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def prove(self, drill: Drill) -> str:
        """Restore the backup, record the verdict, and give what speaks against the backup.

        That is logged as `drill.failed`, a proof as `drill.ended`, as `drill.unopened` what was
        proven of a sealed backup without a key, as `drill.handed_over` what a container proves, and
        as `drill.skipped` what there is no need or no room to prove. Raises what kept the backup
        from being tried or the verdict from being recorded: neither says anything of the backup.
        """
        now, seconds = self.now(), self.deadline.seconds_left
        holding = holding_at(self.vault, drill.database, drill.taken_at, now)
        if needless := self._needless(drill, holding):
            return self._skip(drill, needless)
        if proven := self._proven_since(drill, holding):
            reason = "it was restored after this drill was ordered"
            self._tell("drill.skipped", drill, reason=reason, **_figures(proven))
            return ""
        if self._leaves(drill, holding, seconds):
            return ""
        self._tell("drill.began", drill)
        try:
            judged = judge(
                self.vault,
                holding,
                now,
                self._restore,
                lambda _: nullcontext(self._in_time),
                self.opening,
            )
        except DeadlineReached as late:
            manifest = read_manifest(self.vault, holding)
            return self._give_up(drill, manifest, seconds, f"{TOO_LARGE}: {late}")
        return self._conclude(drill, holding, judged, seconds)

    def _leaves(self, drill: Drill, holding: Holding, seconds: float | None) -> bool:
        """Hand over what does not fit here, and tell whether that was so."""
        if not self.elsewhere:
            return False
        try:
            manifest = read_manifest(self.vault, holding)
        except BackupDamaged:
            return False
        why = self.elsewhere.why(manifest, self.disk_bytes, seconds)
        if why:
            self.elsewhere.take(drill, manifest, why)
        return bool(why)

    def _give_up(self, drill: Drill, manifest: Manifest, seconds: float | None, reason: str) -> str:
        """Skip what was not proven in so many seconds, unless a container has the time for it."""
        if self.elsewhere and self.elsewhere.takes_late(manifest, seconds):
            self.elsewhere.take(drill, manifest, reason)
            return ""
        return self._skip(drill, reason, self.deadline.hint)

    def _conclude(
        self, drill: Drill, holding: Holding, judged: Judged, seconds: float | None
    ) -> str:
        """Log what has come of it, and give what speaks against the backup."""
        verdict, error = judged.verdict, judged.error
        against = ""
        if not verdict.sound:
            against = verdict.reason
            self._tell("drill.failed", drill, kind=BackupDamaged.__name__, reason=against)
        elif error and verdict.failed and verdict.failed.at == verdict.verified_at:
            against = verdict.failed.reason
            kind = type(error).__name__
            self._tell("drill.failed", drill, kind=kind, reason=against, hint=error.hint)
        if judged.unrecorded:
            raise judged.unrecorded
        if isinstance(error, TooLarge | DeadlineReached | Unprovable) and judged.manifest:
            begun_at = judged.manifest.begun_at
            # It was read whole: so much is known, and since when nothing more.
            record_trial(self.vault, drill.database, Trial(holding.taken_at, begun_at, verdict))
            if isinstance(error, Unprovable):
                return self._skip(drill, str(error), error.hint)
            return self._give_up(drill, judged.manifest, seconds, str(error))
        if isinstance(error, NoKey) and judged.manifest and not against:
            begun_at = judged.manifest.begun_at
            record_trial(self.vault, drill.database, Trial(holding.taken_at, begun_at, verdict))
            known = f"{WITHOUT_OPENING}; {said(link)}" if (link := judged.manifest.chain) else ""
            self._tell("drill.unopened", drill, reason=known or WITHOUT_OPENING, hint=_HINT)
            return against
        if error and not against:
            raise error
        if verdict.restored and not against:
            self._tell_proof(drill, judged, verdict.restored)
        return against

    def _needless(self, drill: Drill, holding: Holding) -> str:
        """Say why there is nothing to prove, if there is not."""
        if drill.database not in self.options:
            return "the stage has no such database"
        if Kind.MANIFEST not in holding.objects:
            return "the backup is no longer there"
        if holding.ahead:
            return f"the backup is {AHEAD}"
        return ""

    def _proven_since(self, drill: Drill, holding: Holding) -> Restored | None:
        """Give what another drill of this backup, or another delivery of this one, has proven."""
        try:
            verdict = verdict_on(self.vault, holding, read_manifest(self.vault, holding))
        except BackupDamaged:
            return None
        proven_at = verdict.proven_at if verdict else None
        if verdict is None or proven_at is None or proven_at < drill.ordered_at:
            return None
        return verdict.restored

    def _restore(self, backups: Backups, manifest: Manifest) -> Restored:
        if reason := misfit(manifest, self.disk_bytes, self.deadline.seconds_left):
            largest = misfit_of_container(manifest) if self.elsewhere else ""
            raise TooLarge(largest or reason)
        assertions = self.options[manifest.database].assertions
        options = to_be_proven(backups, manifest, assertions, self.deadline)
        engine = self.engines(manifest.engine)
        try:
            return engine.try_restore(Dump(backups, manifest), manifest, "", options)
        except DeadlineReached as late:
            # It seemed to fit: what takes many times as long is not large, but does not end.
            expected = f"{expected_seconds(manifest):.0f} s were expected"
            raise DeadlineReached(f"{late}, and {expected}", hint=late.hint) from None

    def _in_time(self, _: int) -> None:
        """Stop reading while there is still time to say so."""
        left = self.deadline.seconds_left
        if left is not None and left <= 0:
            raise DeadlineReached("there was no time left to read it", hint=self.deadline.hint)

    def _skip(self, drill: Drill, reason: str, hint: str = "") -> str:
        self._tell("drill.skipped", drill, reason=reason, hint=hint)
        return ""

    def _tell_proof(self, drill: Drill, judged: Judged, restored: Restored) -> None:
        size = judged.manifest.backup_bytes if judged.manifest else 0
        self._tell("drill.ended", drill, backup_bytes=size, **_figures(restored))

    def _tell(self, event: str, drill: Drill, **fields: str | float) -> None:
        self.events.emit(event, **named(drill), **fields)


def _figures(restored: Restored) -> dict[str, str | float]:
    proof = restored.proof
    lacking = {"lacking": str(proof.lacking)} if proof and proof.lacking else {}
    return {
        "tables": restored.tables,
        "rows": restored.rows,
        "seconds": restored.seconds,
        **lacking,
    }
