"""One step of the engine: borders, plan, decode, sample, text. Driven by a thread, or by a test one step at a time."""

import secrets
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from llama_worker.engine.adapters import Adapter, AdapterFile, AdapterUnusable
from llama_worker.engine.admission import AdmissionQueue
from llama_worker.engine.backend import DECODED, NO_ROOM, Backend
from llama_worker.engine.counts import Counts
from llama_worker.engine.events import Event, Failed, Finished, FinishReason, Phase, Piece, Progress
from llama_worker.engine.job import Branch, Job
from llama_worker.engine.prefill_budget import PrefillBudget
from llama_worker.engine.request import GenerationRequest, check
from llama_worker.engine.scheduler import Plan, Scheduler
from llama_worker.engine.stream import TokenStream
from svc_kit.errors import Overloaded, Unavailable

# llama.cpp takes this one seed to mean "draw one".
_RANDOM_SEED = 0xFFFFFFFF
# A reader is told each place near the front, and further back only when the way has halved.
_NEAR_THE_FRONT = 8
# Counting what fills the cache takes longer than most of a step's work.
_STEPS_PER_LOOK = 16
_FAILED = "failed"

Outbox = list[tuple[TokenStream, Event]]
AdapterDone = Callable[[Adapter | None, Exception | None], None]


class ForgetOrder(NamedTuple):
    """Conversations of one account to forget, and who wants to hear how many sequences that were."""

    account_id: str
    cache_keys: frozenset[str]
    done: Callable[[int], None]


class AdapterOrder(NamedTuple):
    """An adapter to load, and who wants to hear of it."""

    file: AdapterFile
    done: AdapterDone


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """How the engine shares one model."""

    queue_limit: int = 512
    # Pieces a reader may be behind before its sequences pause.
    stream_buffer: int = 64
    # No request lives longer, whatever deadline it asks for.
    longest_seconds: float = 600.0
    prefill_alone: int = 512
    prefill_beside: int = 256
    # What a step with a prompt in it should take at most.
    step_seconds: float = 0.25
    # Adapters that stay loaded; of more, the one that was used the longest ago is unloaded.
    adapters: int = 16
    # Host memory for conversations that had to leave the model's cache.
    spill_bytes: int = 0


class Stepper:
    """Takes requests in (any thread) and runs steps (the engine's thread)."""

    def __init__(
        self,
        backend: Backend,
        options: EngineOptions,
        clock: Callable[[], float],
        wake: Callable[[], None],
        send: Callable[[Outbox], None],
        healthy: Callable[[bool], None],
        counts: Counts | None = None,
    ) -> None:
        self._backend = backend
        self._options = options
        self._clock = clock
        self._wake = wake
        self._send = send
        self._healthy = healthy
        self._budget = PrefillBudget(options.prefill_alone, options.prefill_beside, options.step_seconds)
        self.queue = AdmissionQueue(options.queue_limit, backend.limits.sequences)
        self._scheduler = Scheduler(backend, self.queue, self._budget, options.spill_bytes)
        self._outbox: Outbox = []
        self._submitted = 0
        self._orders: deque[AdapterOrder] = deque()
        self._to_forget: deque[ForgetOrder] = deque()
        self._retired: list[Adapter] = []
        self._queue_changed = False
        self._adapter: Adapter | None = None
        self._last_step_at: float | None = None
        self.counts = counts or Counts()
        # By models that were loaded before this one.
        self._graphs_before = self.counts.graphs_reused
        self.steps = 0

    @property
    def running(self) -> int:
        return len(self._scheduler.running)

    # Called from the event loop.

    def submit(self, request: GenerationRequest) -> TokenStream:
        """Queue a request. Raises InvalidInput when it cannot run, Overloaded when the queue cannot take it."""
        check(request, self._backend.limits)
        now = self._clock()
        deadline = now + self._options.longest_seconds
        if request.deadline is not None:
            deadline = min(deadline, request.deadline)
        self._reject_unreachable_deadline(deadline - now)
        job = Job(request, self._next_number(), _seed(request), deadline, now)
        job.stream = TokenStream(self._buffer(request), self._wake, lambda: self._cancel(job))
        self.queue.offer(job)
        self._queue_changed = True
        self._wake()
        return job.stream

    def _reject_unreachable_deadline(self, seconds_left: float) -> None:
        """Better refused at once than given up after a long wait."""
        wait = self.queue.eta(len(self.queue)) if len(self.queue) else 0.0
        if wait and wait > seconds_left:
            raise Overloaded("the queue is longer than the deadline", retry_after=wait)

    def _next_number(self) -> int:
        self._submitted += 1
        return self._submitted

    def _buffer(self, request: GenerationRequest) -> int:
        # Deterministic work runs alone, so a pause would stop everybody: its buffer takes the whole answer.
        whole = request.max_tokens * request.suggestions + 1
        return whole if request.deterministic else self._options.stream_buffer

    def _cancel(self, job: Job) -> None:
        job.cancelled = True
        self._wake()

    def load_adapter(self, file: AdapterFile, done: AdapterDone) -> None:
        """Load an adapter between two steps; `done` hears of it in the engine's thread."""
        self._orders.append(AdapterOrder(file, done))
        self._wake()

    def retire_adapter(self, adapter: Adapter) -> None:
        """Free an adapter once the last work that began with it is over. No new work may begin with it."""
        self._retired.append(adapter)
        self._wake()

    def forget(self, order: ForgetOrder) -> None:
        """Forget conversations between two steps; `order.done` hears of it in the engine's thread."""
        self._to_forget.append(order)
        self._wake()

    # Called from the engine's thread.

    def step(self) -> bool:
        """Run one step; False when there is nothing to do until `wake` is called or a deadline comes."""
        self._forget_conversations()
        self._end_overdue()
        self._change_adapters()
        has_read = self._admit()
        plan = self._scheduler.plan()
        # Just before the model runs, which lets go of the interpreter: the loop can work without waiting for it.
        self.flush()
        if plan is None:
            self._last_step_at = None
            self._scheduler.note_use(self.counts)
            # Whoever waited for the place of what was read ahead comes in the next step.
            return has_read
        self._run(plan)
        return True

    def next_deadline(self) -> float | None:
        """Seconds until something ends by itself."""
        jobs = [*self._scheduler.running, *self.queue.order()]
        if not jobs:
            return None
        return max(0.0, min(job.deadline for job in jobs) - self._clock())

    def fail_all(self, error: Exception) -> None:
        """End everything, running and waiting, for good."""
        for job in [*self._scheduler.running, *self.queue.close()]:
            self._fail(job, error)
        while self._orders:
            self._orders.popleft().done(None, error)
        self.flush()

    def flush(self) -> None:
        """Hand over what the readers are to hear."""
        if self._outbox:
            outbox, self._outbox = self._outbox, []
            self._send(outbox)

    def _forget_conversations(self) -> None:
        while self._to_forget:
            order = self._to_forget.popleft()
            count = self._scheduler.forget_conversations(order.account_id, order.cache_keys)
            # A prompt that is of no use to a later request need not be read.
            waiting = self.queue.take_out(_is_forgotten_prefill)
            self._queue_changed |= bool(waiting)
            for job in [*waiting, *filter(_is_forgotten_prefill, self._scheduler.running[:])]:
                self._finish(job.branches[0], FinishReason.STOP)
            order.done(count)

    def _end_overdue(self) -> None:
        now = self._clock()

        def over(job: Job) -> bool:
            return job.cancelled or job.deadline <= now

        waiting = self.queue.take_out(over)
        self._queue_changed |= bool(waiting)
        for job in [*waiting, *filter(over, self._scheduler.running[:])]:
            reason = FinishReason.CANCELLED if job.cancelled else FinishReason.DEADLINE
            for branch in job.live:
                self._finish(branch, reason)

    def _change_adapters(self) -> None:
        for adapter in [one for one in self._retired if not self._scheduler.uses(one)]:
            self._retired.remove(adapter)
            self._scheduler.forget_adapter(adapter)
            self._backend.remove_adapter(adapter.handle)
        while self._orders and not self._scheduler.runs_alone:
            # It stays in the line until it is settled: whatever breaks the model here is told to all that are left.
            order = self._orders[0]
            # llama.cpp wants all adapters loaded before the context is made.
            self._scheduler.leave_context()
            loaded, refusal = self._load(order.file)
            self._orders.popleft()
            order.done(loaded, refusal)

    def _load(self, file: AdapterFile) -> tuple[Adapter | None, AdapterUnusable | None]:
        try:
            return Adapter(file, self._backend.add_adapter(file)), None
        except AdapterUnusable as error:
            return None, error

    def _admit(self) -> bool:
        """Start what there is room for; True when something was read ahead, and left its place."""
        # What it has read by now is kept, so that whoever takes its place goes on from there.
        while (ahead := self._scheduler.preemptible_prefill()) is not None:
            self._finish(ahead.branches[0], FinishReason.STOP)
        started = self._scheduler.admit()
        if len(self.queue):
            self._scheduler.yield_paused()
            started += self._scheduler.admit()
        for job in started:
            if job.started is None:
                job.started = self._clock()
                self.counts.queue_seconds.add(job.started - job.submitted)
                self.counts.reused += job.reused
                self._emit(job, Progress(Phase.READING, len(job.prompt)))
        if started or self._queue_changed:
            # First, or who comes meanwhile would hear nothing.
            self._queue_changed = False
            self._tell_positions()
        read = self._scheduler.read()
        for job in read:
            self._finish(job.branches[0], FinishReason.STOP)
        return bool(read)

    def _tell_positions(self) -> None:
        for position, job in enumerate(self.queue.order()):
            told = job.told_position
            near_or_halved = told is None or position < min(told, _NEAR_THE_FRONT) or position <= told // 2
            if job.started is None and position != told and near_or_halved:
                job.told_position = position
                eta = self.queue.eta(position)
                self._emit(job, Progress(Phase.QUEUED, len(job.prompt), position, eta))

    def _run(self, plan: Plan) -> None:
        began = self._clock()
        self._use(plan.adapter)
        code = self._backend.decode(plan.spans)
        self.steps += 1
        if code == DECODED:
            ended = self._clock()
            self._budget.record(plan.reading, ended - began)
            self._count(plan, ended)
            for branch, output in self._scheduler.commit_step(plan):
                self._write_or_fail(branch, output)
        elif code == NO_ROOM:
            if (stuck := self._scheduler.make_room()) is not None:
                self._fail(stuck, Unavailable("the model has no room for this request"))
        else:
            self._recover(plan)

    def _use(self, adapter: Adapter | None) -> None:
        self.counts.adapter_switches += adapter is not self._adapter
        self._adapter = adapter
        self._backend.use_adapter(adapter.handle if adapter else None)

    def _count(self, plan: Plan, ended: float) -> None:
        counts, writing = self.counts, len(plan.spans) - plan.readers
        counts.steps += 1
        counts.read += plan.reading
        if writing:
            counts.batch.add(writing)
            if self._last_step_at is not None:
                counts.between_tokens_seconds.add(ended - self._last_step_at)
        self._last_step_at = ended if writing else None
        if self.steps % _STEPS_PER_LOOK == 0:
            self._scheduler.note_use(counts)
            counts.graphs_reused = self._graphs_before + self._backend.graphs_reused()

    def _recover(self, plan: Plan) -> None:
        """A fatal step. Whoever was in it alone fails; of several, nobody knows which, so each runs again by itself."""
        self._healthy(False)
        suspects = plan.jobs
        for job in self._scheduler.running[:]:
            if job in suspects and len(suspects) == 1:
                self._fail(job, Unavailable("the model failed on this request"))
            else:
                job.solo |= job in suspects
                self._scheduler.preempt(job, keep=False)
        self._scheduler.on_context_reset()
        self.flush()
        self._backend.reset()
        self._healthy(True)

    def _write_or_fail(self, branch: Branch, output: int) -> None:
        """Write the next token; whatever goes wrong in it is the trouble of this request alone."""
        if branch.done:
            return
        try:
            self._write(branch, output)
        except Exception as error:
            self._fail(branch.job, error)

    def _write(self, branch: Branch, output: int) -> None:
        if branch.sampler is None:
            # Suggestions of one request differ by their seed alone.
            seed = (branch.job.seed + branch.index) % _RANDOM_SEED
            branch.sampler = self._backend.sampler(branch.job.request.sampling, seed, branch.generated)
        token, logprob = branch.sampler.sample(output)
        self._note_first_token(branch.job)
        if self._backend.ends(token):
            self._finish(branch, FinishReason.STOP)
            return
        branch.generated.append(token)
        self.counts.written += 1
        self._say(branch, branch.text.push(self._backend.piece(token), logprob))
        if branch.text.stopped:
            self._finish(branch, FinishReason.STOP)
        elif len(branch.generated) >= branch.job.request.max_tokens:
            self._finish(branch, FinishReason.LENGTH)

    def _note_first_token(self, job: Job) -> None:
        if job.first_token is None:
            job.first_token = self._clock()
            self.counts.first_token_seconds.add(job.first_token - job.submitted)
            self._emit(job, Progress(Phase.WRITING, len(job.prompt)))

    def _finish(self, branch: Branch, reason: FinishReason) -> None:
        job = branch.job
        if not branch.text.stopped:
            self._say(branch, branch.text.finish())
        self._end_branch(branch, keep=job.is_shared)
        last = not job.live
        if not job.request.ahead:
            self.counts.ended[reason.value] += 1
        if last:
            self._retire(job)
        self._emit(job, self._finished(branch, reason, last))

    def _finished(self, branch: Branch, reason: FinishReason, last: bool) -> Finished:
        job = branch.job
        now = self._clock()
        return Finished(
            suggestion=branch.index,
            reason=reason,
            mean_logprob=branch.text.mean_logprob,
            prompt_tokens=len(job.request.prompt),
            cached_tokens=job.reused,
            completion_tokens=branch.text.sent_tokens,
            queue_seconds=(now if job.started is None else job.started) - job.submitted,
            first_token_seconds=0.0 if job.first_token is None else job.first_token - job.submitted,
            last=last,
        )

    def _fail(self, job: Job, error: Exception) -> None:
        self.counts.ended[_FAILED] += len(job.live)
        for branch in job.live:
            self._end_branch(branch)
        self._retire(job)
        self._emit(job, Failed(error))

    def _end_branch(self, branch: Branch, *, keep: bool = False) -> None:
        branch.done = True
        self._scheduler.release(branch, keep=keep)
        if branch.sampler is not None:
            branch.sampler.close()

    def _retire(self, job: Job) -> None:
        self._scheduler.end(job)
        if job.started is not None and not job.request.ahead:
            self.queue.record(self._clock() - job.started)

    def _say(self, branch: Branch, text: str) -> None:
        if text:
            self._emit(branch.job, Piece(branch.index, text))

    def _emit(self, job: Job, event: Event) -> None:
        # Whoever hung up hears nothing more.
        if not job.cancelled:
            job.stream.count(event)
            self._outbox.append((job.stream, event))


def _is_forgotten_prefill(job: Job) -> bool:
    return job.forgotten and job.request.ahead


def _seed(request: GenerationRequest) -> int:
    return secrets.randbits(32) if request.sampling.seed is None else request.sampling.seed
