"""Answers of AWS, read quickly: what a long listing takes is spent on its times and its fields."""

from collections.abc import Callable
from typing import Any

from botocore import handlers
from botocore.parsers import ResponseParserFactory, RestXMLParser
from botocore.session import Session

from snapper.aws.times import read_time

_FIELDS: dict[str, Callable[[str], Any]] = {
    "Key": str,
    "LastModified": read_time,
    "ETag": str,
    "Size": int,
    "StorageClass": str,
}
"""What is read of a listed object; nothing else of it is asked for."""

_ENDS = {"ListObjectsV2": b"</ListBucketResult>", "ListObjectVersions": b"</ListVersionsResult>"}
_BEFORE_PARSE = "before-parse.s3.*"
_END = slice(-64, None)  # with what white space may follow


class QuickParser(RestXMLParser):  # type: ignore[misc]  # botocore has no types
    """Reads listed objects field by field, where botocore asks its description of S3 for each."""

    def _handle_structure(self, shape: Any, node: Any) -> Any:  # noqa: ANN401  botocore's
        if shape.name != "Object":
            return super()._handle_structure(shape, node)
        fields = ((each.tag.rpartition("}")[2], each.text or "") for each in node)
        return {name: _FIELDS[name](text) for name, text in fields if name in _FIELDS}


def look_for_error(
    operation_model: Any,  # noqa: ANN401  botocore's
    response_dict: dict[str, Any],
    **more: Any,  # noqa: ANN401  as above
) -> None:
    """Have an error in an answer of 200, or one that was cut short, tried again as botocore does.

    For that it reads each answer once more. A listing with its end is whole, and is none.
    """
    end = _ENDS.get(operation_model.name)
    if end is None or not response_dict["body"][_END].rstrip().endswith(end):
        handlers._handle_200_error(operation_model, response_dict, **more)


class _Quick(ResponseParserFactory):  # type: ignore[misc]  # as above
    def create_parser(self, protocol_name: str) -> Any:  # noqa: ANN401  botocore's
        if protocol_name == "rest-xml":
            return QuickParser(**self._defaults)
        return super().create_parser(protocol_name)


def reading_quickly(session: Session) -> Session:
    """Have all clients of a session read so."""
    factory = _Quick()
    factory.set_parser_defaults(timestamp_parser=read_time)
    session.register_component("response_parser_factory", factory)
    session.unregister(_BEFORE_PARSE, handlers._handle_200_error)
    session.register(_BEFORE_PARSE, look_for_error)
    return session
