"""A worker between inference_svc and the real one, that keeps what the real one says of its cache."""

from collections.abc import AsyncIterator
from typing import Any

from assistant.inference.v1 import worker_pb2, worker_pb2_grpc

from svc_kit.clients import InternalCaller, channel_to
from tests.contract.inference_svc.scripted import INTERNAL_KEY


class Relay(worker_pb2_grpc.WorkerServiceServicer):
    """Passes on what is asked and answered. Made inside the running loop; `close` it at the end."""

    def __init__(self, address: str) -> None:
        self._channel = channel_to(address)
        self._worker: worker_pb2_grpc.WorkerServiceAsyncStub = worker_pb2_grpc.WorkerServiceStub(self._channel)
        self.read_ahead: list[worker_pb2.PrefillResponse] = []
        self.done: list[worker_pb2.GenerationDone] = []

    async def close(self) -> None:
        await self._channel.close()

    async def Status(self, request: worker_pb2.StatusRequest, context: Any) -> worker_pb2.StatusResponse:
        return await self._worker.Status(request, metadata=_metadata())

    async def CountTokens(self, request: worker_pb2.CountTokensRequest, context: Any) -> worker_pb2.CountTokensResponse:
        return await self._worker.CountTokens(request, metadata=_metadata())

    async def Prefill(self, request: worker_pb2.PrefillRequest, context: Any) -> worker_pb2.PrefillResponse:
        self.read_ahead.append(await self._worker.Prefill(request, metadata=_metadata()))
        return self.read_ahead[-1]

    async def Forget(self, request: worker_pb2.ForgetRequest, context: Any) -> worker_pb2.ForgetResponse:
        return await self._worker.Forget(request, metadata=_metadata())

    async def LoadAdapter(self, request: worker_pb2.LoadAdapterRequest, context: Any) -> worker_pb2.LoadAdapterResponse:
        return await self._worker.LoadAdapter(request, metadata=_metadata())

    async def UnloadAdapter(
        self, request: worker_pb2.UnloadAdapterRequest, context: Any
    ) -> worker_pb2.UnloadAdapterResponse:
        return await self._worker.UnloadAdapter(request, metadata=_metadata())

    async def Generate(
        self, request: worker_pb2.GenerateRequest, context: Any
    ) -> AsyncIterator[worker_pb2.GenerateResponse]:
        async for answer in self._worker.Generate(request, metadata=_metadata()):
            if answer.HasField("done"):
                self.done.append(answer.done)
            yield answer


def _metadata() -> tuple[tuple[str, str], ...]:
    return InternalCaller("test", INTERNAL_KEY).metadata()
