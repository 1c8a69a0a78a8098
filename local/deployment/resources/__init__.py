"""How each type of resource that the program may register is made here, through boto3.

One file for one family of AWS services, each with its `HANDLERS` by Pulumi's type token.
"""

from collections.abc import Mapping

from local.deployment.resources import (
    alarms,
    buckets,
    containers,
    functions,
    keys,
    parameters,
    queues,
    roles,
    schedules,
    topics,
)
from local.deployment.resources.lookups import LOOKUPS
from local.deployment.resources.request import Adopter, Handler

__all__ = ["ADOPTERS", "HANDLERS", "LOOKUPS"]

HANDLERS: Mapping[str, Handler] = {
    token: handler
    for family in (
        *(alarms, buckets, containers, functions, keys, parameters, queues, roles, schedules),
        topics,
    )
    for token, handler in family.HANDLERS.items()
}

ADOPTERS: Mapping[str, Adopter] = buckets.ADOPTERS
"""The types of which one that is there can be taken over."""
