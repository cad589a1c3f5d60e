"""Puts training_svc together: the only module that knows every concrete class."""

from __future__ import annotations

import grpc
from assistant.training.v1 import samples_pb2, samples_pb2_grpc, training_pb2, training_pb2_grpc

from svc_kit.clients import InternalCaller
from svc_kit.resources import Resources, gate_by_device_svc
from svc_kit.server import Service
from training_svc.api.samples import SamplesServicer
from training_svc.api.training import TrainingServicer
from training_svc.sample_service import SampleService
from training_svc.settings import TrainingSettings
from training_svc.storage.transactions import PostgresTransactions

NAME = "training_svc"


async def build(settings: TrainingSettings) -> Service:
    """The service, ready to be started."""
    resources = Resources()
    database = resources.database(settings, NAME)
    caller = InternalCaller(NAME, settings.internal_key.get_secret_value())
    device_svc = resources.channel(settings.device_address)
    samples = SampleService(PostgresTransactions(database))

    def add(server: grpc.aio.Server) -> None:
        samples_pb2_grpc.add_SamplesServiceServicer_to_server(SamplesServicer(samples), server)
        training_pb2_grpc.add_TrainingServiceServicer_to_server(TrainingServicer(), server)

    return Service(
        name=NAME,
        listen=settings.listen,
        gate=gate_by_device_svc(device_svc, caller, settings.internal_key),
        add=add,
        serves=[
            samples_pb2.DESCRIPTOR.services_by_name["SamplesService"].full_name,
            training_pb2.DESCRIPTOR.services_by_name["TrainingService"].full_name,
        ],
        probes=[database.ping],
        metrics_port=settings.metrics_port,
        resources=resources,
    )
