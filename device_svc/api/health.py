"""HealthService: all parts at a glance."""

from __future__ import annotations

from typing import Any

import grpc
from assistant.device.v1 import health_pb2, health_pb2_grpc

from device_svc.api.mapping import PART_STATUSES
from device_svc.domain.health import Glance

Context = grpc.aio.ServicerContext[Any, Any]


class HealthServicer(health_pb2_grpc.HealthServiceServicer):
    """Tells how each part is, with no secret in it."""

    def __init__(self, glance: Glance, version: str) -> None:
        self._glance = glance
        self._version = version

    async def GetHealth(self, request: health_pb2.GetHealthRequest, context: Context) -> health_pb2.GetHealthResponse:
        """Return the state of each part and of the whole, up to a second old."""
        health = await self._glance.look()
        return health_pb2.GetHealthResponse(
            status=PART_STATUSES[health.status],
            version=self._version,
            parts=[
                health_pb2.PartHealth(name=name, status=PART_STATUSES[status]) for name, status in health.parts.items()
            ],
        )
