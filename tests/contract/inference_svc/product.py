"""inference_svc itself, between scripted neighbours, on a real database and a real Valkey."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID

import grpc
from assistant.common.v1 import erasure_pb2
from assistant.inference.v1 import (
    models_pb2_grpc,
    responses_pb2,
    responses_pb2_grpc,
    worker_pb2_grpc,
)
from assistant.sync.v1 import conversations_pb2_grpc
from assistant.training.v1 import samples_pb2_grpc, training_pb2_grpc

from inference_svc.settings import InferenceSettings
from inference_svc.wiring import Intervals, build
from svc_kit.clients import InternalCaller, channel_to
from svc_kit.database import Database
from svc_kit.ids import new_id
from svc_kit.migrations import runner
from svc_kit.server import running
from svc_kit.settings import DatabaseSettings, from_mapping
from tests.conftest import DatabaseAddress
from tests.contract.inference_svc.scripted import (
    INTERNAL_KEY,
    Said,
    ScriptedSync,
    ScriptedTraining,
    ScriptedWorker,
    serving,
)

ROLE_PASSWORD = "inference role"
# Nothing listens on port 1 of loopback.
NOBODY = "127.0.0.1:1"


@dataclass
class Neighbours:
    """The processes around inference_svc and how to reach them."""

    sync: ScriptedSync = field(default_factory=ScriptedSync)
    worker: ScriptedWorker = field(default_factory=ScriptedWorker)
    training: ScriptedTraining = field(default_factory=ScriptedTraining)
    addresses: dict[str, str] = field(default_factory=dict)


@dataclass
class Product:
    """A running inference_svc and an owner who calls it."""

    responses: responses_pb2_grpc.ResponsesServiceAsyncStub
    models: models_pb2_grpc.ModelsServiceAsyncStub
    neighbours: Neighbours
    database: Database
    port: int
    account_id: UUID = field(default_factory=new_id)

    @property
    def worker(self) -> ScriptedWorker:
        return self.neighbours.worker

    @property
    def sync(self) -> ScriptedSync:
        return self.neighbours.sync

    @property
    def training(self) -> ScriptedTraining:
        return self.neighbours.training

    @property
    def owner(self) -> tuple[tuple[str, str], ...]:
        """The metadata of the owner's calls."""
        return InternalCaller("test", INTERNAL_KEY).metadata(self.account_id)

    def say(self, *texts: str, **settings: object) -> Said:
        """A conversation of the owner's."""
        return self.sync.say(self.account_id, *texts, **settings)  # type: ignore[arg-type]

    async def stream(self, **fields: object) -> list[responses_pb2.StreamResponseResponse]:
        """All events of a draft."""
        request = responses_pb2.StreamResponseRequest(**fields)  # type: ignore[arg-type]
        return [event async for event in self.responses.StreamResponse(request, metadata=self.owner)]

    async def generate(self, **fields: object) -> responses_pb2.GenerateResponseResponse:
        """A whole draft."""
        request = responses_pb2.GenerateResponseRequest(**fields)  # type: ignore[arg-type]
        return await self.responses.GenerateResponse(request, metadata=self.owner)

    async def get(self, response_id: str) -> responses_pb2.GeneratedResponse:
        """A draft as it is kept."""
        request = responses_pb2.GetResponseRequest(response_id=response_id)
        return (await self.responses.GetResponse(request, metadata=self.owner)).response

    async def act(self, response_id: str, action: int, **fields: str) -> responses_pb2.GeneratedResponse:
        """Do something with a draft."""
        request = responses_pb2.ActOnResponseRequest(response_id=response_id, action=action, **fields)  # type: ignore[arg-type]
        return (await self.responses.ActOnResponse(request, metadata=self.owner)).response

    async def note(self, *arrivals: responses_pb2.Arrival) -> None:
        """Tell what arrived, as sync_svc does."""
        await self.responses.NoteArrivals(responses_pb2.NoteArrivalsRequest(arrivals=arrivals), metadata=self.owner)

    async def erase(self, **erasure: object) -> responses_pb2.EraseMessagesResponse:
        """Tell of a deletion, as sync_svc does."""
        said = erasure_pb2.Erasure(**{"erasure_id": str(new_id()), **erasure})  # type: ignore[arg-type]
        request = responses_pb2.EraseMessagesRequest(erasure=said)
        return await self.responses.EraseMessages(request, metadata=self.owner)

    async def enqueue(self, *, job_request_id: str = "", **fields: object) -> responses_pb2.GenerationJob:
        """A draft in the queue; `fields` are those of the draft."""
        draft = responses_pb2.GenerateResponseRequest(**fields)  # type: ignore[arg-type]
        request = responses_pb2.GenerateAsyncRequest(request=draft, request_id=job_request_id)
        return (await self.responses.GenerateAsync(request, metadata=self.owner)).job

    async def job(self, job_id: str) -> responses_pb2.GenerationJob:
        """A job as it is now."""
        return (await self.responses.GetJob(responses_pb2.GetJobRequest(job_id=job_id), metadata=self.owner)).job

    async def cancel(self, job_id: str) -> responses_pb2.GenerationJob:
        """A job after its cancellation."""
        request = responses_pb2.CancelJobRequest(job_id=job_id)
        return (await self.responses.CancelJob(request, metadata=self.owner)).job

    def watch(self, job_id: str) -> AsyncIterable[responses_pb2.WatchJobResponse]:
        """A job's changes."""
        return self.responses.WatchJob(responses_pb2.WatchJobRequest(job_id=job_id), metadata=self.owner)

    async def ended(self, job_id: str) -> responses_pb2.GenerationJob:
        """A job when it has ended."""
        events = [event async for event in self.watch(job_id)]
        assert events[-1].HasField("done")
        return events[-1].done

    async def list(self, conversation_id: str) -> list[responses_pb2.GeneratedResponse]:
        """The newest drafts of a conversation."""
        request = responses_pb2.ListResponsesRequest(conversation_id=conversation_id)
        return list((await self.responses.ListResponses(request, metadata=self.owner)).responses)


def owner_settings(address: DatabaseAddress) -> DatabaseSettings:
    return from_mapping(
        DatabaseSettings,
        host=address.host,
        port=address.port,
        user=address.user,
        password=address.password,
        name=address.name,
    )


async def migrated(address: DatabaseAddress) -> DatabaseSettings:
    """Make the schema; how the service reaches it."""
    await runner.migrate(owner_settings(address), {"inference": ROLE_PASSWORD})
    return from_mapping(
        DatabaseSettings,
        host=address.host,
        port=address.port,
        user=runner.role_of("inference"),
        password=ROLE_PASSWORD,
        name=address.name,
    )


@asynccontextmanager
async def running_neighbours() -> AsyncIterator[Neighbours]:
    """All three neighbours."""
    them = Neighbours()
    async with AsyncExitStack() as stack:
        for name, add in (
            ("sync", lambda s: conversations_pb2_grpc.add_ConversationsServiceServicer_to_server(them.sync, s)),
            ("worker", lambda s: worker_pb2_grpc.add_WorkerServiceServicer_to_server(them.worker, s)),
            ("training", lambda s: _add_training(them.training, s)),
        ):
            server = await stack.enter_async_context(serving(name, add))
            them.addresses[name] = f"127.0.0.1:{server.port}"
        yield them


def _add_training(training: ScriptedTraining, server: grpc.aio.Server) -> None:
    samples_pb2_grpc.add_SamplesServiceServicer_to_server(training, server)
    training_pb2_grpc.add_TrainingServiceServicer_to_server(training, server)


@asynccontextmanager
async def running_product(
    database: DatabaseSettings,
    redis_url: str,
    neighbours: Neighbours,
    *,
    intervals: Intervals | None = None,
    **settings: object,
) -> AsyncIterator[Product]:
    """inference_svc, served for real."""
    made = from_mapping(
        InferenceSettings,
        **{
            **database.model_dump(),
            "internal_key": INTERNAL_KEY,
            "device_address": NOBODY,
            "listen": "127.0.0.1:0",
            "sync_address": neighbours.addresses.get("sync", NOBODY),
            "worker_addresses": neighbours.addresses.get("worker", NOBODY),
            "training_address": neighbours.addresses.get("training", NOBODY),
            "redis_url": redis_url,
            **settings,
        },
    )
    pool = Database(database)
    async with running(await build(made, intervals or Intervals(delivery=0.05))) as server:
        channel: grpc.aio.Channel = channel_to(f"127.0.0.1:{server.port}")
        async with channel:
            yield Product(
                responses_pb2_grpc.ResponsesServiceStub(channel),
                models_pb2_grpc.ModelsServiceStub(channel),
                neighbours,
                pool,
                server.port,
            )
    await pool.close()
