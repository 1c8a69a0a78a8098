"""The settings of a stack as Pulumi's engine would hand them to the program."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml


@dataclass(frozen=True)
class StackConfig:
    """The project's name, every setting by its whole key, and which of them are secrets."""

    project: str
    values: dict[str, str]
    secrets: list[str]


def load_stack_config(
    root: Path, given: Mapping[str, str], secret_keys: Collection[str] = ()
) -> StackConfig:
    """Put what is given over the defaults of `root`/Pulumi.yaml.

    A key without a namespace is the project's own. Pulumi's engine does all this before a program
    starts; without it, it is ours to do.
    """
    project = yaml.safe_load((root / "Pulumi.yaml").read_text())
    name: str = project["name"]

    def whole(key: str) -> str:
        return key if ":" in key else f"{name}:{key}"

    declared = {whole(key): _declaration(about) for key, about in _declared(project).items()}
    defaults = {key: about["default"] for key, about in declared.items() if "default" in about}
    secrets = {key for key, about in declared.items() if about.get("secret")}
    return StackConfig(
        name,
        {key: _text(value) for key, value in defaults.items()}
        | {whole(key): value for key, value in given.items()},
        sorted(secrets | {whole(key) for key in secret_keys}),
    )


def _declared(project: Mapping[str, Any]) -> Mapping[str, Any]:
    return project.get("config") or {}


def _declaration(about: Any) -> Mapping[str, Any]:  # noqa: ANN401 (whatever YAML holds)
    """Read one declaration; a bare value, or one under `value`, sets what it declares."""
    if not isinstance(about, Mapping):
        return {"default": about}
    return {**about, "default": about["value"]} if "value" in about else about


def _text(value: Any) -> str:  # noqa: ANN401 (as above)
    """Write a default as the engine does: texts as they are, all else as JSON."""
    return value if isinstance(value, str) else json.dumps(value)
