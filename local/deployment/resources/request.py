"""What a handler is asked for and gives, and the small translations all handlers share."""

import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from local.emulator.cloud import Cloud
from local.runtime.host import LambdaHost


class Inputs(Mapping[str, Any]):
    """The inputs of one resource, which remember what was read of them.

    What no handler reads would be missing here and nobody would notice; `unread` names it.
    """

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = {key: value for key, value in values.items() if value is not None}
        self._read: set[str] = set()

    def __getitem__(self, key: str) -> Any:  # noqa: ANN401 (any JSON value, or an archive)
        self._read.add(key)
        return self._values[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    @property
    def unread(self) -> list[str]:
        """The keys that nobody has asked for."""
        return sorted(self._values.keys() - self._read)

    def take(self, **names: str) -> dict[str, Any]:
        """Read what is given of these inputs, under the names that boto3 knows them by."""
        return {theirs: self[ours] for theirs, ours in names.items() if ours in self._values}

    def tags(self, key: str = "Key", value: str = "Value") -> list[dict[str, str]]:
        """Read the tags, in the list form that most services want."""
        return [{key: name, value: text} for name, text in self.get("tags", {}).items()]


@dataclass(frozen=True)
class Request:
    """One resource to make, and where."""

    name: str
    inputs: Inputs
    cloud: Cloud
    host: LambdaHost

    def physical_name(self, key: str = "name", prefix: str = "namePrefix") -> str:
        """Give the name the program chose, or one as Pulumi's provider would make it up."""
        given = self.inputs.get(key)
        beginning = self.inputs.get(prefix) or f"{self.name}-"
        return str(given) if given else f"{beginning}{_now()}{secrets.token_hex(4)}"


@dataclass(frozen=True)
class Created:
    """A resource that exists: its id, what the provider would tell of it, and how it ends."""

    identifier: str
    destroy: Callable[[], object]
    outputs: Mapping[str, Any] = field(default_factory=dict)


Handler = Callable[[Request], Created]

Adopter = Callable[[Request, str], Created]
"""Takes over what is there under this id, as Pulumi's option `import_` wants it."""


def _now() -> str:
    """Give the 18 digits of a moment with which the provider begins a name that it makes up."""
    return f"{datetime.now(UTC):%Y%m%d%H%M%S%f}"[:18]


def nothing() -> None:
    """End a setting that ends with the resource it belongs to."""


def capitalised(value: Any, **irregular: str) -> Any:  # noqa: ANN401 (any JSON value)
    """Spell the keys of Pulumi's nested inputs as AWS does, at every depth.

    Not for maps whose keys are the user's own: environment, tags, dimensions.

    >>> capitalised({"rules": [{"id": "old", "daysAfterInitiation": 1}]}, id="ID")
    {'Rules': [{'ID': 'old', 'DaysAfterInitiation': 1}]}
    """
    if isinstance(value, Mapping):
        return {
            irregular.get(key, key[0].upper() + key[1:]): capitalised(item, **irregular)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [capitalised(item, **irregular) for item in value]
    return value
