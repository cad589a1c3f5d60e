"""Puts inference_svc together: the only module that knows every concrete class."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from uuid import UUID

import grpc
import redis.asyncio as redis
from assistant.inference.v1 import models_pb2, models_pb2_grpc, responses_pb2, responses_pb2_grpc

from inference_svc.api.models import ModelsServicer
from inference_svc.api.responses import ResponsesServicer
from inference_svc.arrivals.arrivals import Arrivals
from inference_svc.arrivals.auto_drafts import AutoDrafts
from inference_svc.arrivals.labelling import Labelling
from inference_svc.arrivals.reading_ahead import ReadingAhead
from inference_svc.catalogue.manifest_catalogue import ManifestCatalogue
from inference_svc.catalogue.model_listing import ModelListing
from inference_svc.drafting.domain.draft_actions import DraftActions
from inference_svc.drafting.domain.draft_plan import Planner
from inference_svc.drafting.domain.drafting import Drafting
from inference_svc.drafting.domain.ports import ActiveAdapters, Catalogue, Model, ReplyCache
from inference_svc.drafting.feedback_delivery import FeedbackDelivery
from inference_svc.drafting.reply_cache import NoReplyCache, RedisReplyCache
from inference_svc.drafting.storage.draft_store import PostgresDraftStore
from inference_svc.drafting.sweeper import Sweeper
from inference_svc.erasure.eraser import Eraser
from inference_svc.erasure.erasure_store import PostgresErasureStore
from inference_svc.jobs.domain.attempt import JobAttempt
from inference_svc.jobs.domain.board import JobBoard
from inference_svc.jobs.domain.jobs import JobContext, Jobs
from inference_svc.jobs.domain.pace import Pace
from inference_svc.jobs.domain.ports import JobEvents, JobLeases, JobQueue
from inference_svc.jobs.redis_events import RedisJobEvents
from inference_svc.jobs.redis_queue import NoJobQueue, RedisJobQueue
from inference_svc.jobs.runner import JobIntervals, JobRunner
from inference_svc.jobs.storage.leases import PostgresJobLeases
from inference_svc.jobs.storage.store import PostgresJobStore
from inference_svc.jobs.upkeep import JobUpkeep
from inference_svc.peers.adapters import TrainedAdapters
from inference_svc.peers.announcements import Announcements
from inference_svc.peers.conversations import SyncedConversations
from inference_svc.peers.training import TrainingService
from inference_svc.settings import InferenceSettings
from inference_svc.workers.worker_pool import WorkerPool
from inference_svc.workers.worker_registry import WorkerRegistry
from inference_svc.workers.worker_watch import WorkerWatch
from model_files.files import ModelFiles, load_manifest
from svc_kit.background_tasks import BackgroundTasks
from svc_kit.clients import InternalCaller
from svc_kit.database import Database
from svc_kit.event_stream import HEARTBEAT_S
from svc_kit.ids import new_id
from svc_kit.peer_health import is_serving
from svc_kit.redis_presence import RedisPresence
from svc_kit.resources import Resources, gate_by_device_svc
from svc_kit.server import Service

_NAME = "inference_svc"
# After how long a draft is announced once more to a part that was away.
_ONCE_MORE_S = (1.0,)


@dataclass(frozen=True)
class Intervals:
    """How often things happen that nobody asks for, in seconds; a test has less patience."""

    heartbeat: float = HEARTBEAT_S
    delivery: float = 5.0
    sweep: float = 30.0
    workers: float = 1.0
    jobs: JobIntervals = field(default_factory=JobIntervals)


async def build(settings: InferenceSettings, intervals: Intervals | None = None) -> Service:
    """The service, ready to be started, and its work in the background, which has begun. Raises ManifestError."""
    intervals = intervals or Intervals()
    resources = Resources()
    catalogue = ManifestCatalogue(ModelFiles(load_manifest(), settings.model_cache))
    neighbours = _neighbours(settings, intervals, resources)
    device_svc = resources.channel(settings.device_address)
    kept = _kept(settings, intervals, neighbours, resources)
    responses = _responses(settings, intervals, neighbours, kept, catalogue, resources)
    models = ModelsServicer(ModelListing(catalogue, neighbours.model, neighbours.adapters))

    def add(server: grpc.aio.Server) -> None:
        responses_pb2_grpc.add_ResponsesServiceServicer_to_server(responses, server)
        models_pb2_grpc.add_ModelsServiceServicer_to_server(models, server)

    return Service(
        name=_NAME,
        listen=settings.listen,
        gate=gate_by_device_svc(device_svc, neighbours.caller, settings.internal_key),
        add=add,
        serves=[
            responses_pb2.DESCRIPTOR.services_by_name["ResponsesService"].full_name,
            models_pb2.DESCRIPTOR.services_by_name["ModelsService"].full_name,
        ],
        # Nothing here works without the database. Without a model, drafts can still be read and acted on, and the worker
        # tells of its own health; without Redis there is no cache, and the database alone says whose turn it is.
        probes=[kept.database.ping],
        metrics_port=settings.metrics_port,
        resources=resources,
    )


@dataclass(frozen=True)
class _Neighbours:
    """The other processes. `redis` is None where the operator does without."""

    caller: InternalCaller
    sync: grpc.aio.Channel
    training: grpc.aio.Channel
    redis: redis.Redis | None
    model: Model
    adapters: ActiveAdapters


@dataclass(frozen=True)
class _Kept:
    """What is remembered, and where. `maker` is this process's name there."""

    maker: str
    database: Database
    store: PostgresDraftStore
    cache: ReplyCache
    delivery: FeedbackDelivery


def _neighbours(settings: InferenceSettings, intervals: Intervals, resources: Resources) -> _Neighbours:
    caller = InternalCaller(_NAME, settings.internal_key.get_secret_value())
    client = _redis(settings, resources)
    workers = WorkerPool(settings.worker_addresses, caller)
    resources.push_async_callback(workers.close)
    registry = WorkerRegistry(client) if client else None
    resources.in_background(WorkerWatch(workers, registry, interval=intervals.workers).run())
    training = resources.channel(settings.training_address)
    return _Neighbours(
        caller,
        resources.channel(settings.sync_address),
        training,
        client,
        workers,
        TrainedAdapters(training, caller),
    )


def _kept(settings: InferenceSettings, intervals: Intervals, neighbours: _Neighbours, resources: Resources) -> _Kept:
    database = resources.database(settings, _NAME)
    maker = _maker(settings.listen)
    training = TrainingService(neighbours.training, neighbours.caller)
    client = neighbours.redis
    return _Kept(
        maker,
        database,
        PostgresDraftStore(database, maker),
        RedisReplyCache(client, settings.cache_ttl) if client else NoReplyCache(),
        FeedbackDelivery(
            database, training, is_serving=partial(is_serving, neighbours.training), interval=intervals.delivery
        ),
    )


def _responses(
    settings: InferenceSettings,
    intervals: Intervals,
    neighbours: _Neighbours,
    kept: _Kept,
    catalogue: Catalogue,
    resources: Resources,
) -> ResponsesServicer:
    announcements = _announcements(neighbours, resources)
    # Ended in the reverse order of what follows: first the loops, then what hung-up drafts left behind.
    background = BackgroundTasks()
    resources.push_async_callback(background.drain)
    resources.in_background(kept.delivery.run())
    resources.in_background(Sweeper(kept.database, kept.maker, interval=intervals.sweep).run())

    conversations = SyncedConversations(neighbours.sync, neighbours.caller)
    planner = Planner(conversations, neighbours.model, catalogue, neighbours.adapters)
    drafting = Drafting(planner, neighbours.model, kept.cache, kept.store, background, announcements.announce)
    queue, news = _queue(neighbours.redis, resources)
    world = JobContext(PostgresJobStore(kept.database), queue, news, Pace(settings.jobs_at_once))
    jobs = Jobs(planner, kept.store, world, max_waiting=settings.max_waiting_jobs, look_seconds=intervals.jobs.look)
    leases = PostgresJobLeases(kept.database, kept.maker)
    _run_jobs(drafting, leases, world, background, settings.jobs_at_once, intervals.jobs, resources)
    arrivals = Arrivals(
        AutoDrafts(world, max_waiting=settings.max_waiting_jobs),
        Labelling(kept.store, kept.delivery.wake),
        _read_ahead(settings, planner, neighbours.model, kept.store, resources),
    )
    acting = DraftActions(kept.store, kept.cache, kept.delivery.deliver_soon)
    eraser = Eraser(PostgresErasureStore(kept.database), kept.cache, queue, news, neighbours.model)
    return ResponsesServicer(
        drafting, acting, kept.store, jobs, arrivals, eraser, heartbeat_seconds=intervals.heartbeat
    )


def _announcements(neighbours: _Neighbours, resources: Resources) -> Announcements:
    errands = BackgroundTasks(_ONCE_MORE_S)
    resources.push_async_callback(errands.drain)
    return Announcements(neighbours.sync, neighbours.caller, errands)


def _maker(listen: str) -> str:
    """This process's name in the drafts it makes: the next process with its address is its successor."""
    if listen.endswith(":0"):
        return str(new_id())
    return f"{socket.gethostname()}/{listen}"


def _redis(settings: InferenceSettings, resources: Resources) -> redis.Redis | None:
    if not settings.redis_enabled:
        return None
    return resources.redis(settings.redis_url)


def _queue(client: redis.Redis | None, resources: Resources) -> tuple[JobQueue, JobEvents]:
    board = JobBoard()
    if client is None:
        return NoJobQueue(), board
    presence = RedisPresence("queueing drafts")
    news = RedisJobEvents(board, client, presence)
    resources.in_background(news.run())
    return RedisJobQueue(client, presence), news


def _run_jobs(
    drafting: Drafting,
    leases: JobLeases,
    world: JobContext,
    background: BackgroundTasks,
    slots: int,
    intervals: JobIntervals,
    resources: Resources,
) -> None:
    queue, news = world.queue, world.news
    attempt = JobAttempt(drafting, leases, queue, news, world.pace)
    runner = JobRunner(attempt, leases, queue, news, background, slots=slots, intervals=intervals)
    resources.in_background(runner.run())
    resources.in_background(JobUpkeep(leases, queue, news, interval=intervals.upkeep).run())


def _read_ahead(
    settings: InferenceSettings, planner: Planner, model: Model, store: PostgresDraftStore, resources: Resources
) -> Callable[[UUID, UUID], None]:
    if not settings.read_ahead:
        return lambda account_id, conversation_id: None
    reading = ReadingAhead(planner, model, store)
    resources.in_background(reading.run())
    return reading.soon
