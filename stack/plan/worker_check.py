"""The state of a worker: loading, ready with which model, or why not."""

from typing import Any

import grpc
from assistant.inference.v1 import sampling_pb2, worker_pb2, worker_pb2_grpc

from stack.supervisor.part import Check, CheckResult, Health
from stack.supervisor.readiness import ANSWER_SECONDS, grpc_serves
from svc_kit.clients import channel_to
from svc_kit.tokens import mint_internal


def worker_works(address: str, internal_key: str) -> Check:
    """Ready when the worker serves; the detail names its model, or what keeps it from working."""
    serves = grpc_serves(address, "no model is loaded")

    async def check() -> CheckResult:
        result = await serves()
        if result.health is Health.SILENT:
            return result
        return CheckResult(result.health, await _status_text(address, internal_key) or result.detail)

    return check


async def _status_text(address: str, internal_key: str) -> str:
    metadata = (("authorization", f"Bearer {mint_internal(internal_key, 'stack', None)}"),)
    async with channel_to(address) as channel:
        stub: Any = worker_pb2_grpc.WorkerServiceStub(channel)
        try:
            status = await stub.Status(worker_pb2.StatusRequest(), timeout=ANSWER_SECONDS, metadata=metadata)
        except grpc.aio.AioRpcError:
            return ""
    if status.state == sampling_pb2.MODEL_STATE_LOADING:
        return f"loads {status.model_id}"
    return str(status.message or status.display_name or status.model_id)
