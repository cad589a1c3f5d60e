"""Which worker drafts for a conversation: the one that has read it, unless it has much more to do than the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from uuid import UUID

# How much more than its share a worker may have before a conversation of its own waits elsewhere.
_MUCH = 1.25


@dataclass(frozen=True, slots=True)
class WorkerState:
    """A worker as far as it is known here.

    `load` is what it runs, what waits in its queue, and what is on its way there. `ready` is false when it said that it
    has no model, `answers` when it is not sure that it can be reached.
    """

    address: str
    load: int = 0
    sequences: int = 1
    queue_limit: int = 1
    sha256: str = ""
    ready: bool = True
    answers: bool = True
    draining: bool = False

    @property
    def is_full(self) -> bool:
        """Whether it would refuse one more."""
        return self.load >= self.sequences + self.queue_limit


@dataclass(frozen=True, slots=True)
class Choice:
    """Addresses in the order in which they are to be asked, and the one that would be first if load did not count."""

    order: tuple[str, ...]
    home: str = ""

    @property
    def overflows(self) -> bool:
        """Whether the conversation goes elsewhere because its own worker has too much to do."""
        return bool(self.order) and self.order[0] != self.home


def choose(workers: Sequence[WorkerState], account_id: UUID, conversation_id: UUID, sha256: str) -> Choice:
    """Where a conversation's draft by the model `sha256` may be made.

    Each conversation ranks the workers in an order of its own, which does not change for the others when one joins or
    leaves. The first of them with room gets the draft. Who is draining, has no model or another one gets nothing; who may
    be away comes last.
    """
    able = [worker for worker in workers if _may_draft(worker, sha256)]
    ranked = sorted(able, key=lambda worker: _rank(worker.address, account_id, conversation_id))
    present = [worker for worker in ranked if worker.answers]
    absent = [worker for worker in ranked if not worker.answers]
    welcome = [worker for worker in present if _has_room(worker, present)]
    busy = sorted(
        (worker for worker in present if worker not in welcome),
        key=lambda worker: (worker.is_full, worker.load / worker.sequences),
    )
    order = tuple(worker.address for worker in (*welcome, *busy, *absent))
    return Choice(order, home=(present or absent)[0].address if order else "")


def served_model(hashes: Iterable[str]) -> str:
    """The model that drafts are made with while workers have different ones: that of most of them."""
    counted = Counter(hashes)
    return min(counted, key=lambda sha256: (-counted[sha256], sha256), default="")


def idlest(workers: Sequence[WorkerState]) -> tuple[str, ...]:
    """Addresses of those with the model that drafts are made with, the one with least to do first."""
    able = [worker for worker in workers if worker.ready and not worker.draining]
    served = served_model(worker.sha256 for worker in able if worker.answers and worker.sha256)
    able = [worker for worker in able if _may_draft(worker, served)]
    able.sort(key=lambda worker: (not worker.answers, worker.load / worker.sequences))
    return tuple(worker.address for worker in able)


def _may_draft(worker: WorkerState, sha256: str) -> bool:
    is_the_same = sha256 == worker.sha256 or not (sha256 and worker.sha256)
    return is_the_same and worker.ready and not worker.draining


def _has_room(worker: WorkerState, workers: Sequence[WorkerState]) -> bool:
    # What begins at once is nowhere quicker than where the conversation has been read.
    if worker.load < worker.sequences:
        return True
    share = worker.sequences / sum(other.sequences for other in workers)
    return not worker.is_full and worker.load + 1 <= _MUCH * share * (sum(other.load for other in workers) + 1)


def _rank(address: str, account_id: UUID, conversation_id: UUID) -> bytes:
    return blake2b(f"{account_id}/{conversation_id}/{address}".encode(), digest_size=8).digest()
