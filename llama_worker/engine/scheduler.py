"""Decides who runs, and who loses its place in the KV cache. Holds no thread and no clock; `plan` says what a step feeds."""

from collections.abc import Container, Sequence

from llama_worker.engine.adapters import Adapter
from llama_worker.engine.admission import AdmissionQueue
from llama_worker.engine.backend import Backend
from llama_worker.engine.counts import Counts
from llama_worker.engine.job import Branch, ConversationKey, Job
from llama_worker.engine.plan import Plan, Planner
from llama_worker.engine.prefill_budget import PrefillBudget
from llama_worker.engine.sequences import Sequences, common_prefix


class Scheduler:
    """The running jobs and their sequences.

    Every branch is a list of tokens of which the KV cache holds the first `cached`. Feeding the rest is all there is to do:
    one token for a branch that decodes, a chunk for one that prefills, be it a new prompt or the replay of a preempted one.
    """

    def __init__(self, backend: Backend, queue: AdmissionQueue, budget: PrefillBudget, spill_bytes: int = 0) -> None:
        self._backend = backend
        self._queue = queue
        self._sequences = Sequences(backend, spill_bytes)
        self._planner = Planner(backend, budget)
        self.running: list[Job] = []
        # Since `note_use` was called last.
        self._preemptions = 0

    def admit(self) -> list[Job]:
        """Start jobs from the queue while there is room; return them."""
        started: list[Job] = []
        while (job := self._queue.head()) is not None and self._fits(job):
            # It leaves the queue last: should the model break in `_start`, `fail_all` must still find it.
            self._start(job)
            self._queue.take(job)
            started.append(job)
        return started

    def preemptible_prefill(self) -> Job | None:
        """A running prefill whose place, or whose conversation, the next request in the queue needs."""
        prefills = [job for job in self.running if job.request.prefill_only]
        head = self._queue.head() if prefills else None
        if head is None or head.request.prefill_only:
            return None
        return next((job for job in prefills if job.key == head.key), None if self._fits(head) else prefills[-1])

    def yield_paused(self) -> None:
        """Preempt running work of slow readers, the youngest first, until the next request in the queue fits."""
        paused = sorted((job for job in self.running if job.paused), key=lambda job: job.number)
        head = self._queue.head() if paused else None
        if head is None or head.request.prefill_only:
            return
        while paused and not self._fits(head):
            self.preempt(paused.pop())

    def plan(self) -> Plan | None:
        """The next step, or None when no running job can go on."""
        return self._planner.plan(self.running)

    def commit_step(self, plan: Plan) -> list[tuple[Branch, int]]:
        """Note that the step was decoded; return the branches to sample, each with the index of its output in the step."""
        to_sample: list[tuple[Branch, int]] = []
        output = -1
        for span, branch in zip(plan.spans, plan.branches, strict=True):
            branch.cached = span.start + len(span.tokens)
            self._note_mark(branch)
            output += span.output
            forks = not branch.job.forked and branch.cached == len(branch.job.prompt)
            if forks:
                self._fork(branch)
            if span.output:
                heirs = branch.job.live if forks else [branch]
                to_sample += [(heir, output) for heir in heirs if heir.cached == heir.size]
        return to_sample

    def finished_prefills(self) -> list[Job]:
        """The running prefills whose prompts are in the cache."""
        return [job for job in self.running if job.request.prefill_only and job.branches[0].cached == len(job.prompt)]

    def release(self, branch: Branch, *, keep: bool = False) -> None:
        """Free the branch's sequence, or with `keep` leave it to the conversation's next request. Safe to call twice."""
        if branch.sequence is None:
            return
        # One sequence of a conversation is enough. Solo work is deterministic or suspect, and leaves nothing to others.
        if keep and not branch.job.solo and branch is branch.job.branches[0]:
            self._sequences.keep(branch.job.key, branch.sequence, branch.tokens(0, branch.cached))
        else:
            self._sequences.release(branch.sequence)
        branch.sequence = None
        branch.cached = 0

    def retire(self, job: Job, *, keep: bool = False) -> None:
        """Take a job out of the running ones and free its sequences, or keep them."""
        for branch in job.branches:
            self.release(branch, keep=keep)
        if job in self.running:
            self.running.remove(job)

    def preempt(self, job: Job, *, keep: bool = True) -> None:
        """Take a job's sequences away; it keeps its tokens and waits in front of the queue."""
        self.retire(job, keep=keep)
        self._preemptions += 1
        self._queue.put_back(job)

    def make_room(self) -> Job | None:
        """The cache is full: evict a resident, else preempt a job: prefills first, then slow readers, then the youngest.

        Return the job if it is alone: nothing can make room for it.
        """
        if self._sequences.evict():
            return None
        if len(self.running) == 1:
            return self.running[0]
        self.preempt(max(self.running, key=lambda job: (job.request.prefill_only, job.paused, job.number)))
        self._sequences.evict()
        return None

    def on_context_reset(self) -> None:
        """Note that the backend made an empty context."""
        self._sequences.on_context_reset()

    def leave_context(self) -> None:
        """Preempt all work and evict all residents before a new context is made; spilled ones come back."""
        for job in sorted(self.running, key=lambda job: job.number, reverse=True):
            self.preempt(job)
        self._sequences.evict_to(0)

    @property
    def runs_alone(self) -> bool:
        """Whether deterministic work runs, which must not be preempted."""
        return any(job.solo for job in self.running)

    def uses(self, adapter: Adapter) -> bool:
        """Whether any work, running or waiting, began with this adapter."""
        return any(job.request.adapter is adapter for job in (*self.running, *self._queue.order()))

    def forget_adapter(self, adapter: Adapter) -> None:
        """Take an unloaded adapter out of the turns."""
        self._planner.forget_adapter(adapter)

    def forget_conversations(self, account_id: str, cache_keys: Container[str]) -> int:
        """Drop what is kept of an account's conversations under every adapter; return how many sequences were dropped.

        Their work, running or waiting, continues, and its sequences are dropped when it ends.
        """
        for job in (*self.running, *self._queue.order()):
            job.forgotten |= job.belongs_to(account_id, cache_keys)
        return self._sequences.forget(
            lambda key: (
                isinstance(key, ConversationKey) and key.account_id == account_id and key.cache_key in cache_keys
            )
        )

    def end(self, job: Job) -> None:
        """Forget a job that is over, and what was kept for its own return."""
        self.retire(job)
        if not job.is_shared:
            self._sequences.drop(job.number)

    def note_use(self, counts: Counts) -> None:
        """Write the cells and bytes in use, and the preemptions since the last call, into the counts."""
        counts.preemptions += self._preemptions
        self._preemptions = 0
        counts.cells_running = self._used
        counts.cells_kept = self._sequences.kept_cells
        counts.spilled_bytes = self._sequences.spilled_bytes

    def _fits(self, job: Job) -> bool:
        if len(job.live) > self._sequences.available:
            return False
        if not self.running:
            return True
        if job.solo or self.running[0].solo:
            return False
        return self._used + job.cells < self._backend.limits.pool_size

    @property
    def _used(self) -> int:
        return sum(job.cells for job in self.running)

    def _start(self, job: Job) -> None:
        if job.solo:
            # What lies beside it in the cache must change nothing.
            self._sequences.evict_to(0)
        else:
            self._sequences.evict_to(max(0, self._backend.limits.pool_size - self._used - job.cells), but=job.key)
            self._resume(job)
        for branch in job.live:
            if branch.sequence is None:
                branch.sequence = self._sequences.take()
        job.forked = len(job.live) == 1
        self.running.append(job)

    def _resume(self, job: Job) -> None:
        """Begin with what the cache still has of the job's tokens; all but a prefill have at least one token left to feed."""
        leader = job.live[0]
        size = leader.size if len(job.live) == 1 else len(job.prompt)
        most = size if job.request.prefill_only else size - 1
        tokens = leader.tokens(0, size)
        found = self._sequences.resume(job.key, tokens, most) or self._share_running(job, tokens, most)
        if found is not None:
            leader.sequence, leader.cached = found
            if job.started is None:
                job.reused = min(leader.cached, len(job.prompt))

    def _share_running(self, job: Job, tokens: Sequence[int], most: int) -> tuple[int, int] | None:
        """A new sequence with the common prefix of running work of the same conversation, and its length."""
        donors = [donor.branches[0] for donor in self.running if donor.key == job.key and not donor.solo]
        for donor in donors:
            held = donor.tokens(0, donor.cached)
            common = common_prefix(held, tokens, most)
            if donor.sequence is not None and common:
                sequence = self._sequences.take()
                self._backend.share(donor.sequence, sequence)
                if common == len(held) or self._backend.cut(sequence, common):
                    return sequence, common
                self._sequences.release(sequence)
        return None

    def _fork(self, leader: Branch) -> None:
        """Share the prompt that one branch has in the cache with the job's others."""
        leader.job.forked = True
        for branch in leader.job.live:
            if branch is not leader and leader.sequence is not None and branch.sequence is not None:
                self._backend.share(leader.sequence, branch.sequence)
                branch.cached = leader.cached

    def _note_mark(self, branch: Branch) -> None:
        for mark, place in self._planner.marks(branch.job).items():
            if branch.cached == place and branch.sequence is not None:
                self._sequences.mark(branch.job.key, mark, branch.sequence, branch.tokens(0, place))
