"""What the AWS provider's own SDK says of inputs: which there are, and which must be given."""

import importlib
import inspect
from collections.abc import Iterator, Mapping
from typing import Any, get_args

from pulumi import _types as types


def faults(token: str, inputs: Mapping[str, Any]) -> list[str]:
    """Compare the inputs of `aws:s3/bucket:Bucket` with its class BucketArgs, at every depth."""
    _, module, name = token.split(":")
    # `lambda` is a word of Python, so the SDK calls that module lambda_.
    package = {"lambda": "lambda_"}.get(module.split("/")[0], module.split("/")[0])
    classes = importlib.import_module(f"pulumi_aws.{package}")
    # Where a nested type has taken the plain name, the resource's own is called otherwise.
    arguments = getattr(classes, f"{name}InitArgs", None) or getattr(classes, f"{name}Args")
    return list(_compare(token, arguments, inputs))


def _compare(where: str, arguments: Any, inputs: Mapping[str, Any]) -> Iterator[str]:
    names: Mapping[str, str] = types.input_type_py_to_pulumi_names(arguments)
    parameters = inspect.signature(arguments.__init__).parameters
    kinds = types.input_type_types(arguments)
    for key in inputs:
        if key not in names.values():
            yield f"{where} has no input {key}"
    for python_name, key in names.items():
        required = parameters[python_name].default is inspect.Parameter.empty
        if required and key not in inputs:
            yield f"{where} needs {key}"
        if key in inputs:
            yield from _deeper(f"{where}.{key}", kinds[key], inputs[key])


def _deeper(where: str, kind: Any, value: Any) -> Iterator[str]:
    options = [kind, *get_args(kind)]
    options += [deeper for option in get_args(kind) for deeper in get_args(option)]
    nested = next((option for option in options if types.is_input_type(option)), None)
    for item in value if isinstance(value, list) else [value]:
        if nested and isinstance(item, dict):
            yield from _compare(where, nested, item)
        elif isinstance(item, bool | float | str) and not _fits(item, options):
            yield f"{where} is {item!r}, must be of {kind}"


def _fits(value: bool | float | str, options: list[Any]) -> bool:
    if isinstance(value, float):  # the wire knows no other numbers
        return float in options or (int in options and value.is_integer())
    return type(value) in options
