"""Whether another service serves, asked by grpc.health.v1."""

from __future__ import annotations

from typing import Any

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

_TIMEOUT_S = 1.0


async def is_serving(channel: grpc.aio.Channel) -> bool:
    """Ask the service behind `channel`; False when it does not answer within a second, or says that it does not serve.

    A server without the health service answers, and counts as serving.
    """
    stub: Any = health_pb2_grpc.HealthStub(channel)  # its types know only the blocking API
    try:
        answer = await stub.Check(health_pb2.HealthCheckRequest(), timeout=_TIMEOUT_S)
    except grpc.aio.AioRpcError as error:
        return error.code() is grpc.StatusCode.UNIMPLEMENTED
    return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)
