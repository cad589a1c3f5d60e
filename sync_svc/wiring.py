"""Puts sync_svc together: the only module that knows every concrete class."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial
from typing import Any

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
_SERVES = [
    sync_pb2.DESCRIPTOR.services_by_name["SyncService"].full_name,
    conversations_pb2.DESCRIPTOR.services_by_name["ConversationsService"].full_name,
]


@dataclass(frozen=True)
class Intervals:
    """How often things happen that nobody asks for, in seconds; a test has less patience."""

    delivery: float = 5.0
    watch: WatchRhythm = field(default_factory=WatchRhythm)


async def build(settings: SyncSettings, intervals: Intervals | None = None) -> Service:
    """The service, ready to be started, and its work in the background, which has begun."""
    intervals = intervals or Intervals()
    # Ended in the reverse order: first what works in the background, then what it works with.
    resources = AsyncExitStack()
    database = Database(settings, application=NAME)
    resources.push_async_callback(database.close)
    caller = InternalCaller(NAME, settings.internal_key.get_secret_value())
    device_channel = _channel(settings.device_address, resources)
    gate = _gate(settings, caller, device_channel)

    delivery = _deliver(settings, database, caller, intervals, resources)
    writer = AccountWriter(database)
    browse_store = PostgresBrowseStore(database, writer)
    board = _watch(settings, browse_store, resources)
    ingest_store = PostgresIngestStore(database, writer, arrived=delivery.deliver_soon)
    activity = DeviceActivityClient(device_channel, caller, ingest_store)
    resources.push_async_callback(activity.close)

    def add(server: grpc.aio.Server) -> None:
        sync = SyncServicer(ingest_store, PostgresDigestStore(database), activity, gate)
        sync_pb2_grpc.add_SyncServiceServicer_to_server(sync, server)
        conversations = ConversationsServicer(browse_store, Watching(board, intervals.watch), gate)
        conversations_pb2_grpc.add_ConversationsServiceServicer_to_server(conversations, server)

    return Service(
        name=NAME,
        listen=settings.listen,
        gate=gate,
        add=add,
        serves=_SERVES,
        probes=[database.ping],
        hand_checked=HAND_CHECKED,
        metrics_port=settings.metrics_port,
        stopping=board.close,
        resources=resources,
    )


def _gate(settings: SyncSettings, caller: InternalCaller, device_channel: grpc.aio.Channel) -> Gate:
    device_svc = DeviceServiceClient(device_channel, caller)
    verifier = TokenVerifier(KeyRing(device_svc.fetch_keys), settings.internal_key.get_secret_value())
    return Gate(verifier, device_svc)


def _deliver(
    settings: SyncSettings, database: Database, caller: InternalCaller, intervals: Intervals, resources: AsyncExitStack
) -> ArrivalDelivery:
    drafts = InferenceService(_channel(settings.inference_address, resources), caller)
    delivery = ArrivalDelivery(PostgresArrivals(database), drafts, interval=intervals.delivery)
    _in_background(delivery.run(), resources)
    return delivery


def _watch(settings: SyncSettings, store: PostgresBrowseStore, resources: AsyncExitStack) -> WatchBoard:
    board = WatchBoard(partial(read_conversations, store))
    resources.push_async_callback(board.end)
    _in_background(ChangeFeed(settings, NAME, board).run(), resources)
    return board


def _channel(address: str, resources: AsyncExitStack) -> grpc.aio.Channel:
    channel = channel_to(address)
    resources.push_async_callback(channel.close)
    return channel


def _in_background(work: Coroutine[Any, Any, None], resources: AsyncExitStack) -> None:
    resources.push_async_callback(end_task, asyncio.create_task(work))
