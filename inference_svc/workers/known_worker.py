"""One worker as this process knows it: its channel, what it said of itself, and what it does for us."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from uuid import UUID

import grpc
import structlog

from inference_svc.drafting.domain.model import ModelStatus
from inference_svc.workers.worker_choice import WorkerState
from inference_svc.workers.worker_model import WorkerModel
from svc_kit.clients import InternalCaller, channel_to
from svc_kit.errors import DeadlineExceeded, Unavailable
from svc_kit.model_state import ModelState
from svc_kit.worker_entry import WorkerEntry

# A machine that vanished says nothing: its calls break off when a ping is not answered, and one that finds nobody waits
# no longer than this. gRPC gives pings a minute if the keepalive's own time-out is all that it is told.
_OPTIONS = [
    ("grpc.keepalive_time_ms", 10_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.http2.ping_timeout_ms", 10_000),
    # A draft that waits says nothing for long, and gRPC would ping only once a minute after two pings without data.
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.min_reconnect_backoff_ms", 2_000),
]
# One that says nothing for so long while others did keeps nobody waiting.
PATIENCE_S = 0.5
# A request may name so many conversations.
_MOST_FORGOTTEN = 1000


class KnownWorker:
    """A worker by its address. Make it inside the running loop; close it at the end.

    `fixed` is one that the operator named: it stays, whether it says anything of itself or not.
    """

    def __init__(self, address: str, caller: InternalCaller, *, fixed: bool) -> None:
        self.address = address
        self.fixed = fixed
        self.registered = False
        # How often it was not among the registered ones since.
        self.missed = 0
        self._channel = channel_to(address, _OPTIONS)
        self._model = WorkerModel(self._channel, caller)
        self._status: ModelStatus | None = None
        self._draining = False
        self._silent = False
        self._was_connected = False
        # Calls of ours that run there, now and when it last said how much it has to do.
        self._ours = 0
        self._ours_then = 0
        # It is of a version that cannot forget, which was said.
        self._keeps_all = False
        self._log = structlog.get_logger()

    @property
    def model(self) -> WorkerModel:
        """Its model, for calls that are no work."""
        return self._model

    @property
    def is_idle(self) -> bool:
        """Whether nothing of ours runs there."""
        return not self._ours

    @property
    def answers(self) -> bool:
        """False when it may be away: its connection is lost, or it did not say how it is when it was last asked."""
        return self._is_connected() and not self._silent

    @property
    def draining(self) -> bool:
        """Whether it is being stopped."""
        return self._draining

    @property
    def can_draft(self) -> bool:
        """Whether it has a model, as far as is known, and can be reached."""
        return self._status is not None and self._status.state is ModelState.READY and self.answers

    def state(self) -> WorkerState:
        """How it is, for who has to choose."""
        known = self._status or ModelStatus(ModelState.UNKNOWN)
        others = max(0, known.running + known.queued - self._ours_then)
        return WorkerState(
            self.address,
            load=others + self._ours,
            sequences=max(1, known.sequences),
            queue_limit=max(1, known.queue_limit),
            sha256=known.sha256,
            ready=known.state in (ModelState.READY, ModelState.UNKNOWN),
            answers=self.answers,
            draining=self._draining,
        )

    def told(self, entry: WorkerEntry) -> None:
        """Take what its entry says. What it answered itself is newer, but for its going."""
        self.registered, self.missed = True, 0
        self._draining = entry.draining
        if self._status is None:
            self._status = _status_of(entry)

    def left(self) -> None:
        """It is registered no longer. One that the operator named may come back without a word."""
        self.registered, self.missed, self._draining = False, 0, False

    async def status(self, seconds: float) -> ModelStatus:
        """Ask how it is."""
        try:
            status = await self._model.status(seconds)
        except DeadlineExceeded:
            # Whoever had no time for an answer learned nothing of the worker.
            if seconds >= PATIENCE_S:
                self.fell_silent()
            raise
        except grpc.aio.AioRpcError:
            # It takes no calls of ours: it has another internal key, or is no worker.
            self._status = ModelStatus(ModelState.FAILED)
            self.fell_silent()
            raise
        except Exception:
            self.fell_silent()
            raise
        self._silent, self._status, self._ours_then = False, status, self._ours
        return status

    def fell_silent(self) -> None:
        """It did not say in time how it is; until it does, others go first."""
        self._silent = True

    @contextmanager
    def working(self) -> Iterator[WorkerModel]:
        """Its model, for one call that counts as its work from this moment on."""
        self._ours += 1
        try:
            yield self._model
        finally:
            self._ours -= 1

    async def forget(self, account_id: UUID, conversation_ids: Sequence[UUID]) -> None:
        """Let it forget what it read of conversations; one of a version that cannot is passed over. Raises Unavailable."""
        for start in range(0, len(conversation_ids), _MOST_FORGOTTEN):
            try:
                await self._model.forget(account_id, conversation_ids[start : start + _MOST_FORGOTTEN])
            except DeadlineExceeded as error:
                raise Unavailable(f"worker {self.address} did not answer") from error
            except grpc.aio.AioRpcError as error:
                if error.code() is not grpc.StatusCode.UNIMPLEMENTED:
                    raise
                if not self._keeps_all:
                    self._keeps_all = True
                    self._log.warning("worker cannot forget conversations", worker=self.address)
                return

    async def close(self) -> None:
        """Give the connection up."""
        await self._channel.close()

    def _is_connected(self) -> bool:
        state = self._channel.get_state(try_to_connect=True)
        if state is grpc.ChannelConnectivity.READY:
            self._was_connected = True
            return True
        # A connection that was not made yet is no sign of anything; one that broke is, until it is there again.
        return not self._was_connected and state is not grpc.ChannelConnectivity.TRANSIENT_FAILURE


def _status_of(entry: WorkerEntry) -> ModelStatus:
    """How a worker is, as far as its entry says it."""
    return ModelStatus(
        entry.state,
        sha256=entry.sha256,
        running=entry.running,
        queued=entry.queued,
        sequences=entry.sequences,
        queue_limit=entry.queue_limit,
    )
