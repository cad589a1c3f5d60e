"""How a stream that fails says so: a browser cannot read the status that follows the last event."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from assistant.common.v1 import heartbeat_pb2
from assistant.training.v1 import samples_pb2 as pb
from google.rpc import code_pb2

from svc_kit.errors import DomainError
from svc_kit.status import code_of

Events = AsyncGenerator[pb.ExportSamplesResponse, None]


async def with_error_event(events: Events) -> Events:
    """The events; when one has been sent and then something fails, an `error` event, and the failure itself."""
    began = False
    async with aclosing(events):
        try:
            async for event in events:
                yield event
                began = True
        except Exception as error:
            if began:
                yield pb.ExportSamplesResponse(error=_event_of(error))
            raise


def _event_of(error: Exception) -> heartbeat_pb2.StreamError:
    if isinstance(error, DomainError):
        code: int = code_of(error).value[0]
        return heartbeat_pb2.StreamError(code=code, message=error.message, reason=error.reason)
    return heartbeat_pb2.StreamError(code=code_pb2.INTERNAL, message="internal error", reason="INTERNAL")
