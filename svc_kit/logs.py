"""JSON logs on stderr, with ids and counts only: message text never reaches a log line."""

from __future__ import annotations

import logging
import sys
import traceback
from types import TracebackType
from typing import Any

import structlog

from svc_kit.request_id import current_request_id


def configure_logs(service: str, level: str = "INFO") -> None:
    """Set up structlog and the standard library's logging to write JSON lines to stderr."""
    shared: list[structlog.typing.Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_context(service),
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_LibraryFormatter(service))
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)


def where(error: BaseException) -> dict[str, Any]:
    """An error for the log: its type and the places it went through, without its text, which may quote a message."""
    return {"error": _qualified_name(error), "at": _frames(error.__traceback__), "cause": _cause(error)}


def _cause(error: BaseException) -> dict[str, Any] | None:
    cause = error.__cause__ or error.__context__
    return {"error": _qualified_name(cause), "at": _frames(cause.__traceback__)} if cause else None


def _qualified_name(error: BaseException) -> str:
    return f"{type(error).__module__}.{type(error).__qualname__}"


def _frames(trace: TracebackType | None) -> list[str]:
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(trace)[-12:]]


def _add_context(service: str) -> structlog.typing.Processor:
    def add(_logger: Any, _name: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        event["service"] = service
        event.setdefault("request_id", current_request_id())
        return event

    return add


class _LibraryFormatter(logging.Formatter):
    """Libraries' records as JSON, with the place of an error and never its text or the record's arguments."""

    def __init__(self, service: str) -> None:
        super().__init__()
        self._render = structlog.processors.JSONRenderer()
        self._service = service

    def format(self, record: logging.LogRecord) -> str:
        event: dict[str, Any] = {
            "event": _safe_event(record),
            "logger": record.name,
            "level": record.levelname.lower(),
            "service": self._service,
        }
        if record.exc_info and record.exc_info[1] is not None:
            event.update(where(record.exc_info[1]))
        return str(self._render(None, "", event))


def _safe_event(record: logging.LogRecord) -> str:
    # Only the template, without its arguments: those may hold what people wrote. asyncio formats exceptions into its text.
    if record.name == "asyncio" or (record.exc_info and not record.args):
        return "library error"
    return str(record.msg)[:300]
