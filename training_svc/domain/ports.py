"""What the use cases need of storage. A scope is one transaction of one account; it commits when its block ends without an error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol
from uuid import UUID

from svc_kit.erasure import Erasure
from training_svc.domain.samples import Feedback, Sample, SampleChange, SampleSource

SortKey = tuple[datetime, UUID]


class Samples(Protocol):
    """The samples of one account."""

    async def add(self, sample: Sample) -> None: ...

    async def add_requested(self, sample: Sample, request_id: UUID) -> Sample:
        """Add it, unless the request has made one before: then that one."""
        ...

    async def newest(self, after: SortKey | None, size: int, source: SampleSource | None) -> Sequence[Sample]: ...

    async def oldest(self, after: SortKey | None, size: int, *, include_negatives: bool) -> Sequence[Sample]: ...

    async def counts(self) -> Mapping[SampleSource, int]: ...

    async def change(self, sample_id: UUID, change: SampleChange, now: datetime) -> Sample | None: ...

    async def delete(self, sample_id: UUID) -> bool: ...


class FeedbackEvents(Protocol):
    """The owner's actions that have been recorded."""

    async def record(self, feedback: Feedback, sample_id: UUID, now: datetime) -> UUID:
        """The id of the event's sample: `sample_id`, or another one when the event is known already."""
        ...


class Erasures(Protocol):
    """What was deleted of one account, and is remembered for a day."""

    async def are_erased(self, feedback: Feedback) -> bool:
        """Whether a message of it was deleted. An erasure that begins after this waits for the transaction's end."""
        ...

    async def erase(self, erasure: Erasure) -> int:
        """Delete samples and events of deleted messages, and remember the messages; how many samples."""
        ...


class AccountScope(Protocol):
    """A transaction that sees one account."""

    @property
    def samples(self) -> Samples: ...
    @property
    def events(self) -> FeedbackEvents: ...
    @property
    def erasures(self) -> Erasures: ...


class Transactions(Protocol):
    """Opens scopes."""

    def account(self, account_id: UUID) -> AbstractAsyncContextManager[AccountScope]: ...
