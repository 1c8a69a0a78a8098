"""Replication in ministack: it copies whatever the role may do, and puts no lock on a copy.

On AWS a role needs rights for each copy, and the other bucket's policy may refuse; the other bucket
has to be of the account that the rule names, and locks by its own rule what comes without a lock.
"""

import functools
from collections.abc import Callable, Mapping
from typing import Any

from ministack.core import iam_evaluator
from ministack.core.responses import get_account_id, get_region
from ministack.services import iam, s3

Destination = tuple[str, str, dict[str, Any]]
"""The other bucket's name, its account, and what lies there."""

_Find = Callable[[str, str, Mapping[str, Any], str], Destination | None]


def asking_the_role(original: _Find) -> _Find:
    """Give no destination where the role may not copy there, as AWS copies nothing then."""

    def find(bucket: str, key: str, rule: Mapping[str, Any], role: str) -> Destination | None:
        found = original(bucket, key, rule, role)
        if found is None:
            return None
        name, account, _ = found
        if (rule.get("Destination") or {}).get("Account", account) != account:
            return None
        needed = (
            ("s3:GetReplicationConfiguration", f"arn:aws:s3:::{bucket}"),
            ("s3:ListBucket", f"arn:aws:s3:::{bucket}"),
            ("s3:GetObjectVersionForReplication", f"arn:aws:s3:::{bucket}/{key}"),
            ("s3:GetObjectVersionAcl", f"arn:aws:s3:::{bucket}/{key}"),
            ("s3:ReplicateObject", f"arn:aws:s3:::{name}/{key}"),
        )
        return found if all(_may(role, *each) for each in needed) else None

    return find


def locking_copies(original: Callable[..., None]) -> Callable[..., None]:
    """Lock each copy as its bucket locks what is put there."""

    @functools.wraps(original)
    def replicate(bucket: str, key: str, obj: dict[str, Any], *more: Any) -> None:  # noqa: ANN401 (as theirs)
        original(bucket, key, obj, *more)
        if copied := obj.get("_replica"):
            name, version, account = copied
            with s3._in_account(account):
                s3._apply_object_lock_from_headers(name, key, {}, version)

    return replicate


def _may(role: str, action: str, resource: str) -> bool:
    account, name = get_account_id(), role.rpartition("/")[2]
    asked = iam_evaluator.EvalContext(
        principal_arn=role,
        principal_type="AssumedRole",
        principal_account=account,
        action=action,
        resource_arn=resource,
        region=get_region(),
    )
    policies = iam_evaluator._gather_role_policies(name, account)
    limits = iam_evaluator._permissions_boundary(iam._roles, name, account)
    if iam_evaluator.evaluate(asked, policies, *limits).decision != "Allow":
        return False
    bucket = resource.removeprefix("arn:aws:s3:::").partition("/")[0]
    owner = s3._bucket_owner_account(bucket)
    policy = s3._bucket_policies.get_scoped(owner, None, bucket)
    return not policy or (iam_evaluator.evaluate_resource_policy(policy, asked).decision != "Deny")
