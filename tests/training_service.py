"""A running training_svc on a real database. It is called as another service would, so that no device_svc is needed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import grpc
from assistant.common.v1 import erasure_pb2
from assistant.training.v1 import samples_pb2 as pb
from assistant.training.v1 import samples_pb2_grpc, training_pb2_grpc
from pydantic import SecretStr

from stack.ports import free_port
from svc_kit.clients import InternalCaller, channel_to
from svc_kit.ids import new_id
from svc_kit.server import running
from svc_kit.settings import from_mapping
from tests.conftest import DatabaseAddress
from training_svc.settings import TrainingSettings
from training_svc.wiring import build

INTERNAL_KEY = "an internal key of at least 32 characters"


@dataclass
class TrainingService:
    """The stubs of a running service."""

    samples: Any
    training: Any
    channel: grpc.aio.Channel

    def acting_for(self, account_id: UUID | None) -> tuple[tuple[str, str], ...]:
        """Metadata of another service that acts for an account."""
        return InternalCaller("test", INTERNAL_KEY).metadata(account_id)

    async def record(self, event: pb.RecordFeedbackRequest) -> str:
        """Tell of an action; the id of its sample."""
        answer = await self.samples.RecordFeedback(event, metadata=self.acting_for(UUID(event.account_id)))
        return str(answer.sample_id)

    async def create(self, account_id: UUID, **said: str) -> pb.TrainingSample:
        """Add a sample by hand."""
        request = pb.CreateSampleRequest(**{"input_context": "Them: Hi\nMe:", "expected_output": "Hello"} | said)
        answer = await self.samples.CreateSample(request, metadata=self.acting_for(account_id))
        sample: pb.TrainingSample = answer.sample
        return sample

    async def erase(self, account_id: UUID, **erasure: Any) -> int:
        """Tell of a deletion, as sync_svc does; how many samples it erased."""
        request = pb.EraseMessagesRequest(erasure=erasure_pb2.Erasure(**{"erasure_id": str(uuid4())} | erasure))
        answer = await self.samples.EraseMessages(request, metadata=self.acting_for(account_id))
        return int(answer.sample_count)

    async def all(self, account_id: UUID) -> list[pb.TrainingSample]:
        """All samples, newest first."""
        request = pb.ListSamplesRequest(page_size=200)
        return list((await self.samples.ListSamples(request, metadata=self.acting_for(account_id))).samples)


def feedback(account_id: UUID, kind: pb.FeedbackKind.ValueType, **more: Any) -> pb.RecordFeedbackRequest:
    """An action of the owner."""
    said: dict[str, Any] = {
        "event_id": str(uuid4()),
        "account_id": str(account_id),
        "response_id": str(uuid4()),
        "conversation_id": str(uuid4()),
        "input_context": "Them: Are you coming?\nMe:",
        "response": "Yes, at eight.",
        "confidence": 0.75,
        "kind": kind,
        "model_version": "smollm2-135m-instruct",
    }
    event = pb.RecordFeedbackRequest(**(said | more))
    event.acted_at.GetCurrentTime()
    return event


def prompt_of(*texts: str, **hints: Any) -> pb.PromptSource:
    """A prompt of messages, each new: theirs and the owner's in turn."""
    turns = [
        pb.PromptTurn(message_id=str(new_id()), text=text, mine=bool(place % 2), sender="Ana")
        for place, text in enumerate(texts)
    ]
    return pb.PromptSource(turns=turns, hints=pb.StyleHints(**hints), template_id="transcript-1")


def training_settings(database: DatabaseAddress, **more: Any) -> TrainingSettings:
    """Settings for a service on a free port."""
    service = database.as_service("training")
    values: dict[str, Any] = {
        "host": service.host,
        "port": service.port,
        "user": service.user,
        "password": SecretStr(service.password),
        "name": service.name,
        "internal_key": SecretStr(INTERNAL_KEY),
        "device_address": f"127.0.0.1:{free_port()}",
        "listen": "127.0.0.1:0",
    }
    return from_mapping(TrainingSettings, **(values | more))


@asynccontextmanager
async def training_service(settings: TrainingSettings) -> AsyncIterator[TrainingService]:
    """Run training_svc for the length of a block."""
    async with running(await build(settings)) as server, channel_to(f"127.0.0.1:{server.port}") as channel:
        yield TrainingService(
            samples_pb2_grpc.SamplesServiceStub(channel), training_pb2_grpc.TrainingServiceStub(channel), channel
        )


async def run_as_owner(database: DatabaseAddress, statement: str, *values: Any) -> Any:
    """Run a statement as the owner of the database, who sees everything; its first value."""
    owner = await asyncpg.connect(
        host=database.host, port=database.port, user=database.user, password=database.password, database=database.name
    )
    try:
        return await owner.fetchval(statement, *values)
    finally:
        await owner.close()
