"""Tombstones for what an operator prunes: asked of the pruner, for no operator may sign."""

from dataclasses import dataclass

from snapper.aws.functions import Functions
from snapper.cli.stage import Stage
from snapper.errors import AwsFailed, ObjectUnreadable
from snapper.values.job import write_time
from snapper.values.keys import Kind
from snapper.verbs.bury import NoTrace, Undertaker
from snapper.verbs.holding import Holding


@dataclass(frozen=True)
class _Asked:
    functions: Functions
    pruner: str

    def ready(self) -> None:
        """Leave it to the first tombstone: nothing is deleted before it either."""

    def bury(self, holding: Holding, reason: str) -> None:
        if Kind.MANIFEST not in holding.objects:
            return
        of = {"database": holding.database, "scheduled_at": write_time(holding.taken_at)}
        answer = self.functions.ask(self.pruner, {"bury": {**of, "reason": reason}})
        if unreadable := answer.get("unreadable"):
            raise ObjectUnreadable(str(unreadable), hint="it stays, and all others were deleted")
        if answer != {"buried": 1}:
            raise AwsFailed(f"{self.pruner} has left no tombstone", hint="see its log; pulumi up")


def asked_of(stage: Stage) -> Undertaker:
    """Give who leaves the tombstones of a stage, if it signs."""
    if not stage.service.signing_key:
        return NoTrace()
    return _Asked(stage.functions, stage.service.pruner)
