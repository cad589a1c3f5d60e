"""The field rules of the contract (protovalidate), as a list of (field path, what is wrong)."""

from __future__ import annotations

from typing import Any

import protovalidate
from google.protobuf.message import Message

_validator = protovalidate.Validator()


def violations_of(message: Message) -> list[tuple[str, str]]:
    """What is wrong with a message, e.g. ("messages[3].imessage_guid", "must be at least 1 characters"); empty when nothing is.

    It takes about 12 µs for a small message.
    """
    return [(_path(found.proto.field), str(found.proto.message)) for found in _validator.collect_violations(message)]


def _path(field: Any) -> str:
    path = ""
    for element in field.elements if field is not None else ():
        path += f".{element.field_name}" if path else str(element.field_name)
        subscript = element.subscript
        if subscript is not None:
            path += f"[{subscript.value}]"
    return path
