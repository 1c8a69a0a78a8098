"""The dispatcher: at the scheduled time, one job for every database."""

from dataclasses import dataclass

import pulumi

from infra.function import Function, FunctionArgs, Runtime, failing_loudly
from infra.layers import Layers
from infra.queue import DumpQueue
from infra.rule import Rule, call_by
from infra.secrets import SecretParameters
from snapper.values.settings import DispatcherSettings
from snapper.values.timetable import mark_of

MEMORY = 256
TIMEOUT = 60


@dataclass(frozen=True)
class DispatcherArgs:
    """What runs it, when, and the rooms it works between.

    `own_schedules` are those that single databases have in place of the stage's.
    """

    runtime: Runtime
    schedule: str
    own_schedules: frozenset[str]
    layers: Layers
    secrets: SecretParameters
    queue: DumpQueue


class Dispatcher(pulumi.ComponentResource):
    """The function, the rule that calls it, and where a failed call goes."""

    function_name: pulumi.Output[str]

    def __init__(
        self, name: str, args: DispatcherArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("snapper:infra:Dispatcher", name, None, opts)
        scope = args.runtime.scope
        function = Function(
            name,
            FunctionArgs(
                runtime=args.runtime,
                part="dispatcher",
                memory=MEMORY,
                timeout=TIMEOUT,
                layers=[args.layers.dependencies],
                environment=args.queue.url.apply(
                    lambda url: DispatcherSettings(scope.stage, scope.parameter_root, url).to_env()
                ),
                rights=[
                    args.secrets.may_list(),
                    args.secrets.may_list_options(),
                    args.queue.may_send(),
                ],
            ),
            pulumi.ResourceOptions(parent=self),
        )
        failing_loudly(name, function, args.queue.dead_letter_arn, self)
        self._schedule(name, args, function, args.schedule, "")
        for schedule in sorted(args.own_schedules):
            self._schedule(name, args, function, schedule, mark_of(schedule))
        self.function_name = function.name
        self.register_outputs({"function_name": self.function_name})

    def _schedule(
        self, name: str, args: DispatcherArgs, function: Function, schedule: str, mark: str
    ) -> None:
        """Make the rule of one schedule; its events name it, and so the databases are known."""
        scope, end = args.runtime.scope, f"-{mark}" if mark else ""
        whose = f"every database that is backed up by {schedule}" if mark else "every database"
        rule = Rule(
            scope.name("schedule", mark or None),
            f"Snapper: queue a dump of {whose}",
            schedule,
            "dispatcher",
            f"schedule{end}",
            end,
        )
        call_by(rule, name, scope, function, self)
