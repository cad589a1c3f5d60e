"""What a client reads out of a call that failed."""

from collections.abc import AsyncIterable, Awaitable
from dataclasses import dataclass
from typing import Any, TypeVar

import grpc
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status

Event = TypeVar("Event")


@dataclass(frozen=True)
class Refusal:
    """A status with its google.rpc details."""

    code: grpc.StatusCode
    message: str
    reason: str
    fields: list[str]
    retry_seconds: int


async def refused(call: Awaitable[Any]) -> Refusal:
    """How the call was refused; it must be."""
    try:
        await call
    except grpc.aio.AioRpcError as error:
        return _refusal(error)
    raise AssertionError("the call was not refused")


async def broken(stream: AsyncIterable[Event]) -> tuple[list[Event], Refusal]:
    """What came before a stream broke, and how it broke; it must."""
    events = []
    try:
        async for event in stream:
            events.append(event)
    except grpc.aio.AioRpcError as error:
        return events, _refusal(error)
    raise AssertionError("the stream ended well")


def _refusal(error: grpc.aio.AioRpcError) -> Refusal:
    status = rpc_status.from_call(error) or status_pb2.Status()  # type: ignore[arg-type]
    info, bad, retry = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest(), error_details_pb2.RetryInfo()
    for detail in status.details:
        for message in (info, bad, retry):
            detail.Unpack(message)
    return Refusal(
        code=error.code(),
        message=error.details() or "",
        reason=info.reason,
        fields=[violation.field for violation in bad.field_violations],
        retry_seconds=retry.retry_delay.seconds,
    )
