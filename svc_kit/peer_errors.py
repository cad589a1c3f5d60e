"""What another part answered, in the domain's words again, with all that it said."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

import grpc
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status

from svc_kit import errors

AnyMessage = TypeVar("AnyMessage", bound=Message)


@contextmanager
def peer_errors(part: str) -> Iterator[None]:
    """Raise what a call to `part` failed with as a domain error; what only a mistake of ours can cause goes on as it is."""
    try:
        yield
    except grpc.aio.AioRpcError as error:
        translated = domain_error(error, part)
        if translated is None:
            raise
        raise translated from error
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise
        # gRPC raises this too when the other side broke the call off, as a server does that is being stopped.
        raise errors.Unavailable(f"{part} stopped; try again in a moment") from None


def domain_error(error: grpc.aio.AioRpcError, part: str) -> errors.DomainError | None:
    """The domain error that `part` must have raised; None for a status that is none of our caller's business."""
    # grpc_status is written for the blocking API; an AioRpcError has the three methods it reads.
    rich: status_pb2.Status | None = rpc_status.from_call(error)  # type: ignore[arg-type]
    if error.code() is grpc.StatusCode.UNAVAILABLE and rich is None:
        # gRPC's own text names addresses of this machine; nobody outside needs them.
        return errors.Unavailable(f"{part} does not answer; try again in a moment")
    if error.code() is grpc.StatusCode.DEADLINE_EXCEEDED and rich is None:
        return errors.DeadlineExceeded(f"{part} took too long to answer")
    status = rich or status_pb2.Status(message=error.details() or "")
    return _of_code(error.code(), status)


def _of_code(code: grpc.StatusCode, status: status_pb2.Status) -> errors.DomainError | None:
    text, reason = status.message, _detail(status, error_details_pb2.ErrorInfo).reason
    match code:
        case grpc.StatusCode.NOT_FOUND:
            return errors.NotFound(text, reason=reason or None)
        case grpc.StatusCode.FAILED_PRECONDITION:
            return errors.FailedPrecondition(reason or "FAILED_PRECONDITION", text)
        case grpc.StatusCode.UNAVAILABLE:
            return errors.Unavailable(text, reason=reason or None)
        case grpc.StatusCode.DEADLINE_EXCEEDED:
            return errors.DeadlineExceeded(text, reason=reason or None)
        case grpc.StatusCode.RESOURCE_EXHAUSTED:
            delay = _detail(status, error_details_pb2.RetryInfo).retry_delay
            return errors.Overloaded(text, retry_after=delay.ToMilliseconds() / 1000 or 1.0, reason=reason or None)
        case grpc.StatusCode.INVALID_ARGUMENT:
            found = _detail(status, error_details_pb2.BadRequest).field_violations
            return errors.InvalidInput.of([(each.field, each.description) for each in found] or [("request", text)])
        case _:
            return None


def _detail(status: status_pb2.Status, kind: type[AnyMessage]) -> AnyMessage:
    found = kind()
    for packed in status.details:
        if packed.Unpack(found):
            break
    return found
