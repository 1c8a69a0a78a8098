"""Statements of operators' policies that several of these share."""

from typing import Any

from snapper.values.generation import heads_path, tables_path
from snapper.values.service import Service
from snapper.values.settings import options_path

Statement = dict[str, Any]


def allow(actions: list[str], resources: list[str]) -> Statement:
    """Allow the actions on the resources."""
    return {"Effect": "Allow", "Action": actions, "Resource": resources}


def key(service: Service, through: str, *actions: str) -> list[Statement]:
    """Let the customer's key be used, if there is one, by the service that encrypts with it."""
    if not service.kms_key_arn:
        return []
    via = {"StringEquals": {"kms:ViaService": service.endpoint(through)}}
    return [{**allow(list(actions), [service.kms_key_arn]), "Condition": via}]


def bucket(service: Service) -> str:
    """Name the stage's bucket."""
    return f"arn:{service.partition}:s3:::{service.bucket}"


def listed(added: str) -> list[str]:
    """Give what tells of the databases that were added, all but their connections."""
    return [heads_path(added), f"{tables_path(added)}/*", options_path(added)]
