"""Sort keys of messages and conversations: when, and the id for those of one moment."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from sync_svc.domain.pages import After
from sync_svc.storage.rows import Row

_FIRST_ID, LAST_ID = UUID(int=0), UUID(int=(1 << 128) - 1)
# Before and behind whatever is stored, so that a first page is a next page too, and one statement serves both.
OLDEST = (datetime.min.replace(tzinfo=UTC), _FIRST_ID)
NEWEST = (datetime.max.replace(tzinfo=UTC), LAST_ID)


def after_of(rows: Sequence[Row], size: int, at: str = "sent_at", row_id: str = "id") -> After:
    """The sort key of the last row of a page, when `rows` go on behind it; None on the last page."""
    return (rows[size - 1][at], rows[size - 1][row_id]) if len(rows) > size else None
