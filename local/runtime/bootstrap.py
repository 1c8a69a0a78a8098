"""Starts awslambdaric with a Runtime API whose address ends with a token: HOST:PORT/TOKEN.

Its Python is isolated, so the function's own PYTHONPATH, as Lambda sets it, is followed here. The
native client takes that as it is. The one in Python, which reports what failed before the first
event, takes a host and a port only.
"""

import os
import sys
from typing import Any

from awslambdaric import bootstrap
from awslambdaric.lambda_runtime_client import LambdaRuntimeClient


class _Client(LambdaRuntimeClient):  # type: ignore[misc]  # the library has no types
    def __init__(self, address: str) -> None:
        place, _, self._token = address.partition("/")
        super().__init__(place)

    def call_rapid(self, http_method: str, endpoint: str, *rest: Any, **named: Any) -> None:  # noqa: ANN401  as theirs
        super().call_rapid(http_method, f"/{self._token}{endpoint}", *rest, **named)


if __name__ == "__main__":
    sys.path[:0] = os.environ["PYTHONPATH"].split(os.pathsep)
    bootstrap.run(sys.argv[1], _Client(os.environ["AWS_LAMBDA_RUNTIME_API"]))
