"""The deployed functions, as the command line calls them."""

import json
from typing import Any, Self

from botocore.config import Config

from snapper.aws import client as aws
from snapper.errors import AwsFailed

# A call that waits for its answer may take as long as a function may.
_PATIENT = Config(read_timeout=900, retries={"total_max_attempts": 1})


class Functions:
    """Invokes functions by name; raises AwsFailed."""

    def __init__(self, client: Any) -> None:  # noqa: ANN401  boto3 has no types
        self._client = client

    @classmethod
    def connect(cls) -> Self:
        """Open Lambda with the credentials and region of the environment."""
        return cls(aws.client("lambda", _PATIENT))

    def ask(self, name: str, event: dict[str, Any]) -> dict[str, Any]:
        """Invoke a function and give its answer; raise AwsFailed if the function itself failed."""
        with aws.translated(f"lambda:InvokeFunction of {name}"):
            answer = self._client.invoke(FunctionName=name, Payload=json.dumps(event))
            body = json.loads(answer["Payload"].read())
        if "FunctionError" in answer:
            kind = body.get("errorType", "unknown") if isinstance(body, dict) else "unknown"
            raise AwsFailed(f"{name} failed: {kind}", hint="see its log")
        found: dict[str, Any] = body
        return found

    def tell(self, name: str, event: dict[str, Any]) -> None:
        """Invoke a function without waiting, as EventBridge does."""
        with aws.translated(f"lambda:InvokeFunction of {name}"):
            self._client.invoke(
                FunctionName=name, Payload=json.dumps(event), InvocationType="Event"
            )
