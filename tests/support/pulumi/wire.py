"""What Pulumi's engine and a provider write to each other, as plain values and back."""

from collections.abc import Mapping
from typing import Any

import pulumi
from google.protobuf import json_format, struct_pb2  # type: ignore[import-untyped]

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""How a value is written that nobody knows before the resource is there."""

DEFAULTS = "__defaults"
SIGNATURE = "4dabf18193072939515e22adb298388d"
ARCHIVE = "0def7320c3a5731c473e5ecbe6d01bc7"
ASSET = "c44067f5952c0a294b673a41bacd8c17"


def read(struct: struct_pb2.Struct) -> dict[str, Any]:
    """Read a message; whole numbers as such, because every number crosses the wire as a double."""
    values: dict[str, Any] = _whole(json_format.MessageToDict(struct))
    return values


def write(values: Mapping[str, Any]) -> struct_pb2.Struct:
    """Write a message of all that is set."""
    made = struct_pb2.Struct()
    json_format.ParseDict({key: value for key, value in values.items() if value is not None}, made)
    return made


def with_archives(value: Any) -> Any:
    """Give a value with its archives as our handlers want them, and without the engine's notes."""
    if isinstance(value, dict):
        if value.get(SIGNATURE) == ARCHIVE:
            return pulumi.FileArchive(value["path"])
        if value.get(SIGNATURE) == ASSET:
            return pulumi.FileAsset(value["path"])
        return {key: with_archives(item) for key, item in value.items() if key != DEFAULTS}
    return [with_archives(item) for item in value] if isinstance(value, list) else value


def changed(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Give the inputs that differ. A file is its hash, wherever it lies."""
    return sorted(
        key
        for key in {*old, *new} - {DEFAULTS}
        if _comparable(old.get(key)) != _comparable(new.get(key))
    )


def _whole(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _whole(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_whole(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _comparable(value: Any) -> Any:
    if isinstance(value, dict):
        if value.get(SIGNATURE) in (ARCHIVE, ASSET):
            return value["hash"]
        return {key: _comparable(item) for key, item in value.items()}
    return [_comparable(item) for item in value] if isinstance(value, list) else value
