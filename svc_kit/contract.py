"""The whole contract in the process: which services there are, whatever this process serves."""

from __future__ import annotations

from functools import cache
from importlib import import_module

from assistant.common.v1 import access_pb2
from google.protobuf import descriptor_pool

_MODULES = (
    "assistant.device.v1.auth_pb2",
    "assistant.device.v1.devices_pb2",
    "assistant.device.v1.health_pb2",
    "assistant.sync.v1.sync_pb2",
    "assistant.sync.v1.conversations_pb2",
    "assistant.inference.v1.responses_pb2",
    "assistant.inference.v1.models_pb2",
    "assistant.inference.v1.worker_pb2",
    "assistant.training.v1.samples_pb2",
    "assistant.training.v1.training_pb2",
)


@cache
def load_contract() -> tuple[str, ...]:
    """Import every generated module; the full names of all services, in the contract's order."""
    names: list[str] = []
    for module in _MODULES:
        names += [service.full_name for service in import_module(module).DESCRIPTOR.services_by_name.values()]
    return tuple(names)


@cache
def outward_services() -> tuple[str, ...]:
    """The services with at least one RPC that may be called from outside."""
    pool = descriptor_pool.Default()
    return tuple(
        name
        for name in load_contract()
        if any(
            method.GetOptions().Extensions[access_pb2.access] != access_pb2.ACCESS_INTERNAL
            for method in pool.FindServiceByName(name).methods
        )
    )
