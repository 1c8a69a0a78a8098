"""What a stage has, and what a thief could try to do with it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from local.deployment.deploy import Deployment
from snapper.values.settings import (
    connection_parameter,
    parameter_root,
    retention_parameter,
    service_parameter,
)

KEY = "orders"


@dataclass(frozen=True)
class Belongings:
    """What one stage has, in the terms of boto3's arguments."""

    stage: str
    deployment: Deployment

    def __getitem__(self, name: str) -> str:
        if name == "drills_url":
            return str(self.deployment.outputs["queue_url"]).removesuffix("jobs") + "drills"
        return str(self.deployment.outputs[name])

    @cached_property
    def connection(self) -> str:
        return connection_parameter(parameter_root(self.stage), KEY)

    @cached_property
    def retention(self) -> str:
        return retention_parameter(parameter_root(self.stage), KEY)

    @cached_property
    def signpost(self) -> str:
        return service_parameter(parameter_root(self.stage))


@dataclass(frozen=True)
class Attempt:
    """One call of one service, made of what a stage has."""

    service: str
    call: str
    arguments: Callable[[Belongings], dict[str, Any]]

    def __str__(self) -> str:
        return f"{self.service}:{self.call}"
