"""Puts the worker together: the only module that knows every concrete class."""

from __future__ import annotations

import grpc
from assistant.inference.v1 import worker_pb2, worker_pb2_grpc
from prometheus_client import REGISTRY

from llama_worker.api.worker import WorkerServicer
from llama_worker.engine.host import HostOptions, ModelHost
from llama_worker.engine.options import EngineOptions
from llama_worker.llama.backend import ContextOptions
from llama_worker.llama.source import Hardware, LlamaSource
from llama_worker.metrics import WorkerMetrics
from llama_worker.registration import Registration
from llama_worker.settings import WorkerSettings
from model_files.files import ModelFiles, load_manifest
from svc_kit.clients import InternalCaller
from svc_kit.gate import Gate
from svc_kit.model_state import ModelState
from svc_kit.resources import Resources, gate_by_device_svc
from svc_kit.server import Service
from svc_kit.worker_entry import WorkerEntry

SERVICE = worker_pb2.DESCRIPTOR.services_by_name["WorkerService"].full_name


def build(settings: WorkerSettings, host_options: HostOptions | None = None) -> Service:
    """The worker, ready to be started; the model is loaded beside. Make it inside the running loop."""
    resources = Resources()
    options = EngineOptions(
        queue_limit=settings.queue_limit,
        adapters=settings.adapters,
        spill_bytes=settings.spill_megabytes * 1_000_000,
    )
    host = ModelHost(_source(settings), options, host_options)
    resources.push_async_callback(host.stop)
    servicer = WorkerServicer(host, settings.sequences, settings.queue_limit)
    host.start()
    registration = _registration(settings, host, resources) if settings.registers else None
    if settings.metrics_port:
        metrics = WorkerMetrics(host)
        REGISTRY.register(metrics)
        resources.callback(REGISTRY.unregister, metrics)

    return Service(
        name="worker",
        listen=settings.listen,
        gate=_gate(settings, resources),
        add=lambda server: _add(servicer, server),
        serves=[SERVICE],
        probes=[host.probe],
        metrics_port=settings.metrics_port,
        leaving=registration.drain if registration else None,
        resources=resources,
    )


def _registration(settings: WorkerSettings, host: ModelHost, resources: Resources) -> Registration:
    client = resources.redis(settings.redis_url)
    entry = WorkerEntry(
        settings.advertise, ModelState.LOADING, sequences=settings.sequences, queue_limit=settings.queue_limit
    )
    registration = Registration(client, host, entry)
    # The last heartbeat comes before the entry is taken away.
    resources.push_async_callback(registration.leave)
    resources.in_background(registration.run())
    return registration


def _add(servicer: WorkerServicer, server: grpc.aio.Server) -> None:
    worker_pb2_grpc.add_WorkerServiceServicer_to_server(servicer, server)


def _source(settings: WorkerSettings) -> LlamaSource:
    context = ContextOptions(settings.sequences, settings.context_size, settings.pool_size, settings.thread_count)
    files = ModelFiles(load_manifest(), settings.model_cache)
    hardware = Hardware(context, settings.gpu_layers, settings.check_memory)
    return LlamaSource(files, settings.model_path, settings.model_id, hardware)


def _gate(settings: WorkerSettings, resources: Resources) -> Gate:
    """Only services call the worker; that other tokens are understood too makes their refusal the right one."""
    caller = InternalCaller("worker", settings.internal_key.get_secret_value())
    return gate_by_device_svc(resources.channel(settings.device_address), caller, settings.internal_key)
