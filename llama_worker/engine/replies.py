"""What readers are sent: the text of sampled tokens, progress, and how each suggestion ends."""

from collections.abc import Callable

from llama_worker.engine.admission import AdmissionQueue
from llama_worker.engine.backend import Backend
from llama_worker.engine.counts import Counts
from llama_worker.engine.events import Event, Failed, Finished, FinishReason, Phase, Piece, Progress
from llama_worker.engine.job import Branch, Job
from llama_worker.engine.scheduler import Scheduler
from llama_worker.engine.stream import TokenStream

# llama.cpp takes this one seed to mean "draw one" (LLAMA_DEFAULT_SEED in llama.h).
_RANDOM_SEED = 0xFFFFFFFF
# A reader is sent each position near the front, and further back only when its position has halved.
_NEAR_THE_FRONT = 8
_FAILED = "failed"

Outbox = list[tuple[TokenStream, Event]]


class Replies:
    """Samples the branches of a step, and ends suggestions and jobs. Used by the engine's thread only.

    Events are collected, and handed to `send` by `flush`: one hand-over to the event loop for all readers of a step.
    """

    def __init__(
        self,
        backend: Backend,
        queue: AdmissionQueue,
        scheduler: Scheduler,
        counts: Counts,
        clock: Callable[[], float],
        send: Callable[[Outbox], None],
    ) -> None:
        self._backend = backend
        self._queue = queue
        self._scheduler = scheduler
        self._counts = counts
        self._clock = clock
        self._send = send
        self._outbox: Outbox = []

    def flush(self) -> None:
        """Send the events that were collected."""
        if self._outbox:
            outbox, self._outbox = self._outbox, []
            self._send(outbox)

    def start(self, job: Job) -> None:
        """Note that a job runs. One that comes back after it was preempted is already known to run."""
        if job.started is None:
            job.started = self._clock()
            self._counts.queue_seconds.add(job.started - job.submitted)
            self._counts.reused_tokens += job.reused
            self._emit(job, Progress(Phase.PREFILL, len(job.prompt)))

    def report_positions(self) -> None:
        """Send the waiting requests their position in the queue, where it changed enough to be worth an event."""
        for position, job in enumerate(self._queue.order()):
            reported = job.reported_position
            near_or_halved = reported is None or position < min(reported, _NEAR_THE_FRONT) or position <= reported // 2
            if job.started is None and position != reported and near_or_halved:
                job.reported_position = position
                self._emit(job, Progress(Phase.QUEUED, len(job.prompt), position, self._queue.eta(position)))

    def sample_or_fail(self, branch: Branch, output: int) -> None:
        """Sample the branch's next token from an output of the last step. An error in it fails this request alone."""
        if branch.done:
            return
        try:
            self._sample(branch, output)
        except Exception as error:
            self.fail(branch.job, error)

    def finish(self, branch: Branch, reason: FinishReason) -> None:
        """End a suggestion, and its job with the last one. Its sequence is kept for the conversation's next request."""
        job = branch.job
        if not branch.text.stopped:
            self._emit_text(branch, branch.text.finish())
        self._end_branch(branch, keep=job.is_shared)
        last = not job.live
        if not job.request.prefill_only:
            self._counts.ended[reason.value] += 1
        if last:
            self._end_job(job)
        self._emit(job, self._finished(branch, reason, last))

    def fail(self, job: Job, error: Exception) -> None:
        """End all suggestions of a job with an error."""
        self._counts.ended[_FAILED] += len(job.live)
        for branch in job.live:
            self._end_branch(branch)
        self._end_job(job)
        self._emit(job, Failed(error))

    def _sample(self, branch: Branch, output: int) -> None:
        if branch.sampler is None:
            # Suggestions of one request differ by their seed alone.
            seed = (branch.job.seed + branch.index) % _RANDOM_SEED
            branch.sampler = self._backend.sampler(branch.job.request.sampling, seed, branch.generated)
        token, logprob = branch.sampler.sample(output)
        self._note_first_token(branch.job)
        if self._backend.ends(token):
            self.finish(branch, FinishReason.STOP)
            return
        branch.generated.append(token)
        self._counts.decoded_tokens += 1
        self._emit_text(branch, branch.text.push(self._backend.piece(token), logprob))
        if branch.text.stopped:
            self.finish(branch, FinishReason.STOP)
        elif len(branch.generated) >= branch.job.request.max_tokens:
            self.finish(branch, FinishReason.LENGTH)

    def _note_first_token(self, job: Job) -> None:
        if job.first_token is None:
            job.first_token = self._clock()
            self._counts.first_token_seconds.add(job.first_token - job.submitted)
            self._emit(job, Progress(Phase.DECODE, len(job.prompt)))

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

    def _end_branch(self, branch: Branch, *, keep: bool = False) -> None:
        branch.done = True
        self._scheduler.release(branch, keep=keep)
        if branch.sampler is not None:
            branch.sampler.close()

    def _end_job(self, job: Job) -> None:
        self._scheduler.end(job)
        if job.started is not None and not job.request.prefill_only:
            self._queue.record(self._clock() - job.started)

    def _emit_text(self, branch: Branch, text: str) -> None:
        if text:
            self._emit(branch.job, Piece(branch.index, text))

    def _emit(self, job: Job, event: Event) -> None:
        # A cancelled request has no reader.
        if not job.cancelled:
            job.stream.count(event)
            self._outbox.append((job.stream, event))
