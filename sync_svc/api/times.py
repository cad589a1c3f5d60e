"""Times in the contract's words."""

from __future__ import annotations

from datetime import datetime

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from svc_kit.errors import InvalidInput
from sync_svc.api.parse_values import time_of
from sync_svc.api.refusal import Refused


def optional_time(request: Message, field: str) -> datetime | None:
    """The time in a request's field; None when it was left out. Raises InvalidInput naming the field."""
    if not request.HasField(field):
        return None
    try:
        return time_of(field, getattr(request, field))
    except Refused as refused:
        raise InvalidInput(refused.field, refused.what) from refused


def stamp(at: datetime | None) -> Timestamp | None:
    """The Timestamp of a time."""
    if at is None:
        return None
    made = Timestamp()
    made.FromDatetime(at)
    return made
