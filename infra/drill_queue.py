"""Drills waiting for the prover; those that failed lie with the dead letters of the dumps."""

from dataclasses import dataclass
from datetime import timedelta

import pulumi

from infra.iam import Statement, may_send, may_take
from infra.queue import DRILLS, waiting_queue
from infra.scope import Scope


@dataclass(frozen=True)
class DrillQueueArgs:
    """Whose queue, how long one drill may take, and where those go that failed too often."""

    scope: Scope
    drill_timeout: timedelta
    dead_letter_arn: pulumi.Output[str]


class DrillQueue(pulumi.ComponentResource):
    """The queue that the prover fills when a drill is due, and empties one by one."""

    url: pulumi.Output[str]
    arn: pulumi.Output[str]

    def __init__(
        self, name: str, args: DrillQueueArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("snapper:infra:DrillQueue", name, None, opts)
        queue = waiting_queue(
            f"{name}-queue",
            args.scope.name(DRILLS),
            args.scope,
            args.drill_timeout,
            args.dead_letter_arn,
            parent=self,
        )
        self.url, self.arn = queue.url, queue.arn
        self.register_outputs({"url": self.url})

    def may_use(self) -> pulumi.Output[list[Statement]]:
        """Put drills into the queue, and take them out of it."""
        return self.arn.apply(lambda arn: [may_send(arn), may_take(arn)])
