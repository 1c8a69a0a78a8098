"""The two policies of who deploys, for one stage: docs/*.json with the names of that stage alone.

A name that begins with the stage's is no limit: `snapper-prod-*` is also what a stage prod-2 has.
So every name is written out, as the deployment makes them.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from snapper.errors import SettingsError
from snapper.values.place import domain_of
from snapper.values.settings import STAGE

BOUNDARY = "snapper-boundary"
"""The name of the policy that is the boundary of all roles of all stages."""

# Prover and pruner by one pattern, which is no other part of any stage: a policy that is written
# into a role has room for no more.
_FUNCTIONS = ("dispatcher", "dumper", "pr??er", "watcher")
_LARGE = ("large", "large-drills", "large-restores")
_LAYERS = ("dependencies", "postgresql", "postgresql-server")

# Pulumi makes up the rest of a bucket's name: these are as many characters, no fewer and no more,
# and so no other stage's bucket, whose name would be longer.
_MADE_UP = "?" * 26

# By what stands before `snapper-*` in an ARN. What lies below a group or layer has a colon before.
_PARTS: Mapping[str, tuple[str, ...]] = {
    "s3:": (_MADE_UP,),
    "sqs:": ("jobs", "drills", "dead-letters"),
    "lambda:function:": _FUNCTIONS,
    "lambda:layer:": tuple(f"{part}{end}" for part in _LAYERS for end in ("", ":*")),
    "iam:role/": (*_FUNCTIONS, "replication", *_LARGE, *(f"{part}-start" for part in _LARGE)),
    "logs:log-group:/aws/lambda/": tuple(
        f"{part}{end}" for part in _FUNCTIONS for end in ("", ":*")
    ),
    "s3:code-": (_MADE_UP,),
    # One of another account's is called after this one's number.
    "s3:replica-": (_MADE_UP, "?" * 12),
    "logs:log-group:/aws/batch/": tuple(f"{part}{end}" for part in _LARGE for end in ("", ":*")),
    "batch:compute-environment/": _LARGE,
    "batch:job-queue/": _LARGE,
    "batch:job-definition/": tuple(f"{part}{end}" for part in _LARGE for end in ("", ":*")),
    "events:rule/": (
        *(*(f"{part}-failed" for part in _LARGE), "schedule", "schedule_*", "drills", "watcher"),
    ),
    # An older deployment has an alarm for each database, which the next one deletes.
    "cloudwatch:alarm:": (
        *(
            "dead-letters",
            "dispatcher",
            "drill-failed",
            "unproven",
            "late",
            "late_*",
            "replica-behind",
        ),
    ),
    "sns:": ("alarms",),
    "kms:alias/": ("backups",),
}


def narrowed(policy: Mapping[str, Any], stage: str, partition: str = "aws") -> dict[str, Any]:
    """Give the policy for one stage; raise SettingsError if no stage can be named so."""
    if not STAGE.fullmatch(stage):
        # A `*` in it would be every stage's.
        raise SettingsError(
            f"no stage can be named {stage!r}",
            hint="1 to 20 lower-case letters, digits and hyphens, the first a letter",
        )
    statements = [
        {key: _rewritten(value, stage, partition) for key, value in each.items()}
        for each in policy["Statement"]
    ]
    return {**policy, "Statement": statements}


def _rewritten(value: Any, stage: str, partition: str) -> Any:  # noqa: ANN401  any JSON value
    if isinstance(value, Mapping):
        return {
            key: stage if key.endswith("Tag/stage") else _rewritten(item, stage, partition)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [text for item in value for text in _texts(item, stage, partition)]
    texts = list(_texts(value, stage, partition))
    return texts[0] if len(texts) == 1 else texts


def _texts(text: str, stage: str, partition: str) -> Iterator[str]:
    """Give what stands for a text of a policy: ARNs of the stage's own, or the text itself."""
    if not text.startswith("arn:"):
        yield text.replace("*.amazonaws.com", f"*.{domain_of(partition)}")
        return
    _, _, service, region, account, resource = text.split(":", 5)
    beginning = f"arn:{partition}:{service}:{region}:{account}:"
    before, pattern, after = resource.partition("snapper-*")
    if pattern:
        for part in _PARTS[f"{service}:{before}"]:
            yield f"{beginning}{before}snapper-{stage}-{part}{after}"
    elif resource == f"policy/{BOUNDARY}":
        yield f"{beginning}{resource}-{stage}"
    else:
        # Below the path of any stage, or all of that of any.
        deeper = resource.replace("/snapper/*/", f"/snapper/{stage}/")
        whole = resource.replace("/snapper/*", f"/snapper/{stage}/*")
        yield beginning + (whole if deeper == resource else deeper)
