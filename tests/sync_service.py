"""sync_svc in full, with stand-ins for device_svc and inference_svc, and callers of it."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import grpc
import jwt
from assistant.common.v1 import erasure_pb2
from assistant.device.v1 import auth_pb2, auth_pb2_grpc, devices_pb2, devices_pb2_grpc
from assistant.inference.v1 import responses_pb2, responses_pb2_grpc
from assistant.sync.v1 import conversations_pb2, conversations_pb2_grpc, messages_pb2, sync_pb2, sync_pb2_grpc
from assistant.training.v1 import samples_pb2, samples_pb2_grpc
from cryptography.hazmat.primitives.asymmetric import ec
from google.protobuf.timestamp_pb2 import Timestamp
from grpc_health.v1 import health_pb2, health_pb2_grpc
from jwt.algorithms import ECAlgorithm

from svc_kit.clients import InternalCaller, channel_to
from svc_kit.server import running
from svc_kit.settings import from_mapping
from svc_kit.tokens import API_AUDIENCE, ISSUER
from sync_svc.domain.watching import WatchIntervals
from sync_svc.settings import SyncSettings
from sync_svc.wiring import Intervals, build
from tests.conftest import DatabaseAddress

INTERNAL_KEY = "an-internal-key-of-forty-characters-only"
EPOCH = datetime(2024, 5, 1, 12, tzinfo=UTC)


@dataclass
class DeviceService(auth_pb2_grpc.AuthServiceServicer, devices_pb2_grpc.DevicesServiceServicer):
    """What sync_svc asks of device_svc."""

    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    revoked: set[str] = field(default_factory=set)
    activities: list[devices_pb2.RecordDeviceActivityRequest] = field(default_factory=list)

    async def GetJwks(self, request: auth_pb2.GetJwksRequest, context: Any) -> auth_pb2.GetJwksResponse:
        """The one key."""
        public = json.loads(ECAlgorithm.to_jwk(self.key.public_key()))
        return auth_pb2.GetJwksResponse(keys=[auth_pb2.Jwk(**public, kid="k", alg="ES256", use="sig")])

    async def CheckToken(self, request: auth_pb2.CheckTokenRequest, context: Any) -> auth_pb2.CheckTokenResponse:
        """Whether a device is not among the revoked."""
        return auth_pb2.CheckTokenResponse(active=request.subject not in self.revoked)

    async def RecordDeviceActivity(
        self, request: devices_pb2.RecordDeviceActivityRequest, context: Any
    ) -> devices_pb2.RecordDeviceActivityResponse:
        """Remember it."""
        self.activities.append(request)
        return devices_pb2.RecordDeviceActivityResponse()

    def token(self, account_id: UUID, role: str, subject: UUID) -> str:
        """A token as device_svc would make it."""
        claims: dict[str, Any] = {"iss": ISSUER, "aud": API_AUDIENCE, "sub": str(subject), "account": str(account_id)}
        claims |= {"role": role, "jti": str(uuid4()), "exp": int(time.time()) + 600}
        return jwt.encode(claims, self.key, algorithm="ES256", headers={"kid": "k"})


@dataclass
class DraftingService(responses_pb2_grpc.ResponsesServiceServicer, health_pb2_grpc.HealthServicer):  # type: ignore[misc] # untyped
    """What sync_svc tells inference_svc.

    Ids of messages that are `refused` fail their call; all calls fail while it is `away`, and after their work while it `breaks`.
    `calls` counts the questions whether it serves, too.
    """

    noted: list[tuple[UUID, responses_pb2.Arrival]] = field(default_factory=list)
    erasures: list[tuple[UUID, erasure_pb2.Erasure]] = field(default_factory=list)
    calls: int = 0
    refused: set[str] = field(default_factory=set)
    away: bool = False
    breaks: bool = False

    async def NoteArrivals(
        self, request: responses_pb2.NoteArrivalsRequest, context: Any
    ) -> responses_pb2.NoteArrivalsResponse:
        """Remember them."""
        self.calls += 1
        if self.away:
            await context.abort(grpc.StatusCode.UNAVAILABLE, "away")
        if any(one.message_id in self.refused for one in request.arrivals):
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "refused")
        self.noted.extend((_account(context), one) for one in request.arrivals)
        if self.breaks:
            await context.abort(grpc.StatusCode.UNAVAILABLE, "broke off")
        return responses_pb2.NoteArrivalsResponse()

    async def EraseMessages(
        self, request: responses_pb2.EraseMessagesRequest, context: Any
    ) -> responses_pb2.EraseMessagesResponse:
        """Remember it."""
        self.calls += 1
        if self.away:
            await context.abort(grpc.StatusCode.UNAVAILABLE, "away")
        self.erasures.append((_account(context), request.erasure))
        return responses_pb2.EraseMessagesResponse()

    async def Check(self, request: health_pb2.HealthCheckRequest, context: Any) -> health_pb2.HealthCheckResponse:
        """Whether it serves."""
        self.calls += 1
        kind = health_pb2.HealthCheckResponse
        return kind(status=kind.NOT_SERVING if self.away else kind.SERVING)

    def of(self, caller: Caller) -> list[responses_pb2.Arrival]:
        """What was noted of the caller's account."""
        return [arrival for account, arrival in self.noted if account == caller.account_id]


@dataclass
class LearningService(samples_pb2_grpc.SamplesServiceServicer):
    """What sync_svc tells training_svc. All calls fail while it is `away`."""

    erasures: list[tuple[UUID, erasure_pb2.Erasure]] = field(default_factory=list)
    away: bool = False

    async def EraseMessages(
        self, request: samples_pb2.EraseMessagesRequest, context: Any
    ) -> samples_pb2.EraseMessagesResponse:
        """Remember it."""
        if self.away:
            await context.abort(grpc.StatusCode.UNAVAILABLE, "away")
        self.erasures.append((_account(context), request.erasure))
        return samples_pb2.EraseMessagesResponse()


def _account(context: Any) -> UUID:
    bearer = dict(context.invocation_metadata())["authorization"].removeprefix("Bearer ")
    return UUID(jwt.decode(bearer, options={"verify_signature": False})["account"])


class WithToken:
    """A stub whose calls carry a token."""

    def __init__(self, stub: Any, token: str) -> None:
        self._stub = stub
        self._metadata = (("authorization", f"Bearer {token}"),)

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._stub, name)
        return lambda *arguments, **options: call(*arguments, metadata=self._metadata, timeout=60, **options)


@dataclass
class Caller:
    """An account with one device: `sync` calls as the device, `owner` as the owner, `service` as another service."""

    account_id: UUID
    device_id: UUID
    sync: Any
    owner: Any
    service: Any


@dataclass
class SyncService:
    """A running sync_svc and its stand-in for device_svc."""

    channel: grpc.aio.Channel
    devices: DeviceService
    drafts: DraftingService
    samples: LearningService
    database: DatabaseAddress
    port: int

    def caller(self, account_id: UUID | None = None) -> Caller:
        """A new device, of a new account unless one is given."""
        account, device = account_id or uuid4(), uuid4()
        conversations = conversations_pb2_grpc.ConversationsServiceStub(self.channel)
        internal = dict(InternalCaller("training_svc", INTERNAL_KEY).metadata(account))["authorization"]
        return Caller(
            account,
            device,
            WithToken(sync_pb2_grpc.SyncServiceStub(self.channel), self.devices.token(account, "device", device)),
            WithToken(conversations, self.devices.token(account, "owner", account)),
            WithToken(conversations, internal.removeprefix("Bearer ")),
        )

    async def change_rows(self, statement: str, *values: Any) -> None:
        """Change the tables behind the service's back, as their owner."""
        await self.rows(statement, *values)

    async def connect(self) -> asyncpg.Connection[Any]:
        """A connection of the tables' owner."""
        url = self.database.settings.url().set(drivername="postgresql").render_as_string(hide_password=False)
        return await asyncpg.connect(url)

    async def rows(self, statement: str, *values: Any) -> list[Any]:
        """Ask the tables behind the service's back, as their owner."""
        connection = await self.connect()
        try:
            return list(await connection.fetch(statement, *values))
        finally:
            await connection.close()


# As often as a test has patience for.
SOON = Intervals(delivery=0.05, watch=WatchIntervals(heartbeat=30, check=0.05, gather=0))


@asynccontextmanager
async def running_sync_service(
    database: DatabaseAddress,
    *,
    devices: DeviceService | None = None,
    drafts: DraftingService | None = None,
    samples: LearningService | None = None,
    intervals: Intervals = SOON,
) -> AsyncIterator[SyncService]:
    """sync_svc on a migrated database; with the same stand-ins, another process of the same product."""
    role = database.as_service("sync").settings
    devices = devices or DeviceService()  # type: ignore[abstract] # what sync_svc never calls is UNIMPLEMENTED
    drafts = drafts or DraftingService()
    samples = samples or LearningService()  # type: ignore[abstract]
    async with serving_peers(devices, drafts, samples) as peers_port:
        settings = from_mapping(
            SyncSettings,
            **role.model_dump(exclude={"password"}),
            password=role.password,
            listen="127.0.0.1:0",
            internal_key=INTERNAL_KEY,
            device_address=f"127.0.0.1:{peers_port}",
            inference_address=f"127.0.0.1:{peers_port}",
            training_address=f"127.0.0.1:{peers_port}",
        )
        async with (
            running(await build(settings, intervals)) as server,
            channel_to(f"127.0.0.1:{server.port}") as channel,
        ):
            yield SyncService(channel, devices, drafts, samples, database, server.port)


@asynccontextmanager
async def serving_peers(
    devices: DeviceService, drafts: DraftingService, samples: LearningService | None = None
) -> AsyncIterator[int]:
    """The stand-ins on a port of their own."""
    server = grpc.aio.server()
    auth_pb2_grpc.add_AuthServiceServicer_to_server(devices, server)
    devices_pb2_grpc.add_DevicesServiceServicer_to_server(devices, server)
    responses_pb2_grpc.add_ResponsesServiceServicer_to_server(drafts, server)
    health_pb2_grpc.add_HealthServicer_to_server(drafts, server)
    if samples is not None:
        samples_pb2_grpc.add_SamplesServiceServicer_to_server(samples, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    yield port
    await server.stop(None)


def ago(minutes: float) -> float:
    """A moment some minutes before now, in minutes after the tests' epoch."""
    return (datetime.now(UTC) - EPOCH) / timedelta(minutes=1) - minutes


def at(minutes: float) -> Timestamp:
    """A moment some minutes after the tests' epoch."""
    moment = Timestamp()
    moment.FromDatetime(EPOCH + timedelta(minutes=minutes))
    return moment


CHAT = "iMessage;-;+15550100"
FRIEND = "+15550100"


def incoming(guid: str, text: str = "hello", minutes: float = 0, **fields: Any) -> sync_pb2.SyncedMessage:
    """A message from the friend."""
    known: dict[str, Any] = {"conversation_id": CHAT, "sender_id": FRIEND, "direction": messages_pb2.DIRECTION_INCOMING}
    return sync_pb2.SyncedMessage(imessage_guid=guid, text=text, sent_at=at(minutes), **{**known, **fields})


def outgoing(guid: str, text: str = "hi", minutes: float = 0, **fields: Any) -> sync_pb2.SyncedMessage:
    """A message of the owner."""
    return incoming(guid, text, minutes, **{"sender_id": "", "direction": messages_pb2.DIRECTION_OUTGOING} | fields)


def request(*messages: sync_pb2.SyncedMessage, cursor: str = "", **fields: Any) -> sync_pb2.SyncMessagesRequest:
    """One stream message."""
    return sync_pb2.SyncMessagesRequest(messages=messages, cursor=cursor, **fields)


def chat(guid: str = CHAT, merge_key: str = "", /, **fields: Any) -> sync_pb2.SyncedConversation:
    """The description of a chat."""
    return sync_pb2.SyncedConversation(conversation_id=guid, merge_key=merge_key, **fields)


async def synced(caller: Caller, *messages: sync_pb2.SyncedMessage, **fields: Any) -> sync_pb2.SyncMessagesResponse:
    """Bring messages in a stream of one stream message."""
    answer: sync_pb2.SyncMessagesResponse = await caller.sync.SyncMessages(iter([request(*messages, **fields)]))
    return answer


async def conversations_of(caller: Caller) -> list[conversations_pb2.Conversation]:
    """All conversations that are listed, the one with the newest message first."""
    answer = await caller.owner.ListConversations(conversations_pb2.ListConversationsRequest(page_size=200))
    return list(answer.conversations)


async def messages_of(caller: Caller, conversation_id: str) -> list[conversations_pb2.Message]:
    """A conversation's messages, newest first."""
    asked = conversations_pb2.ListMessagesRequest(conversation_id=conversation_id, page_size=500)
    return list((await caller.owner.ListMessages(asked)).messages)
