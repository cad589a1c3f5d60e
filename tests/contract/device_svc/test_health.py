"""HealthService, and what every server of ours offers besides."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import grpc
from assistant.device.v1 import health_pb2 as pb
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1.health import aio as health_aio
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from stack.ports import free_port
from svc_kit.contract import outward_services
from tests.conftest import DatabaseAddress
from tests.device_service import DeviceService, device_service, device_settings, write_signing_key

PARTS = ["device_svc", "sync_svc", "inference_svc", "training_svc", "worker", "postgres", "redis"]


async def test_all_parts_are_told_while_most_are_away(service: DeviceService):
    health = await service.health.GetHealth(pb.GetHealthRequest())

    statuses = {part.name: part.status for part in health.parts}
    assert list(statuses) == PARTS
    assert statuses["device_svc"] == statuses["postgres"] == pb.PART_STATUS_SERVING
    assert statuses["sync_svc"] == pb.PART_STATUS_UNREACHABLE
    assert health.status == pb.PART_STATUS_NOT_SERVING
    assert health.version


async def test_all_is_well_when_all_parts_serve(database: DatabaseAddress, valkey: str, tmp_path: Path):
    key = write_signing_key(tmp_path / "key.pem")
    async with _part(health_pb2.HealthCheckResponse.SERVING) as address:
        parts = dict.fromkeys(("sync_address", "inference_address", "training_address", "worker_addresses"), address)
        async with device_service(device_settings(database, key, redis_url=valkey, **parts)) as service:
            health = await service.health.GetHealth(pb.GetHealthRequest())

    assert {part.name: part.status for part in health.parts} == dict.fromkeys(PARTS, pb.PART_STATUS_SERVING)
    assert health.status == pb.PART_STATUS_SERVING


async def test_a_part_that_loads_its_model_is_not_serving(database: DatabaseAddress, tmp_path: Path):
    key = write_signing_key(tmp_path / "key.pem")
    async with (
        _part(health_pb2.HealthCheckResponse.NOT_SERVING) as address,
        device_service(device_settings(database, key, worker_addresses=address)) as service,
    ):
        health = await service.health.GetHealth(pb.GetHealthRequest())

    assert {part.name: part.status for part in health.parts}["worker"] == pb.PART_STATUS_NOT_SERVING


async def test_of_several_workers_one_that_serves_is_enough(database: DatabaseAddress, tmp_path: Path):
    key = write_signing_key(tmp_path / "key.pem")
    async with (
        _part(health_pb2.HealthCheckResponse.NOT_SERVING) as loading,
        _part(health_pb2.HealthCheckResponse.SERVING) as working,
        device_service(device_settings(database, key, worker_addresses=f"127.0.0.1:1,{loading},{working}")) as service,
    ):
        health = await service.health.GetHealth(pb.GetHealthRequest())

    assert {part.name: part.status for part in health.parts}["worker"] == pb.PART_STATUS_SERVING


async def test_it_answers_while_the_database_is_away(database: DatabaseAddress, tmp_path: Path):
    key = write_signing_key(tmp_path / "key.pem")
    async with device_service(device_settings(database, key, port=free_port())) as service:
        health = await service.health.GetHealth(pb.GetHealthRequest())

    statuses = {part.name: part.status for part in health.parts}
    assert statuses["postgres"] == pb.PART_STATUS_UNREACHABLE
    assert statuses["device_svc"] == pb.PART_STATUS_NOT_SERVING


async def test_grpc_health_says_serving(service: DeviceService):
    stub = health_pb2_grpc.HealthStub(service.channel)

    for name in ("", "assistant.device.v1.AuthService", "assistant.device.v1.DevicesService"):
        answer = await stub.Check(health_pb2.HealthCheckRequest(service=name))
        assert answer.status == health_pb2.HealthCheckResponse.SERVING


async def test_reflection_shows_everything_that_can_be_called_from_outside(service: DeviceService):
    stub = reflection_pb2_grpc.ServerReflectionStub(service.channel)
    request = reflection_pb2.ServerReflectionRequest(list_services="")

    answers = [answer async for answer in stub.ServerReflectionInfo(iter([request]))]

    listed = {found.name for found in answers[0].list_services_response.service}
    assert set(outward_services()) <= listed
    assert not any("Worker" in name for name in listed)


@asynccontextmanager
async def _part(status: health_pb2.HealthCheckResponse.ServingStatus) -> AsyncIterator[str]:
    """A server that has nothing but its health."""
    server = grpc.aio.server()
    servicer = health_aio.HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
    await servicer.set("", status)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        await server.stop(None)
