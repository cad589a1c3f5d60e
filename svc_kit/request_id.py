"""The id that follows one request through every part and log line."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextvars import ContextVar

from uuid_utils.compat import uuid7

REQUEST_ID_HEADER = "x-request-id"
_ACCEPTED = re.compile(r"^[A-Za-z0-9._-]{1,64}$")
_current: ContextVar[str] = ContextVar("request_id", default="")


def begin_request(metadata: Iterable[tuple[str, str | bytes]]) -> str:
    """Take the caller's id, or make one; a strange one is replaced, so that nothing foreign gets into the logs."""
    for key, value in metadata:
        if key == REQUEST_ID_HEADER and isinstance(value, str) and _ACCEPTED.match(value):
            _current.set(value)
            return value
    made = str(uuid7())
    _current.set(made)
    return made


def current_request_id() -> str:
    """The running request's id; a new one outside of any request."""
    return _current.get() or str(uuid7())
