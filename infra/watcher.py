"""The watcher: looks every hour which databases are late, so that one alarm watches them all."""

from dataclasses import dataclass

import pulumi

from infra.function import Function, FunctionArgs, Runtime
from infra.layers import Layers
from infra.rule import Rule, call_by
from infra.secrets import SecretParameters
from infra.vault import Vault
from snapper.values.settings import WatcherSettings

WATCHER = "watcher"
MEMORY = 512
TIMEOUT = 300
EVERY_HOUR = "rate(1 hour)"


@dataclass(frozen=True)
class WatcherArgs:
    """What runs it, when backups are made and late, and the rooms it looks into."""

    runtime: Runtime
    schedule: str
    late_after_hours: int
    layers: Layers
    secrets: SecretParameters
    vault: Vault


class Watcher(pulumi.ComponentResource):
    """The function, and the rule that calls it.

    An event that it fails on is no dead letter: the next comes in an hour, and the alarm notices
    when none succeeds.
    """

    function_name: pulumi.Output[str]

    def __init__(
        self, name: str, args: WatcherArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("snapper:infra:Watcher", name, None, opts)
        scope = args.runtime.scope
        function = Function(
            name,
            FunctionArgs(
                runtime=args.runtime,
                part=WATCHER,
                memory=MEMORY,
                timeout=TIMEOUT,
                layers=[args.layers.dependencies],
                environment=args.vault.bucket_name.apply(
                    lambda bucket: WatcherSettings(
                        scope.stage,
                        scope.parameter_root,
                        bucket,
                        args.schedule,
                        str(args.late_after_hours),
                        "yes" if args.vault.summarized else "",
                    ).to_env()
                ),
                rights=[
                    args.secrets.may_list(),
                    args.secrets.may_list_options(),
                    args.vault.may_watch(),
                ],
            ),
            pulumi.ResourceOptions(parent=self),
        )
        what = "Snapper: look which databases are late"
        rule = Rule(scope.name(WATCHER), what, EVERY_HOUR, WATCHER, WATCHER)
        call_by(rule, name, scope, function, self)
        self.function_name = function.name
        self.register_outputs({"function_name": self.function_name})
