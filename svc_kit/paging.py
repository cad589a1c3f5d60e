"""Page tokens for keyset paging: opaque to clients, the last row's sort key to us."""

from __future__ import annotations

import base64
import binascii
import json
from datetime import UTC, datetime
from uuid import UUID

from svc_kit.errors import InvalidInput


def encode_page_token(at: datetime, row_id: UUID) -> str:
    """The token for rows after (`at`, `row_id`) in a list that is sorted by these two."""
    return base64.urlsafe_b64encode(json.dumps([at.isoformat(), str(row_id)]).encode()).decode().rstrip("=")


def decode_page_token(token: str) -> tuple[datetime, UUID] | None:
    """The sort key of the last row seen; None for an empty token. Raises InvalidInput naming `page_token`."""
    if not token:
        return None
    try:
        text, row_id = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        at = datetime.fromisoformat(text)
        if at.tzinfo is None:
            raise ValueError("no time zone")
        return at.astimezone(UTC), UUID(row_id)
    except (ValueError, TypeError, AttributeError, OverflowError, binascii.Error) as error:
        raise InvalidInput("page_token", "is not one that this server gave") from error


def page_size_of(asked: int, *, default: int = 50) -> int:
    """The page size to use: 0 means that the client did not say."""
    return asked or default
