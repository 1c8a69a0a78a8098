"""Lets the functions do one delivery in this process: the dumper, then the pruner."""

import os
from typing import Any
from unittest import mock

from functions import dumper as dumper_function
from functions import pruner as pruner_function
from functions.dumper import LambdaContext
from snapper.aws.vault import Vault
from snapper.errors import SnapperError
from snapper.values.keys import Kind
from tests.support.events import made


def work(event: dict[str, Any], context: LambdaContext) -> tuple[Any, list[str]]:
    """Let the dumper do it, then the pruner for every manifest; tell of which it failed.

    S3 calls it for what is there, whether or not who made it has heard so. Here it also calls for
    what was not made after all, which must do no harm.
    """
    told: list[str] = []
    make = Vault.make

    def noting(vault: Vault, key: str, body: bytes, kind: str = "application/json") -> None:
        if key.endswith(Kind.MANIFEST):
            told.append(key)
        make(vault, key, body, kind)

    with mock.patch.object(Vault, "make", noting):
        answer = dumper_function.handler(event, context)
    unpruned = []
    for key in told:
        try:
            pruner_function.handler(made(os.environ["SNAPPER_BUCKET"], key), context)
        except SnapperError:
            unpruned.append(key)
    return answer, unpruned
