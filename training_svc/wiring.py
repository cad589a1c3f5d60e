"""Puts training_svc together: the only module that knows every concrete class."""

from __future__ import annotations

from contextlib import AsyncExitStack

import grpc
from assistant.training.v1 import samples_pb2, samples_pb2_grpc, training_pb2, training_pb2_grpc

from svc_kit.clients import DeviceServiceClient, InternalCaller, channel_to
from svc_kit.database import Database
from svc_kit.gate import Gate
from svc_kit.server import Service
from svc_kit.tokens import KeyRing, TokenVerifier
from training_svc.api.samples import SamplesServicer
from training_svc.api.training import TrainingServicer
from training_svc.domain.sample_service import SampleService
from training_svc.settings import TrainingSettings
from training_svc.storage.transactions import PostgresTransactions


async def build(settings: TrainingSettings) -> Service:
    """The service, ready to be started."""
    resources = AsyncExitStack()
    database = Database(settings, application="training_svc")
    resources.push_async_callback(database.close)
    internal_key = settings.internal_key.get_secret_value()
    channel = channel_to(settings.device_address)
    resources.push_async_callback(channel.close)
    device_svc = DeviceServiceClient(channel, InternalCaller("training_svc", internal_key))
    samples = SampleService(PostgresTransactions(database))

    def add(server: grpc.aio.Server) -> None:
        samples_pb2_grpc.add_SamplesServiceServicer_to_server(SamplesServicer(samples), server)
        training_pb2_grpc.add_TrainingServiceServicer_to_server(TrainingServicer(), server)

    return Service(
        name="training_svc",
        listen=settings.listen,
        gate=Gate(TokenVerifier(KeyRing(device_svc.fetch_keys), internal_key), device_svc),
        add=add,
        serves=[
            samples_pb2.DESCRIPTOR.services_by_name["SamplesService"].full_name,
            training_pb2.DESCRIPTOR.services_by_name["TrainingService"].full_name,
        ],
        probes=[database.ping],
        metrics_port=settings.metrics_port,
        resources=resources,
    )
