"""What every long stream of events needs: a heartbeat in silence, and an error that a browser can read."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import TypeVar

from assistant.common.v1 import heartbeat_pb2
from google.rpc import code_pb2

from svc_kit.errors import DomainError
from svc_kit.status import code_of
from svc_kit.task_end import end_task

Said = TypeVar("Said")
Event = TypeVar("Event")

HEARTBEAT_S = 20.0
# A reader this far behind makes the model's stream wait, and nobody else.
_AHEAD = 64


@dataclass(frozen=True, slots=True)
class _End:
    error: Exception | None = None


async def with_heartbeats(
    events: AsyncGenerator[Said, None], as_event: Callable[[Said], Event], beat: Event, seconds: float = HEARTBEAT_S
) -> AsyncGenerator[Event, None]:
    """The events as `as_event` makes them, with `beat` after `seconds` of silence.

    Before the first event there is no beat: that may still be a status.
    """
    queue: asyncio.Queue[Event | _End] = asyncio.Queue(_AHEAD)
    # In a task of its own, because giving up waiting for a generator's next event would end the generator.
    pump = asyncio.create_task(_pump(events, as_event, queue))
    try:
        event = await queue.get()
        while not isinstance(event, _End):
            yield event
            try:
                async with asyncio.timeout(seconds):
                    event = await queue.get()
            except TimeoutError:
                event = beat
        if event.error is not None:
            raise event.error
    finally:
        await end_task(pump)


async def with_error_event(
    events: AsyncGenerator[Event, None], as_event: Callable[[heartbeat_pb2.StreamError], Event]
) -> AsyncGenerator[Event, None]:
    """The events; a failure after the first one becomes an event, and then the status."""
    begun = False
    try:
        async with aclosing(events):
            async for event in events:
                begun = True
                yield event
    except Exception as error:
        if begun:
            yield as_event(stream_error(error))
        raise


def stream_error(error: Exception) -> heartbeat_pb2.StreamError:
    """What a client may know of a failure."""
    if isinstance(error, DomainError):
        return heartbeat_pb2.StreamError(code=code_of(error).value[0], message=error.message, reason=error.reason)
    return heartbeat_pb2.StreamError(code=code_pb2.INTERNAL, message="internal error", reason="INTERNAL")


async def _pump(
    events: AsyncGenerator[Said, None], as_event: Callable[[Said], Event], queue: asyncio.Queue[Event | _End]
) -> None:
    try:
        async with aclosing(events):
            async for event in events:
                await queue.put(as_event(event))
    except Exception as error:
        await queue.put(_End(error))
    else:
        await queue.put(_End())
