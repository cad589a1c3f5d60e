"""One step of the engine: what is due between steps, plan, decode, sample. A thread drives it, or a test step by step."""

import secrets
from collections import deque
from collections.abc import Callable

from llama_worker.engine.adapters import Adapter, AdapterFile
from llama_worker.engine.admission import AdmissionQueue
from llama_worker.engine.backend import DECODED, NO_ROOM, Backend
from llama_worker.engine.commands import AdapterCommands, AdapterDone, ForgetConversations, LoadAdapter
from llama_worker.engine.counts import Counts
from llama_worker.engine.events import FinishReason
from llama_worker.engine.job import Job
from llama_worker.engine.options import EngineOptions
from llama_worker.engine.plan import Plan
from llama_worker.engine.prefill_budget import PrefillBudget
from llama_worker.engine.replies import Outbox, Replies
from llama_worker.engine.request import GenerationRequest, check
from llama_worker.engine.scheduler import Scheduler
from llama_worker.engine.stream import TokenStream
from svc_kit.errors import Overloaded, Unavailable

# Counting the cells in use takes longer than most of a step's own work.
_STEPS_PER_COUNT = 16


class Stepper:
    """Takes requests (called on the event loop) and runs steps (called by the engine's thread)."""

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
        """`clock` gives seconds; `wake` lets the thread run a step; `send` gets the events of a step; `healthy` the health."""
        self._backend = backend
        self._options = options
        self._clock = clock
        self._wake = wake
        self._healthy = healthy
        self._budget = PrefillBudget(options.prefill_alone, options.prefill_beside, options.step_seconds)
        self.counts = counts or Counts()
        # In steps of the models that were loaded before this one.
        self._graphs_before = self.counts.graphs_reused
        self.queue = AdmissionQueue(options.queue_limit, backend.limits.sequences)
        self._scheduler = Scheduler(backend, self.queue, self._budget, options.spill_bytes)
        self._replies = Replies(backend, self.queue, self._scheduler, self.counts, clock, send)
        self._adapters = AdapterCommands(backend, self._scheduler)
        self._to_forget: deque[ForgetConversations] = deque()
        self._submitted = 0
        self._queue_changed = False
        self._adapter: Adapter | None = None
        self._last_step_at: float | None = None
        self.steps = 0

    @property
    def running(self) -> int:
        """How many requests run."""
        return len(self._scheduler.running)

    # Called on the event loop.

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

    def load_adapter(self, file: AdapterFile, done: AdapterDone) -> None:
        """Load an adapter between two steps; `done` is called in the engine's thread."""
        self._adapters.load(LoadAdapter(file, done))
        self._wake()

    def retire_adapter(self, adapter: Adapter) -> None:
        """Free an adapter once the last work that began with it is over. No new work may begin with it."""
        self._adapters.retire(adapter)
        self._wake()

    def forget(self, command: ForgetConversations) -> None:
        """Forget conversations between two steps; `command.done` is called in the engine's thread."""
        self._to_forget.append(command)
        self._wake()

    def _reject_unreachable_deadline(self, seconds_left: float) -> None:
        """Raise Overloaded when the queue is expected to take longer than a request has time."""
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

    # Called by the engine's thread.

    def step(self) -> bool:
        """Run one step; False when there is nothing to do until `wake` is called or a deadline comes."""
        self._forget_conversations()
        self._end_overdue()
        self._adapters.run()
        prefill_ended = self._admit()
        plan = self._scheduler.plan()
        # Just before the model runs, which releases the interpreter's lock: the loop works meanwhile.
        self.flush()
        if plan is None:
            self._last_step_at = None
            self._scheduler.note_use(self.counts)
            # A prefill that ended has made room, which the next step may give away.
            return prefill_ended
        self._run(plan)
        return True

    def next_deadline(self) -> float | None:
        """Seconds until the next request's deadline; None when there is no request."""
        jobs = [*self._scheduler.running, *self.queue.order()]
        if not jobs:
            return None
        return max(0.0, min(job.deadline for job in jobs) - self._clock())

    def fail_all(self, error: Exception) -> None:
        """End all work, running and waiting, with an error, and take no more."""
        for job in [*self._scheduler.running, *self.queue.close()]:
            self._replies.fail(job, error)
        self._adapters.fail_all(error)
        self.flush()

    def flush(self) -> None:
        """Send the events that were collected since the last time."""
        self._replies.flush()

    def _forget_conversations(self) -> None:
        while self._to_forget:
            command = self._to_forget.popleft()
            count = self._scheduler.forget_conversations(command.account_id, command.cache_keys)
            # No later request may use their prompts.
            self._end_all(lambda job: job.forgotten and job.request.prefill_only, lambda _: FinishReason.STOP)
            command.done(count)

    def _end_overdue(self) -> None:
        now = self._clock()
        self._end_all(
            lambda job: job.cancelled or job.deadline <= now,
            lambda job: FinishReason.CANCELLED if job.cancelled else FinishReason.DEADLINE,
        )

    def _end_all(self, condition: Callable[[Job], bool], reason: Callable[[Job], FinishReason]) -> None:
        """End the jobs, waiting and running, for which the condition holds."""
        waiting = self.queue.take_out(condition)
        self._queue_changed |= bool(waiting)
        for job in [*waiting, *filter(condition, self._scheduler.running[:])]:
            for branch in job.live:
                self._replies.finish(branch, reason(job))

    def _admit(self) -> bool:
        """Start the jobs that there is room for; True when a prefill has ended and left room."""
        # What it has computed so far is kept: the draft of its conversation starts from there.
        while (prefill := self._scheduler.preemptible_prefill()) is not None:
            self._replies.finish(prefill.branches[0], FinishReason.STOP)
        started = self._scheduler.admit()
        if len(self.queue):
            self._scheduler.yield_paused()
            started += self._scheduler.admit()
        for job in started:
            self._replies.start(job)
        if started or self._queue_changed:
            # Reset first: a request that comes during the report is reported in the next step.
            self._queue_changed = False
            self._replies.report_positions()
        finished = self._scheduler.finished_prefills()
        for job in finished:
            self._replies.finish(job.branches[0], FinishReason.STOP)
        return bool(finished)

    def _run(self, plan: Plan) -> None:
        began = self._clock()
        self._use(plan.adapter)
        code = self._backend.decode(plan.spans)
        self.steps += 1
        if code == DECODED:
            ended = self._clock()
            self._budget.record(plan.prefill_tokens, ended - began)
            self._count(plan, ended)
            for branch, output in self._scheduler.commit_step(plan):
                self._replies.sample_or_fail(branch, output)
        elif code == NO_ROOM:
            if (stuck := self._scheduler.make_room()) is not None:
                self._replies.fail(stuck, Unavailable("the model has no room for this request"))
        else:
            self._recover(plan)

    def _use(self, adapter: Adapter | None) -> None:
        self.counts.adapter_switches += adapter is not self._adapter
        self._adapter = adapter
        self._backend.use_adapter(adapter.handle if adapter else None)

    def _count(self, plan: Plan, ended: float) -> None:
        counts, decoding = self.counts, len(plan.spans) - plan.prefills
        counts.steps += 1
        counts.prefilled_tokens += plan.prefill_tokens
        if decoding:
            counts.batch.add(decoding)
            if self._last_step_at is not None:
                counts.between_tokens_seconds.add(ended - self._last_step_at)
        self._last_step_at = ended if decoding else None
        if self.steps % _STEPS_PER_COUNT == 0:
            self._scheduler.note_use(counts)
            counts.graphs_reused = self._graphs_before + self._backend.graphs_reused()

    def _recover(self, plan: Plan) -> None:
        """After a fatal step: fail the job that was alone in it. Of several, each is a suspect and runs alone."""
        self._healthy(False)
        suspects = plan.jobs
        for job in self._scheduler.running[:]:
            if job in suspects and len(suspects) == 1:
                self._replies.fail(job, Unavailable("the model failed on this request"))
            else:
                job.solo |= job in suspects
                self._scheduler.preempt(job, keep=False)
        self._scheduler.on_context_reset()
        self.flush()
        self._backend.reset()
        self._healthy(True)


def _seed(request: GenerationRequest) -> int:
    return secrets.randbits(32) if request.sampling.seed is None else request.sampling.seed
