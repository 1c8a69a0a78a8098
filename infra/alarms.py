"""Who is notified when backups fail, and when they do not happen at all."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pulumi
import pulumi_aws as aws

from infra.iam import alarms_may_publish, document, only_by_tls
from infra.scope import Scope
from infra.watcher import WATCHER

NAMESPACE = "Snapper"
DEAD_LETTERS, DISPATCHER, LATE = "dead-letters", "dispatcher", "late"
DRILL_FAILED, UNPROVEN = "drill-failed", "unproven"
BEHIND = "replica-behind"
HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class AlarmsArgs:
    """Whom to tell, nobody by default, and what to watch.

    Whether any database is late is watched if `watches_lateness`, whether all are proven if
    `watches_proofs`, whether all are copied into the second bucket if `watches_replica`.
    """

    scope: Scope
    email: str
    dead_letters: pulumi.Output[str]
    dispatcher: pulumi.Output[str]
    watches_lateness: bool
    watches_proofs: bool
    watches_replica: bool = False


@dataclass(frozen=True)
class Watch:
    """What an alarm looks at; by default it fires at the first data point above zero.

    Where there is a metric to add, it looks at the sum of both.
    """

    namespace: str
    metric: str
    statistic: str
    dimensions: Mapping[str, pulumi.Input[str]]
    comparison: str = "GreaterThanThreshold"
    threshold: int = 0
    period: timedelta = timedelta(minutes=5)
    periods: int = 1
    silence_is: str = "notBreaching"
    plus: str = ""

    def to_inputs(self) -> dict[str, Any]:
        """Give what names the metrics to AWS: one by itself, or an expression of two."""
        seconds = int(self.period.total_seconds())
        if not self.plus:
            return {
                "namespace": self.namespace,
                "metric_name": self.metric,
                "statistic": self.statistic,
                "dimensions": self.dimensions,
                "period": seconds,
            }
        metrics = [
            {
                "id": name,
                "metric": {
                    "namespace": self.namespace,
                    "metric_name": metric,
                    "stat": self.statistic,
                    "dimensions": self.dimensions,
                    "period": seconds,
                },
            }
            for name, metric in (("one", self.metric), ("other", self.plus))
        ]
        total = {"id": "both", "expression": "one + other", "label": "both", "return_data": True}
        return {"metric_queries": [total, *metrics]}


class Alarms(pulumi.ComponentResource):
    """A topic, and the alarms that publish to it. Anything may be subscribed to it by hand."""

    topic_arn: pulumi.Output[str]
    metrics = 0

    def __init__(
        self, name: str, args: AlarmsArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("snapper:infra:Alarms", name, None, opts)
        self._scope = args.scope
        self._named = pulumi.ResourceOptions(parent=self, delete_before_replace=True)
        self._topic = self._make_topic(name, args.email, watches_replica=args.watches_replica)
        self.topic_arn = self._topic.arn
        if not args.email:
            pulumi.log.warn(
                "nobody is notified of failures: pulumi config set alarmEmail you@example.com, "
                "or subscribe something else to the stack's output topic",
                self,
            )
        self._alarm(
            f"{name}-{DEAD_LETTERS}",
            args.scope.name(DEAD_LETTERS),
            "A backup, a prune, a drill, a restore in the cloud or the dispatcher failed for good;"
            " the dead letters say which.",
            Watch(
                "AWS/SQS",
                "ApproximateNumberOfMessagesVisible",
                "Maximum",
                {"QueueName": args.dead_letters},
                # Whoever reads a letter hides it meanwhile, and can go on hiding it.
                plus="ApproximateNumberOfMessagesNotVisible",
                # SQS counts a queue that nobody touches for some hours only: the letter is there.
                silence_is="ignore",
            ),
        )
        self._alarm(
            f"{name}-{DISPATCHER}",
            args.scope.name(DISPATCHER),
            "The dispatcher failed: some databases may have no job for this run.",
            Watch("AWS/Lambda", "Errors", "Sum", {"FunctionName": args.dispatcher}),
        )
        self._alarm(
            f"{name}-{DRILL_FAILED}",
            args.scope.name(DRILL_FAILED),
            "A backup failed its drill; the dead letters say which, and why.",
            Watch(NAMESPACE, "DrillFailed", "Sum", {"Stage": args.scope.stage}),
        )
        if args.watches_proofs:
            self._alarm(
                f"{name}-{UNPROVEN}",
                args.scope.name(UNPROVEN),
                "A database has been unproven for too long, which status tells; or nobody has "
                "looked for hours.",
                self._counted_hourly("Unproven", periods=3),
            )
        if args.watches_lateness:
            self._alarm(
                f"{name}-{LATE}",
                args.scope.name(LATE),
                "The newest good backup of a database is too old: status says of which, as does "
                f"the log of {args.scope.name(WATCHER)}; or nobody has looked for hours.",
                self._counted_hourly("Late", periods=2),
            )
        if args.watches_replica:
            self._alarm(
                f"{name}-{BEHIND}",
                args.scope.name(BEHIND),
                "The newest backup of a database was not copied into the second bucket: the log of "
                f"{args.scope.name(WATCHER)} says of which; or nobody has looked for hours.",
                self._counted_hourly("ReplicaBehind", periods=2),
            )
        self.register_outputs({})

    def _counted_hourly(self, metric: str, periods: int) -> Watch:
        """Watch how many databases there are of whom that is true, and that they are counted.

        It takes some hours in a row to ring, so that one does not in which the count was a minute
        late.
        """
        return Watch(
            NAMESPACE,
            metric,
            "Maximum",
            {"Stage": self._scope.stage},
            period=HOUR,
            periods=periods,
            silence_is="breaching",
        )

    def _alarm(self, name: str, physical: str, description: str, watch: Watch) -> None:
        self.metrics += 2 if watch.plus else 1  # AWS counts those that an alarm looks at
        aws.cloudwatch.MetricAlarm(
            name,
            name=physical,
            alarm_description=description,
            **watch.to_inputs(),
            comparison_operator=watch.comparison,
            threshold=watch.threshold,
            evaluation_periods=watch.periods,
            treat_missing_data=watch.silence_is,
            alarm_actions=[self._topic.arn],
            ok_actions=[self._topic.arn],
            tags=self._scope.tags,
            # An alarm is its name: made anew before the old one is deleted, it would be deleted.
            opts=self._named,
        )

    def _make_topic(self, name: str, email: str, *, watches_replica: bool) -> aws.sns.Topic:
        scope = self._scope
        copies = (BEHIND,) if watches_replica else ()
        # Whatever begins with the stage's name alone may be another stage's: prod-2 begins so too.
        alarms = [
            scope.name(each)
            for each in (DEAD_LETTERS, DISPATCHER, DRILL_FAILED, UNPROVEN, LATE, *copies)
        ]
        topic = aws.sns.Topic(
            f"{name}-topic", name=scope.name("alarms"), tags=scope.tags, opts=self._named
        )
        aws.sns.TopicPolicy(
            f"{name}-topic-policy",
            arn=topic.arn,
            policy=topic.arn.apply(
                lambda arn: document(
                    alarms_may_publish(arn, alarms), only_by_tls(["sns:Publish"], [arn])
                )
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )
        if email:
            aws.sns.TopicSubscription(
                f"{name}-email",
                topic=topic.arn,
                protocol="email",
                endpoint=email,
                opts=pulumi.ResourceOptions(parent=self),
            )
        return topic
