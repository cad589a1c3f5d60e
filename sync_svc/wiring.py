"""Puts sync_svc together: the only module that knows every concrete class."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial

import grpc
from assistant.sync.v1 import conversations_pb2, conversations_pb2_grpc, sync_pb2, sync_pb2_grpc

from svc_kit.clients import DeviceServiceClient, InternalCaller, channel_to
from svc_kit.database import Database
from svc_kit.gate import Gate
from svc_kit.server import Service
from svc_kit.task_end import end_task
from svc_kit.tokens import KeyRing, TokenVerifier
from sync_svc.api.conversations import ConversationsServicer
from sync_svc.api.sync import HAND_CHECKED, SyncServicer
from sync_svc.arrival_delivery import ArrivalDelivery
from sync_svc.devices.activity import DeviceActivityClient
from sync_svc.domain.watch_board import WatchBoard
from sync_svc.domain.watching import Watching, WatchRhythm, read_conversations
from sync_svc.inference.arrivals import InferenceService
from sync_svc.settings import SyncSettings
from sync_svc.storage.account_lock import AccountWriter
from sync_svc.storage.arrivals import PostgresArrivals
from sync_svc.storage.browse_store import PostgresBrowseStore
from sync_svc.storage.change_feed import ChangeFeed
from sync_svc.storage.digest_store import PostgresDigestStore
from sync_svc.storage.ingest_store import PostgresIngestStore

NAME = "sync_svc"


@dataclass(frozen=True)
class Rhythm:
    """How often things happen that nobody asks for, in seconds; a test has less patience."""

    delivery: float = 5.0
    watch: WatchRhythm = field(default_factory=WatchRhythm)


async def build(settings: SyncSettings, rhythm: Rhythm | None = None) -> Service:
    """The service, ready to be started, and its work in the background, which has begun."""
    rhythm = rhythm or Rhythm()
    resources = AsyncExitStack()
    database = Database(settings, application=NAME)
    resources.push_async_callback(database.close)
    channel = channel_to(settings.device_address)
    resources.push_async_callback(channel.close)

    internal_key = settings.internal_key.get_secret_value()
    caller = InternalCaller(NAME, internal_key)
    device_svc = DeviceServiceClient(channel, caller)
    gate = Gate(TokenVerifier(KeyRing(device_svc.fetch_keys), internal_key), device_svc)

    inference_channel = channel_to(settings.inference_address)
    resources.push_async_callback(inference_channel.close)
    drafts = InferenceService(inference_channel, caller)
    delivery = ArrivalDelivery(PostgresArrivals(database), drafts, interval=rhythm.delivery)
    resources.push_async_callback(end_task, asyncio.create_task(delivery.run()))

    writer = AccountWriter(database)
    browse_store = PostgresBrowseStore(database, writer)
    board = WatchBoard(partial(read_conversations, browse_store))
    resources.push_async_callback(board.end)
    feed = ChangeFeed(settings, NAME, board)
    resources.push_async_callback(end_task, asyncio.create_task(feed.run()))
    ingest_store = PostgresIngestStore(database, writer, arrived=delivery.deliver_soon)
    activity = DeviceActivityClient(channel, caller, ingest_store)
    resources.push_async_callback(activity.close)

    def add(server: grpc.aio.Server) -> None:
        sync = SyncServicer(ingest_store, PostgresDigestStore(database), activity, gate)
        sync_pb2_grpc.add_SyncServiceServicer_to_server(sync, server)
        conversations = ConversationsServicer(browse_store, Watching(board, rhythm.watch), gate)
        conversations_pb2_grpc.add_ConversationsServiceServicer_to_server(conversations, server)

    return Service(
        name=NAME,
        listen=settings.listen,
        gate=gate,
        add=add,
        serves=[
            sync_pb2.DESCRIPTOR.services_by_name["SyncService"].full_name,
            conversations_pb2.DESCRIPTOR.services_by_name["ConversationsService"].full_name,
        ],
        probes=[database.ping],
        hand_checked=HAND_CHECKED,
        metrics_port=settings.metrics_port,
        stopping=board.close,
        resources=resources,
    )
