"""IAM policies for operators: what each command of the command line needs, and nothing more."""

from typing import Any

from snapper.values.service import Service
from snapper.values.settings import RETENTIONS, service_parameter

Statement = dict[str, Any]


def read_policy(service: Service) -> dict[str, Any]:
    """Let `list`, `status`, `failures` and `prune --dry-run` work; no backup can be read."""
    return _document(_read(service))


def restore_policy(service: Service) -> dict[str, Any]:
    """Let `restore`, `download` and `verify` work too: backups can be read, none changed.

    A verdict is written beside a backup, and can be written nowhere else.
    """
    return _document(_read(service) + _restore(service))


def operate_policy(service: Service) -> dict[str, Any]:
    """Let every command work: also `run`, `retry`, `doctor` and `prune`."""
    return _document(_read(service) + _restore(service) + _operate(service))


def _read(service: Service) -> list[Statement]:
    root = service.arn("ssm", "parameter")
    counts = f"{root}{service.parameter_root}/{RETENTIONS}"
    bucket = _bucket(service)
    return [
        _allow(["ssm:GetParameter"], [f"{root}{service_parameter(service.parameter_root)}"]),
        _allow(["ssm:GetParametersByPath"], [counts]),
        _allow(["ssm:GetParameter"], [f"{counts}/*"]),
        _allow(["s3:ListBucket"], [bucket]),
        _allow(["s3:GetObject"], [f"{bucket}/*.manifest.json", f"{bucket}/*.verification.json"]),
        _allow(["sqs:GetQueueAttributes"], [_queue(service, service.queue_url)]),
        _allow(["sqs:ReceiveMessage"], [_queue(service, service.dead_letter_url)]),
        _allow(
            ["logs:FilterLogEvents"],
            [service.arn("logs", f"log-group:{service.log_group}:*")],
        ),
    ]


def _restore(service: Service) -> list[Statement]:
    bucket = _bucket(service)
    return [
        _allow(["s3:GetObject"], [f"{bucket}/*.sql.gz"]),
        _allow(["s3:PutObject"], [f"{bucket}/*.verification.json"]),
    ]


def _operate(service: Service) -> list[Statement]:
    function = service.arn("lambda", "function")
    return [
        _allow(["sqs:SendMessage"], [_queue(service, service.queue_url)]),
        _allow(["sqs:DeleteMessage"], [_queue(service, service.dead_letter_url)]),
        _allow(
            ["lambda:InvokeFunction"],
            [f"{function}:{service.dumper}", f"{function}:{service.dispatcher}"],
        ),
        _allow(["s3:DeleteObject"], [f"{_bucket(service)}/*"]),
    ]


def _bucket(service: Service) -> str:
    return f"arn:{service.partition}:s3:::{service.bucket}"


def _queue(service: Service, url: str) -> str:
    return service.arn("sqs", url.rsplit("/", 1)[-1])


def _allow(actions: list[str], resources: list[str]) -> Statement:
    return {"Effect": "Allow", "Action": actions, "Resource": resources}


def _document(statements: list[Statement]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": statements}
