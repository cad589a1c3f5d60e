"""What the next decode step feeds: one token for each branch that decodes, and a part of the prompts."""

from collections.abc import Sequence
from dataclasses import dataclass

from llama_worker.engine.adapters import Adapter, AdapterTurns
from llama_worker.engine.backend import Backend, Span
from llama_worker.engine.job import Branch, Job
from llama_worker.engine.prefill_budget import PrefillBudget
from llama_worker.engine.sequences import MARKS


@dataclass(frozen=True, slots=True)
class Plan:
    """One decode step: what the model is fed, and with which adapter; None is the base model alone."""

    adapter: Adapter | None
    spans: list[Span]
    # The branch of each span.
    branches: list[Branch]
    # Tokens of the spans that prefill, and how many spans those are. The others decode, with one token each.
    prefill_tokens: int
    prefills: int

    @property
    def jobs(self) -> list[Job]:
        """The jobs in the step, each once."""
        return list(dict.fromkeys(branch.job for branch in self.branches))


class Planner:
    """Plans steps out of the running jobs. Remembers whose adapter has had how many steps in a row, and nothing else."""

    def __init__(self, backend: Backend, budget: PrefillBudget) -> None:
        self._backend = backend
        self._budget = budget
        self._turns = AdapterTurns()

    def plan(self, running: Sequence[Job]) -> Plan | None:
        """The next step: one token for each branch that decodes, then prompts, as much as the budget gives. None: nothing."""
        jobs = [job for job in running if not job.paused]
        if not jobs:
            return None
        # Prefills have a turn of their own when no draft runs; they run beside others who have the same adapter.
        awaited = [job for job in jobs if not job.request.prefill_only] or jobs
        adapter = self._turns.next(job.request.adapter for job in awaited)
        ready = [branch for job in jobs if job.request.adapter is adapter for branch in self._feedable(job)]
        decoding = [branch for branch in ready if self._unfed(branch) == 1]
        prefilling = [branch for branch in ready if self._unfed(branch) > 1]
        spans = [self._span(branch, 1) for branch in decoding]
        chunks = [
            (branch, self._up_to_mark(branch, count)) for branch, count in self._chunks(prefilling, len(decoding))
        ]
        spans += [self._span(branch, count) for branch, count in chunks]
        if not spans:
            return None
        branches = decoding + [branch for branch, _ in chunks]
        return Plan(adapter, spans, branches, sum(count for _, count in chunks), len(chunks))

    def marks(self, job: Job) -> dict[int, int]:
        """The positions to mark in a prompt, by mark; none for a model that can cut a sequence, or when nothing is kept."""
        if self._backend.rewinds or job.solo or not job.is_shared:
            return {}
        return {mark: place for mark in MARKS if (place := len(job.request.prompt) - mark) > 0}

    def forget_adapter(self, adapter: Adapter) -> None:
        """Take an unloaded adapter out of the turns."""
        self._turns.forget(adapter)

    def _feedable(self, job: Job) -> list[Branch]:
        return job.live if job.forked else job.live[:1]

    def _unfed(self, branch: Branch) -> int:
        """Tokens still to feed; before the fork only those of the prompt, since nothing else is shared."""
        return (branch.size if branch.job.forked else len(branch.job.prompt)) - branch.cached

    def _chunks(self, prefilling: list[Branch], decoding: int) -> list[tuple[Branch, int]]:
        """Split the step's budget of prompt tokens: the shortest rest comes first, but half belongs to the oldest prompt.

        So a short prompt does not wait for a long one that came before it, and the oldest never starves. Equal parts would end
        all prompts that came together only at the end. Requests that only prefill get a part only when no draft prefills.
        """
        candidates = [branch for branch in prefilling if not branch.job.request.prefill_only] or prefilling
        if not candidates:
            return []
        budget = self._prefill_tokens(candidates[0].job, decoding)
        oldest = min(candidates, key=lambda branch: branch.job.number)
        reserved = min(self._unfed(oldest), budget // 2)
        chunks = []
        for branch in sorted(candidates, key=lambda branch: (self._unfed(branch), branch.job.number)):
            free = budget if branch is oldest else budget - reserved
            count = min(self._unfed(branch), free)
            budget -= count
            if branch is oldest:
                reserved = 0
            if count > 0:
                chunks.append((branch, count))
        return chunks

    def _up_to_mark(self, branch: Branch, count: int) -> int:
        """`count`, or as many tokens as there are before the next mark if those are fewer."""
        ahead = [place - branch.cached for place in self.marks(branch.job).values() if place > branch.cached]
        return min([count, *ahead])

    def _prefill_tokens(self, job: Job, decoding: int) -> int:
        wanted = self._budget.fixed if job.solo else self._budget.tokens(others_decode=decoding > 0)
        return min(wanted, self._backend.limits.batch_size - decoding)

    def _span(self, branch: Branch, count: int) -> Span:
        assert branch.sequence is not None
        start, end = branch.cached, branch.cached + count
        heirs = [branch] if branch.job.forked else branch.job.live
        output = not branch.job.request.prefill_only and any(heir.size == end for heir in heirs)
        return Span(branch.sequence, start, branch.tokens(start, end), output)
