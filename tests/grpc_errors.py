"""What a call failed with, as a client sees it."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import Any

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status


@dataclass(frozen=True)
class Failure:
    """The status of a failed call, with the details of google.rpc."""

    code: grpc.StatusCode
    message: str
    reason: str = ""
    fields: list[str] = field(default_factory=list)
    retry_after: float | None = None


async def failure_of(call: Awaitable[Any]) -> Failure:
    """The error that this call ends with; the test fails when it ends well."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return described(caught.value)


def described(error: grpc.aio.AioRpcError) -> Failure:
    """An error, unpacked."""
    info, bad, retry = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest(), error_details_pb2.RetryInfo()
    rich: Any = rpc_status.from_call(error)  # type: ignore[arg-type]
    for packed in rich.details if rich else ():
        for detail in (info, bad, retry):
            if packed.Is(detail.DESCRIPTOR):
                packed.Unpack(detail)
    return Failure(
        error.code(),
        error.details() or "",
        info.reason,
        [violation.field for violation in bad.field_violations],
        retry.retry_delay.ToTimedelta().total_seconds() if retry.HasField("retry_delay") else None,
    )
