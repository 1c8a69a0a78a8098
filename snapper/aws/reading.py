"""Answers of AWS, read quickly: what a long listing takes is spent on its times and its fields."""

from collections.abc import Callable
from typing import Any

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


class QuickParser(RestXMLParser):  # type: ignore[misc]  # botocore has no types
    """Reads listed objects field by field, where botocore asks its description of S3 for each."""

    def _handle_structure(self, shape: Any, node: Any) -> Any:  # noqa: ANN401  botocore's
        if shape.name != "Object":
            return super()._handle_structure(shape, node)
        fields = ((each.tag.rpartition("}")[2], each.text or "") for each in node)
        return {name: _FIELDS[name](text) for name, text in fields if name in _FIELDS}


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
    return session
