"""S3 calls a function for what was made only if the function's own policy lets it.

It asks when it is told to call, and Lambda asks again at each call. ministack asks where the
message goes to a queue or a topic, but takes any function.
"""

from collections.abc import Callable
from typing import Any

from ministack.core.iam_evaluator import EvalContext, evaluate_resource_policy
from ministack.services import lambda_svc, s3

S3 = "s3.amazonaws.com"
_ARN = "arn:aws:s3:::"


def refusing_closed_functions(original: Callable[..., Any]) -> Callable[..., Any]:
    """Let a bucket name no function that it may not call."""

    def validate(
        configs: list[dict[str, Any]],
        region: str,
        bucket: str = "",
        *more: Any,  # noqa: ANN401 (as theirs)
        **named: Any,  # noqa: ANN401 (as theirs)
    ) -> Any:  # noqa: ANN401 (as theirs)
        closed = [
            each["arn"]
            for each in configs
            if each["type"] == "lambda" and not _may_call(each["arn"], bucket, region)
        ]
        if closed:
            fact = "Unable to validate the following destination configurations: "
            return s3._invalid_notification_config(fact + ", ".join(closed))
        return original(configs, region, bucket, *more, **named)

    return validate


def asking_the_function(original: Callable[..., None]) -> Callable[..., None]:
    """Deliver no event to a function that has been closed meanwhile."""

    def deliver(arn: str, event: dict[str, Any], region: str) -> None:
        (record,) = event["Records"]
        if _may_call(arn, record["s3"]["bucket"]["name"], region):
            original(arn, event, region)

    return deliver


def _may_call(function: str, bucket: str, region: str) -> bool:
    found = lambda_svc.function_policy_for_arn(function)
    if found is None:
        return False
    policy, owner = found
    context = EvalContext(
        principal_arn="*",
        principal_type="Service",
        principal_account="",
        action="lambda:InvokeFunction",
        resource_arn=function,
        region=region,
        service_context={"aws:sourcearn": f"{_ARN}{bucket}", "aws:sourceaccount": owner},
    )
    return bool(evaluate_resource_policy(policy, context, service=S3).decision == "Allow")
