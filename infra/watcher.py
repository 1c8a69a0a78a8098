"""The watcher: looks every hour which databases are late, and names those that have become it.

One alarm watches them all, by how many there are.
"""

from dataclasses import dataclass

import pulumi

from infra.function import Function, FunctionArgs, Runtime
from infra.iam import Statement, allow, may_publish, may_read_log
from infra.layers import Layers
from infra.replication import Replication
from infra.rule import Rule, call_by
from infra.scope import Scope
from infra.secrets import SecretParameters
from infra.vault import Vault
from snapper.values.place import Place
from snapper.values.settings import WatcherSettings

WATCHER = "watcher"
MEMORY = 512
TIMEOUT = 300
EVERY_HOUR = "rate(1 hour)"


@dataclass(frozen=True)
class WatcherArgs:
    """What runs it, when backups are made and late, the rooms it looks into, whom it tells."""

    runtime: Runtime
    schedule: str
    late_after_hours: int
    layers: Layers
    secrets: SecretParameters
    vault: Vault
    topic: pulumi.Output[str]
    replication: Replication | None = None
    kms_key_arn: pulumi.Output[str] | None = None


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
        scope, copies = args.runtime.scope, args.replication
        function = Function(
            name,
            FunctionArgs(
                runtime=args.runtime,
                part=WATCHER,
                memory=MEMORY,
                timeout=TIMEOUT,
                layers=[args.layers.dependencies],
                environment=pulumi.Output.all(
                    args.vault.bucket_name,
                    args.topic,
                    copies.bucket_name if copies else "",
                    "" if args.kms_key_arn is None else args.kms_key_arn,
                ).apply(
                    lambda known: WatcherSettings(
                        scope.stage,
                        scope.parameter_root,
                        known[0],
                        args.schedule,
                        str(args.late_after_hours),
                        "yes" if args.vault.summarized else "",
                        known[1],
                        object_lock="yes" if args.vault.object_lock else "",
                        replica=known[2],
                        replica_region=copies.region if copies else "",
                        kms_key=known[3],
                    ).to_env()
                ),
                rights=[
                    args.secrets.may_list(),
                    args.secrets.may_list_options(),
                    args.vault.may_watch(),
                    args.topic.apply(lambda topic: _may_tell(scope, topic)),
                    *([copies.may_list()] if copies else []),
                    *_may_look(args.kms_key_arn),
                ],
            ),
            pulumi.ResourceOptions(parent=self),
        )
        what = "Snapper: look which databases are late"
        rule = Rule(scope.name(WATCHER), what, EVERY_HOUR, WATCHER, WATCHER)
        call_by(rule, name, scope, function, self)
        self.function_name = function.name
        self.register_outputs({"function_name": self.function_name})


def _may_tell(scope: Scope, topic: str) -> list[Statement]:
    """Publish to the topic, and read in its own log what it has published before."""
    log_group = f"log-group:/aws/lambda/{scope.name(WATCHER)}"
    return [may_publish(topic), may_read_log(Place.of(topic).arn("logs", log_group))]


def _may_look(key: pulumi.Output[str] | None) -> list[pulumi.Output[list[Statement]]]:
    """See in what state the key of the backups is, and use it for nothing."""
    return [] if key is None else [key.apply(lambda arn: [allow(["kms:DescribeKey"], [arn])])]
