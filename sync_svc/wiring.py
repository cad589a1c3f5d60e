"""Puts sync_svc together: the only module that knows every concrete class."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import grpc
from assistant.sync.v1 import conversations_pb2, conversations_pb2_grpc, sync_pb2, sync_pb2_grpc

from svc_kit.clients import InternalCaller
from svc_kit.database import Database
from svc_kit.outbox import Outbox
from svc_kit.peer_health import is_serving
from svc_kit.resources import Resources, gate_by_device_svc
from svc_kit.server import Service
from sync_svc.api.conversations import ConversationsServicer
from sync_svc.api.sync import HAND_CHECKED, SyncServicer
from sync_svc.arrival_delivery import arrival_outbox
from sync_svc.domain.watch_board import WatchBoard
from sync_svc.domain.watching import Watching, WatchIntervals
from sync_svc.erasure_delivery import erasure_outbox
from sync_svc.peers.activity import DeviceActivityClient
from sync_svc.peers.arrivals import InferenceService
from sync_svc.peers.erasures import erase_in_inference, erase_in_training
from sync_svc.settings import SyncSettings
from sync_svc.storage.account_lock import AccountWriter
from sync_svc.storage.arrivals import PostgresArrivals, Waiting
from sync_svc.storage.browse_store import PostgresBrowseStore
from sync_svc.storage.change_feed import ChangeFeed
from sync_svc.storage.digest_store import PostgresDigestStore
from sync_svc.storage.erasures import Destination, PostgresErasures
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
    watch: WatchIntervals = field(default_factory=WatchIntervals)


async def build(settings: SyncSettings, intervals: Intervals | None = None) -> Service:
    """The service, ready to be started, and its work in the background, which has begun."""
    intervals = intervals or Intervals()
    # Ended in the reverse order: first what works in the background, then what it works with.
    resources = Resources()
    database = resources.database(settings, NAME)
    caller = InternalCaller(NAME, settings.internal_key.get_secret_value())
    device_svc = resources.channel(settings.device_address)
    gate = gate_by_device_svc(device_svc, caller, settings.internal_key)

    inference = resources.channel(settings.inference_address)
    arrivals = _arrivals(inference, database, caller, intervals, resources)
    training = resources.channel(settings.training_address)
    erased = _erasures(inference, training, database, caller, intervals, resources)
    writer = AccountWriter(database)
    browse_store = PostgresBrowseStore(database, writer, erased)
    board = _watch(settings, browse_store, resources)
    ingest_store = PostgresIngestStore(database, writer, arrived=arrivals.wake, erased=erased)
    activity = DeviceActivityClient(device_svc, caller, ingest_store)
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


def _arrivals(
    channel: grpc.aio.Channel, database: Database, caller: InternalCaller, intervals: Intervals, resources: Resources
) -> Outbox[Waiting]:
    outbox = arrival_outbox(
        PostgresArrivals(database),
        InferenceService(channel, caller),
        is_serving=partial(is_serving, channel),
        interval=intervals.delivery,
    )
    resources.in_background(outbox.run())
    return outbox


def _erasures(
    inference: grpc.aio.Channel,
    training: grpc.aio.Channel,
    database: Database,
    caller: InternalCaller,
    intervals: Intervals,
    resources: Resources,
) -> Callable[[], None]:
    """Begin to deliver erasures; what is returned says that there are new ones."""
    ways = (
        (Destination.INFERENCE, inference, erase_in_inference(inference, caller)),
        (Destination.TRAINING, training, erase_in_training(training, caller)),
    )
    outboxes = [
        erasure_outbox(
            f"erasures for {destination}",
            PostgresErasures(database, destination),
            erase,
            is_serving=partial(is_serving, channel),
            interval=intervals.delivery,
        )
        for destination, channel, erase in ways
    ]
    for outbox in outboxes:
        resources.in_background(outbox.run())

    def erased() -> None:
        for outbox in outboxes:
            outbox.wake()

    return erased


def _watch(settings: SyncSettings, store: PostgresBrowseStore, resources: Resources) -> WatchBoard:
    board = WatchBoard(store.changed_conversations)
    resources.push_async_callback(board.end)
    resources.in_background(ChangeFeed(settings, NAME, board).run())
    return board
