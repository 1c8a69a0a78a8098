"""Where the emulator does something else than AWS does: small corrections, each explained.

Most wrap the two functions by which ministack names the action and the resource of a request
before it asks the caller's policies. Only a test with the real service's rules in mind can tell
that they are right; see `tests/local/emulator/test_cloud.py` and
`tests/reliability/test_iam_deployer.py`.
"""

import contextlib
import json
from collections.abc import Callable
from typing import Any

from ministack.core import iam_actions, iam_evaluator
from ministack.services import lambda_svc, s3, sns

from local.emulator import batch, condition_keys, listing, notifications, replication

# A batch call is no permission of its own in SQS: the single call's permission covers it.
BATCHES = {
    "sqs:SendMessageBatch": "sqs:SendMessage",
    "sqs:DeleteMessageBatch": "sqs:DeleteMessage",
    "sqs:ChangeMessageVisibilityBatch": "sqs:ChangeMessageVisibility",
}

# Of Lambda's calls these alone are asked for by another name than their own.
INVOCATIONS = {"Invoke", "InvokeAsync", "InvokeWithResponseStream"}

REFUSED = "Proxy target returned HTTP 500: "


def apply() -> None:
    """Correct ministack in this process, before it serves its first request."""
    iam_actions._BOTOCORE_SERVICE_MAP["lambda"] = ["lambda"]
    iam_actions.extract_iam_action = _asking_aws_action(iam_actions.extract_iam_action)
    iam_actions.extract_resource_arn = _asking_aws_resource(iam_actions.extract_resource_arn)
    iam_actions.request_tag_context = condition_keys.answering(iam_actions.request_tag_context)
    iam_actions.s3_service_context = condition_keys.of_writing(iam_actions.s3_service_context)
    s3._collect_list_entries = listing.quickly(s3._collect_list_entries)
    s3._replication_destination = replication.asking_the_role(s3._replication_destination)
    s3._maybe_replicate = replication.locking_copies(s3._maybe_replicate)
    s3._validate_notification_configs = notifications.refusing_closed_functions(
        s3._validate_notification_configs
    )
    s3._deliver_event_to_lambda = notifications.asking_the_function(s3._deliver_event_to_lambda)
    sns._list_subscriptions_by_topic = _listing_the_unconfirmed(sns._list_subscriptions_by_topic)
    batch.apply()
    iam_evaluator._resolve_condition_key = condition_keys.naming_the_role(
        iam_evaluator._resolve_condition_key
    )
    iam_evaluator.evaluate_trust_policy = condition_keys.as_the_service(
        iam_evaluator.evaluate_trust_policy
    )
    lambda_svc._execute_function_proxy = _telling_real_errors(lambda_svc._execute_function_proxy)


def _asking_aws_action(original: Callable[..., str | None]) -> Callable[..., str | None]:
    def extract_iam_action(service: str, method: str, path: str, *more: Any) -> str | None:  # noqa: ANN401 (as theirs)
        if service == "lambda" and (call := iam_actions._match_rest_action(service, method, path)):
            # ministack's own table takes many of these calls for others, and layers for functions.
            return f"lambda:{'InvokeFunction' if call in INVOCATIONS else call}"
        action = original(service, method, path, *more)
        return BATCHES.get(action, action) if action else action

    return extract_iam_action


def _asking_aws_resource(original: Callable[..., str]) -> Callable[..., str]:
    def extract_resource_arn(
        service: str,
        method: str,
        path: str,
        headers: dict[str, str],
        body: bytes,
        query: dict[str, Any],
        region: str,
        account: str,
    ) -> str:
        condition_keys.path.set(path)
        found = original(service, method, path, headers, body, query, region, account)
        if service == "batch":
            return batch.resource(path, json.loads(body or b"{}"), region, account)
        if service == "ssm" and found == "*":
            name = _named_parameters(body)
            return f"arn:aws:ssm:{region}:{account}:parameter{name}" if name else found
        if service == "lambda" and found == "*" and path.rstrip("/").endswith("/functions"):
            # A new function has its name, and with it its rights, before it is there.
            name = _field(body, "FunctionName")
            return f"arn:aws:lambda:{region}:{account}:function:{name}" if name else found
        if service == "logs" and ":log-group:" in found:
            # A log group's rights are asked on its streams, hence the `:*` of every such policy.
            return f"{found.removesuffix(':*')}:log-stream:{_field(body, 'logStreamName')}"
        return found

    return extract_resource_arn


def _named_parameters(body: bytes) -> str:
    """Find what GetParametersByPath or GetParameters asks for; AWS checks the path or name itself.

    Several names have one permission each, which a single ARN cannot say: ministack's `*` stays,
    which is stricter than AWS.
    """
    names = _field(body, "Names")
    name = names[0] if isinstance(names, list) and len(names) == 1 else _field(body, "Path")
    if not isinstance(name, str) or not name:
        return ""
    return name if name.startswith("/") else f"/{name}"


def _field(body: bytes, name: str) -> Any:  # noqa: ANN401 (whatever the caller sent)
    try:
        return json.loads(body).get(name, "")
    except (ValueError, AttributeError):
        return ""


def _listing_the_unconfirmed(
    original: Callable[[dict[str, Any]], tuple[int, dict[str, str], bytes]],
) -> Callable[[dict[str, Any]], tuple[int, dict[str, str], bytes]]:
    """List subscriptions that wait for their confirmation without an ARN of their own."""

    def list_subscriptions(params: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
        status, headers, body = original(params)
        topic, _ = sns._get_topic(sns._p(params, "TopicArn"))
        for each in topic["subscriptions"] if topic else ():
            if not each["confirmed"]:
                body = body.replace(f">{each['arn']}<".encode(), b">PendingConfirmation<")
        return status, headers, body

    return list_subscriptions


def _telling_real_errors(
    original: Callable[..., dict[str, Any]],
) -> Callable[..., dict[str, Any]]:
    """Let a failed invocation answer with the function's own error, not with the proxy's."""

    def execute(*arguments: object) -> dict[str, Any]:
        result = original(*arguments)
        body = result.get("body")
        message = body.get("errorMessage", "") if isinstance(body, dict) else ""
        if result.get("error") and message.startswith(REFUSED):
            # Cut off after 512 bytes it is no JSON; then the message says what it can.
            with contextlib.suppress(ValueError):
                result["body"] = json.loads(message.removeprefix(REFUSED))
        return result

    return execute
