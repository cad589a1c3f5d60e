"""Single values of ingest requests: from the contract to what can be stored."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from google.protobuf.timestamp_pb2 import Timestamp

from sync_svc.api.refusal import Refused

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def without_nul(text: str) -> str:
    """What people wrote, storable: PostgreSQL takes no NUL, and refusing would stop the whole sync for one character."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}")


def time_of(field: str, stamp: Timestamp) -> datetime:
    """The time in a field. Raises Refused for one outside the calendar."""
    try:
        # Exact to the microsecond, and four times as quick as datetime.fromtimestamp with a time zone.
        return _EPOCH + timedelta(0, stamp.seconds, stamp.nanos // 1000)
    except OverflowError as error:
        raise Refused(field, "must lie between the years 1 and 9999") from error
