"""What happens to samples: each use case is one transaction of one account."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from svc_kit.erasure import Erasure
from svc_kit.errors import AlreadyExists, NotFound
from svc_kit.ids import new_id
from training_svc.domain.samples import Feedback, Sample, SampleChange, SampleSource, checked_change, sample_of
from training_svc.storage.samples import SortKey
from training_svc.storage.transactions import PostgresTransactions

# A context may have hundreds of kilobytes, and a page of them is in memory at once.
_EXPORT_PAGE = 50


@dataclass(frozen=True, slots=True)
class SamplePage:
    """Some samples, newest first; `more` when there are further ones; how many there are in all."""

    samples: Sequence[Sample]
    more: bool
    counts: Mapping[SampleSource, int]


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class SampleService:
    """Makes, lists, changes, deletes and exports samples."""

    transactions: PostgresTransactions
    clock: Callable[[], datetime] = field(default=_utc_now)

    async def record(self, account_id: UUID, feedback: Feedback) -> UUID | None:
        """Make the sample of an action, once, however often and however parallel it is told.

        Its id; None when a message of it was deleted meanwhile. Raises InvalidInput when there is no reply to learn.
        """
        now = self.clock()
        sample = sample_of(feedback, new_id(), now)
        async with self.transactions.account(account_id) as scope:
            if await scope.erasures.are_erased(feedback):
                return None
            sample_id = await scope.events.record(feedback, sample.sample_id, now)
            if sample_id == sample.sample_id:
                await scope.samples.add(sample)
        return sample_id

    async def erase(self, account_id: UUID, erasure: Erasure) -> int:
        """Delete the samples that deleted messages are part of; how many. Feedback that is on its way makes none either."""
        async with self.transactions.account(account_id) as scope:
            return await scope.erasures.erase(erasure)

    async def add_manual(self, account_id: UUID, context: str, output: str, request_id: UUID | None) -> Sample:
        """Add a sample by hand. Raises AlreadyExists when the same request made another one."""
        sample = Sample(new_id(), context, output, SampleSource.MANUAL, 1.0, self.clock())
        async with self.transactions.account(account_id) as scope:
            if request_id is None:
                await scope.samples.add(sample)
                return sample
            kept = await scope.samples.add_requested(sample, request_id)
        # Its reply may have been changed since; the context never is.
        if kept.input_context != context:
            raise AlreadyExists("another sample was made with this request_id")
        return kept

    async def page(self, account_id: UUID, after: SortKey | None, size: int, source: SampleSource | None) -> SamplePage:
        """Samples after the sort key `after`, newest first."""
        async with self.transactions.account(account_id) as scope:
            found = await scope.samples.newest(after, size + 1, source)
            counts = await scope.samples.counts()
        return SamplePage(found[:size], len(found) > size, counts)

    async def change(self, account_id: UUID, sample_id: UUID, change: SampleChange) -> Sample:
        """Change a sample. Raises NotFound or InvalidInput."""
        checked = checked_change(change)
        async with self.transactions.account(account_id) as scope:
            sample = await scope.samples.change(sample_id, checked, self.clock())
        if sample is None:
            raise _missing()
        return sample

    async def delete(self, account_id: UUID, sample_id: UUID) -> None:
        """Delete a sample. Raises NotFound."""
        async with self.transactions.account(account_id) as scope:
            deleted = await scope.samples.delete(sample_id)
        if not deleted:
            raise _missing()

    async def export(self, account_id: UUID, *, include_negatives: bool) -> AsyncGenerator[Sequence[Sample], None]:
        """All samples, oldest first, page by page: no transaction is open while the client reads."""
        after: SortKey | None = None
        while True:
            async with self.transactions.account(account_id) as scope:
                page = await scope.samples.oldest(after, _EXPORT_PAGE, include_negatives=include_negatives)
            if page:
                yield page
            if len(page) < _EXPORT_PAGE:
                return
            after = (page[-1].created_at, page[-1].sample_id)


def _missing() -> NotFound:
    return NotFound("there is no such sample")
