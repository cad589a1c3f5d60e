"""Times in the contract's words."""

from __future__ import annotations

from datetime import datetime

from google.protobuf.timestamp_pb2 import Timestamp


def stamp(at: datetime | None) -> Timestamp | None:
    """The Timestamp of a time."""
    if at is None:
        return None
    made = Timestamp()
    made.FromDatetime(at)
    return made
