"""The one table from domain errors to gRPC statuses, with google.rpc details."""

from __future__ import annotations

import grpc
from google.protobuf import any_pb2, duration_pb2
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status

from svc_kit import errors

ERROR_DOMAIN = "conversation-assistant"

CODES: dict[type[errors.DomainError], grpc.StatusCode] = {
    errors.InvalidInput: grpc.StatusCode.INVALID_ARGUMENT,
    errors.NotFound: grpc.StatusCode.NOT_FOUND,
    errors.AlreadyExists: grpc.StatusCode.ALREADY_EXISTS,
    errors.FailedPrecondition: grpc.StatusCode.FAILED_PRECONDITION,
    errors.Unauthenticated: grpc.StatusCode.UNAUTHENTICATED,
    errors.PermissionDenied: grpc.StatusCode.PERMISSION_DENIED,
    errors.Overloaded: grpc.StatusCode.RESOURCE_EXHAUSTED,
    errors.Unavailable: grpc.StatusCode.UNAVAILABLE,
    errors.DeadlineExceeded: grpc.StatusCode.DEADLINE_EXCEEDED,
    errors.NotImplementedYet: grpc.StatusCode.UNIMPLEMENTED,
}

# What another service answered that its caller's caller can act on; anything else is a fault of ours.
PASSED_ON = frozenset(
    {
        grpc.StatusCode.INVALID_ARGUMENT,
        grpc.StatusCode.NOT_FOUND,
        grpc.StatusCode.FAILED_PRECONDITION,
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.UNIMPLEMENTED,
    }
)


def code_of(error: errors.DomainError) -> grpc.StatusCode:
    """The gRPC code of a domain error, also of a subclass."""
    for kind in type(error).__mro__:
        if kind in CODES:
            return CODES[kind]
    return grpc.StatusCode.INTERNAL


def status_of(error: errors.DomainError) -> status_pb2.Status:
    """The google.rpc.Status of a domain error: ErrorInfo, and BadRequest or RetryInfo where they apply."""
    details: list[Message] = [error_details_pb2.ErrorInfo(reason=error.reason, domain=ERROR_DOMAIN)]
    if isinstance(error, errors.InvalidInput):
        bad_request = error_details_pb2.BadRequest()
        for field, description in error.violations:
            bad_request.field_violations.add(field=field, description=description)
        details.append(bad_request)
    if isinstance(error, errors.Overloaded):
        delay = duration_pb2.Duration()
        delay.FromMilliseconds(int(error.retry_after * 1000))
        details.append(error_details_pb2.RetryInfo(retry_delay=delay))
    code: int = code_of(error).value[0]
    return status_pb2.Status(code=code, message=error.message, details=[_packed(detail) for detail in details])


def passed_on(error: grpc.aio.AioRpcError) -> status_pb2.Status | None:
    """The status another service gave, when it is one for our caller; None when it is our own fault."""
    if error.code() not in PASSED_ON:
        return None
    # grpc_status is written for the blocking API; an AioRpcError has the three methods it reads.
    rich: status_pb2.Status | None = rpc_status.from_call(error)  # type: ignore[arg-type]
    code: int = error.code().value[0]
    return rich or status_pb2.Status(code=code, message=_reachable(error))


def _reachable(error: grpc.aio.AioRpcError) -> str:
    # grpc's own text names addresses of this machine; nobody outside needs them.
    if error.code() is grpc.StatusCode.UNAVAILABLE:
        return "a part of the server does not answer; try again in a moment"
    return error.details() or ""


def _packed(message: Message) -> any_pb2.Any:
    packed = any_pb2.Any()
    packed.Pack(message)
    return packed
