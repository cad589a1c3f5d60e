"""Decides who runs and what the next step feeds. Holds no thread, no clock and no model: plain state in, plan out."""

from collections.abc import Container, Sequence
from dataclasses import dataclass

from llama_worker.engine.adapters import Adapter, AdapterTurns
from llama_worker.engine.admission import AdmissionQueue
from llama_worker.engine.backend import Backend, Span
from llama_worker.engine.counts import Counts
from llama_worker.engine.job import Branch, ConversationKey, Job
from llama_worker.engine.prefill_budget import PrefillBudget
from llama_worker.engine.sequences import MARKS, Sequences, common_prefix


@dataclass(frozen=True, slots=True)
class Plan:
    """One decode step: its adapter, spans, the branch that each belongs to, and how many tokens of prompts it reads."""

    adapter: Adapter | None
    spans: list[Span]
    branches: list[Branch]
    reading: int
    # How many of the spans read.
    readers: int

    @property
    def jobs(self) -> list[Job]:
        return list(dict.fromkeys(branch.job for branch in self.branches))


class Scheduler:
    """The running jobs and their sequences.

    Every branch is a list of tokens of which the cache holds the first `cached`. Feeding the rest is all there is to do:
    one token for a branch that writes, a chunk for one that reads, be it a new prompt or work that lost its sequence.
    """

    def __init__(self, backend: Backend, queue: AdmissionQueue, budget: PrefillBudget, spill_bytes: int = 0) -> None:
        self._backend = backend
        self._queue = queue
        self._budget = budget
        self._sequences = Sequences(backend, spill_bytes)
        self._turns = AdapterTurns()
        self.running: list[Job] = []
        # Since they were last noted.
        self._preemptions = 0

    def admit(self) -> list[Job]:
        """Start jobs from the queue while there is room; return them."""
        started: list[Job] = []
        while (job := self._queue.head()) is not None and self._fits(job):
            # Only then: should the model break over it, it must still be found to be told so.
            self._start(job)
            self._queue.take(job)
            started.append(job)
        return started

    def preemptible_prefill(self) -> Job | None:
        """A job that only reads ahead while another one wants its place, or what it reads."""
        ahead = [job for job in self.running if job.request.ahead]
        head = self._queue.head() if ahead else None
        if head is None or head.request.ahead:
            return None
        return next((job for job in ahead if job.key == head.key), None if self._fits(head) else ahead[-1])

    def yield_paused(self) -> None:
        """Make the running work of slow readers give way, the youngest first, until who waits for its place has room."""
        paused = sorted((job for job in self.running if job.paused), key=lambda job: job.number)
        head = self._queue.head() if paused else None
        if head is None or head.request.ahead:
            return
        while paused and not self._fits(head):
            self.preempt(paused.pop())

    def plan(self) -> Plan | None:
        """The next step: first one token for each branch that writes, then prompts, as much as the budget gives."""
        jobs = [job for job in self.running if not job.paused]
        if not jobs:
            return None
        # What only reads ahead has a turn when nobody waits for text, and reads beside those who have its adapter.
        awaited = [job for job in jobs if not job.request.ahead] or jobs
        adapter = self._turns.next(job.request.adapter for job in awaited)
        ready = [branch for job in jobs if job.request.adapter is adapter for branch in self._feedable(job)]
        writing = [branch for branch in ready if self._behind(branch) == 1]
        reading = [branch for branch in ready if self._behind(branch) > 1]
        spans = [self._span(branch, 1) for branch in writing]
        chunks = [(branch, self._to_mark(branch, count)) for branch, count in self._share(reading, len(writing))]
        spans += [self._span(branch, count) for branch, count in chunks]
        if not spans:
            return None
        branches = writing + [branch for branch, _ in chunks]
        return Plan(adapter, spans, branches, sum(count for _, count in chunks), len(chunks))

    def commit_step(self, plan: Plan) -> list[tuple[Branch, int]]:
        """Note that the step went well; return the branches to sample, each with the output to sample it from."""
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

    def read(self) -> list[Job]:
        """The running jobs that were to read ahead and have."""
        return [job for job in self.running if job.request.ahead and job.branches[0].cached == len(job.prompt)]

    def release(self, branch: Branch, *, keep: bool = False) -> None:
        """Take the branch's sequence back, perhaps with what it holds; safe to call twice."""
        if branch.sequence is None:
            return
        # One sequence of a conversation is enough, and what broke or must not depend on others leaves nothing behind.
        if keep and not branch.job.solo and branch is branch.job.branches[0]:
            self._sequences.keep(branch.job.key, branch.sequence, branch.tokens(0, branch.cached))
        else:
            self._sequences.give_back(branch.sequence)
        branch.sequence = None
        branch.cached = 0

    def retire(self, job: Job, *, keep: bool = False) -> None:
        """Forget a job that is over."""
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
        """The cache is full: what nobody uses goes first, then the youngest is preempted, slow readers before others.

        Return the job if it is alone: it cannot be helped.
        """
        if self._sequences.evict():
            return None
        if len(self.running) == 1:
            return self.running[0]
        self.preempt(max(self.running, key=lambda job: (job.request.ahead, job.paused, job.number)))
        self._sequences.evict()
        return None

    def on_context_reset(self) -> None:
        """The context is a new one, and nothing is in it."""
        self._sequences.on_context_reset()

    def leave_context(self) -> None:
        """Take all out of the context before another one is made; what the host's memory can hold comes back from there."""
        for job in sorted(self.running, key=lambda job: job.number, reverse=True):
            self.preempt(job)
        self._sequences.evict_to(0)

    @property
    def runs_alone(self) -> bool:
        """Whether deterministic work runs, which must not be taken apart."""
        return any(job.solo for job in self.running)

    def uses(self, adapter: Adapter) -> bool:
        """Whether any work, running or waiting, began with this adapter."""
        return any(job.request.adapter is adapter for job in (*self.running, *self._queue.order()))

    def forget_adapter(self, adapter: Adapter) -> None:
        """The adapter is unloaded."""
        self._turns.forget(adapter)

    def forget_conversations(self, account_id: str, cache_keys: Container[str]) -> int:
        """Drop what is kept of an account's conversations under every adapter; return how many sequences were dropped.

        Their work, running or waiting, goes on, and its sequences are dropped when it ends.
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
        """Say how full the cache is."""
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
        """Go on with what the cache still has of the job's beginning; at least one token is left to feed."""
        leader = job.live[0]
        size = leader.size if len(job.live) == 1 else len(job.prompt)
        most = size if job.request.ahead else size - 1
        tokens = leader.tokens(0, size)
        found = self._sequences.resume(job.key, tokens, most) or self._borrow(job, tokens, most)
        if found is not None:
            leader.sequence, leader.cached = found
            if job.started is None:
                job.reused = min(leader.cached, len(job.prompt))

    def _borrow(self, job: Job, tokens: Sequence[int], most: int) -> tuple[int, int] | None:
        """A copy of what running work of the same conversation has in the cache."""
        donors = [donor.branches[0] for donor in self.running if donor.key == job.key and not donor.solo]
        for donor in donors:
            held = donor.tokens(0, donor.cached)
            common = common_prefix(held, tokens, most)
            if donor.sequence is not None and common:
                sequence = self._sequences.take()
                self._backend.share(donor.sequence, sequence)
                if common == len(held) or self._backend.cut(sequence, common):
                    return sequence, common
                self._sequences.give_back(sequence)
        return None

    def _fork(self, leader: Branch) -> None:
        """Give the prompt that one branch has read to the others."""
        leader.job.forked = True
        for branch in leader.job.live:
            if branch is not leader and leader.sequence is not None and branch.sequence is not None:
                self._backend.share(leader.sequence, branch.sequence)
                branch.cached = leader.cached

    def _feedable(self, job: Job) -> list[Branch]:
        return job.live if job.forked else job.live[:1]

    def _behind(self, branch: Branch) -> int:
        """Tokens still to feed; up to the fork only the prompt counts, since nothing else is shared."""
        return (branch.size if branch.job.forked else len(branch.job.prompt)) - branch.cached

    def _share(self, reading: list[Branch], writing: int) -> list[tuple[Branch, int]]:
        """Split the step's budget: the least that is left to read comes first, but half is the oldest's, which never starves.

        Shortest first, since then a short prompt does not wait for a long one that came before it; and of prompts that came
        together one after the other, since in equal parts all of them would be read only at the end. Reading ahead gets what
        nobody else wants.
        """
        wanted = [branch for branch in reading if not branch.job.request.ahead] or reading
        if not wanted:
            return []
        budget = self._tokens_to_read(wanted[0].job, writing)
        oldest = min(wanted, key=lambda branch: branch.job.number)
        owed = min(self._behind(oldest), budget // 2)
        chunks = []
        for branch in sorted(wanted, key=lambda branch: (self._behind(branch), branch.job.number)):
            free = budget if branch is oldest else budget - owed
            count = min(self._behind(branch), free)
            budget -= count
            if branch is oldest:
                owed = 0
            if count > 0:
                chunks.append((branch, count))
        return chunks

    def _to_mark(self, branch: Branch, count: int) -> int:
        """As many of these tokens as there are before the next mark."""
        ahead = [place - branch.cached for place in self._marks(branch.job).values() if place > branch.cached]
        return min([count, *ahead])

    def _note_mark(self, branch: Branch) -> None:
        for mark, place in self._marks(branch.job).items():
            if branch.cached == place and branch.sequence is not None:
                self._sequences.mark(branch.job.key, mark, branch.sequence, branch.tokens(0, place))

    def _marks(self, job: Job) -> dict[int, int]:
        """Where to mark a prompt that somebody may go on with, when the model cannot go back there."""
        if self._backend.rewinds or job.solo or not job.is_shared:
            return {}
        return {mark: place for mark in MARKS if (place := len(job.request.prompt) - mark) > 0}

    def _tokens_to_read(self, job: Job, writing: int) -> int:
        wanted = self._budget.fixed if job.solo else self._budget.tokens(others_decode=writing > 0)
        return min(wanted, self._backend.limits.batch_size - writing)

    def _span(self, branch: Branch, count: int) -> Span:
        assert branch.sequence is not None
        start, end = branch.cached, branch.cached + count
        heirs = [branch] if branch.job.forked else branch.job.live
        output = not branch.job.request.ahead and any(heir.size == end for heir in heirs)
        return Span(branch.sequence, start, branch.tokens(start, end), output)
