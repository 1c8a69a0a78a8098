"""Condition keys that AWS knows of and ministack does not: of roles, functions, objects, keys.

Which calls have which key is from AWS's service authorization reference. Where a call has none,
it has none here too, and a policy that asks for it allows nothing.
"""

import dataclasses
import json
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from typing import Any

from ministack.core import iam_actions
from ministack.services import iam, kms, lambda_svc

Context = dict[str, Any]

# A role gets one with these calls, whatever it had before.
_GIVING_A_BOUNDARY = {"iam:CreateRole", "iam:PutRolePermissionsBoundary"}
_KNOWING_THE_BOUNDARY = {
    "iam:AttachRolePolicy",
    "iam:DeleteRolePermissionsBoundary",
    "iam:DeleteRolePolicy",
    "iam:DetachRolePolicy",
    "iam:PutRolePolicy",
    "iam:UpdateAssumeRolePolicy",
}
_MAPPINGS = "/event-source-mappings/"

path: ContextVar[str] = ContextVar("path", default="")
"""Of the request that is being judged."""


def answering(original: Callable[..., Context]) -> Callable[..., Context]:
    """Let what ministack knows of a request be joined by what is missing."""

    def context(service: str, action: str, body: bytes, params: Mapping[str, Any]) -> Context:
        more = {"iam": _of_role, "kms": _of_key, "lambda": _of_function}.get(service)
        found = dict(more(action, body, params)) if more else {}
        return {**original(service, action, body, params), **found}

    return context


def of_writing(original: Callable[..., Context]) -> Callable[..., Context]:
    """Let S3 be told too how an object is written: by that a bucket forbids to replace one."""

    def s3_service_context(
        action: str,
        query: Context | None,
        path: str = "",
        headers: dict[str, str] | None = None,
    ) -> Context:
        found = original(action, query, path, headers)
        if action == "s3:PutObject":
            asked, given = query or {}, headers or {}
            # To begin an upload and to send a part of it makes no object.
            made = "uploads" not in asked and "partNumber" not in asked
            found["s3:ObjectCreationOperation"] = str(made).lower()
            if "if-none-match" in given:
                found["s3:if-none-match"] = given["if-none-match"]
        return found

    return s3_service_context


def naming_the_role(original: Callable[[str, Any], Any]) -> Callable[[str, Any], Any]:
    """Let `aws:PrincipalArn` of a session be the ARN of its role, as on AWS."""

    def resolve(key: str, given: Any) -> Any:  # noqa: ANN401 (as theirs)
        found = original(key, given)
        if key.lower() == "aws:principalarn" and isinstance(found, str):
            before, session, after = found.partition(":assumed-role/")
            if session:
                role = after.partition("/")[0]
                return f"{before.replace(':sts:', ':iam:', 1)}:role/{role}"
        return found

    return resolve


def as_the_service(original: Callable[..., bool]) -> Callable[..., bool]:
    """Let root, who takes roles here in place of AWS's services, name the account as they do.

    Only ECS is asked for it, by the roles of containers.
    """

    def evaluate_trust_policy(trust: Any, caller: str, given: Any = None) -> bool:  # noqa: ANN401 (as theirs)
        if given is not None and given.principal_type == "Root":
            account = given.principal_account
            named = {
                "aws:sourceaccount": account,
                "aws:sourcearn": f"arn:aws:ecs:{given.region}:{account}:task/local",
            }
            keys = {**given.service_context, **named}
            given = dataclasses.replace(given, service_context=keys)
        return original(trust, caller, given)

    return evaluate_trust_policy


def _of_role(action: str, _body: bytes, params: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    boundary = None
    if action in _GIVING_A_BOUNDARY:
        boundary = iam_actions._query_param(params, "PermissionsBoundary")
    elif action in _KNOWING_THE_BOUNDARY:
        role = iam._roles.get(iam_actions._query_param(params, "RoleName")) or {}
        boundary = role.get("PermissionsBoundary")
    if boundary:
        yield "iam:PermissionsBoundary", boundary


def _of_key(action: str, body: bytes, _: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    asked = json.loads(body) if body[:1] == b"{" else {}
    key = asked if action == "kms:CreateKey" else kms._resolve_key(asked.get("KeyId", "")) or {}
    usual = "SYMMETRIC_DEFAULT" if action == "kms:CreateKey" else ""
    if spec := key.get("KeySpec", usual):
        yield "kms:KeySpec", spec
    if action == "kms:ScheduleKeyDeletion" and (days := asked.get("PendingWindowInDays")):
        yield "kms:ScheduleKeyDeletionPendingWindowInDays", str(days)


def _of_function(action: str, body: bytes, _: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    asked = json.loads(body) if body[:1] == b"{" else {}
    if action == "lambda:AddPermission" and (principal := asked.get("Principal")):
        yield "lambda:Principal", principal
    if not action.endswith("EventSourceMapping"):
        return
    if action == "lambda:CreateEventSourceMapping":
        name = asked.get("FunctionName", "")
        function = name if name.startswith("arn:") else _arn(name)
    else:
        number = path.get().partition(_MAPPINGS)[2].strip("/")
        function = (lambda_svc._esms.get(number) or {}).get("FunctionArn")
    if function:
        yield "lambda:FunctionArn", function


def _arn(name: str) -> str:
    made = lambda_svc._functions.get(name) or {}
    return str(made.get("config", {}).get("FunctionArn", ""))
