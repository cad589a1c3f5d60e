"""What drafting needs of the world."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from inference_svc.drafting.domain.adapter import Adapter
from inference_svc.drafting.domain.context import Context
from inference_svc.drafting.domain.draft import Draft, Ending, Finish, Label, OwnerAction, Status
from inference_svc.drafting.domain.events import ModelEvent
from inference_svc.drafting.domain.model import GenerateRequest, KnownModel, ModelStatus


class Conversations(Protocol):
    """Reads what was synced. `seconds` is how long the answer may take."""

    async def context(
        self,
        account_id: UUID,
        *,
        conversation_id: UUID | None,
        message_id: UUID | None,
        max_history: int,
        seconds: float,
    ) -> Context:
        """The last messages up to the one to answer. Raises NotFound, FailedPrecondition (empty), Unavailable."""
        ...


class Model(Protocol):
    """The language model. `seconds` is how long an answer may take."""

    async def status(self, seconds: float) -> ModelStatus:
        """How it is. Raises Unavailable when its process does not answer."""
        ...

    async def count_tokens(self, texts: Sequence[str], seconds: float) -> Sequence[int]:
        """Tokens of each text."""
        ...

    def generate(self, order: GenerateRequest) -> AsyncGenerator[ModelEvent, None]:
        """Continue a prompt; ends with Finished for each suggestion or raises. Closing it stops the model at once."""
        ...

    async def read_ahead(self, order: GenerateRequest) -> None:
        """Read a prompt so that `generate` begins at once; it gives way to all who wait. Raises Overloaded, Unavailable."""
        ...

    async def forget(self, account_id: UUID, conversation_ids: Sequence[UUID]) -> None:
        """Forget what was read of these conversations. Raises Unavailable when that is not sure."""
        ...


class ActiveAdapters(Protocol):
    """Which adapters draft for whom."""

    async def active(self, account_id: UUID, model_id: str, seconds: float) -> Adapter | None:
        """The adapter that drafts for the account with this model; None is the model as it is."""
        ...


class Catalogue(Protocol):
    """The models this installation knows."""

    def ids(self) -> tuple[str, ...]:
        """Their ids, in the manifest's order."""
        ...

    async def models(self) -> Sequence[KnownModel]:
        """What is known of them, in the same order."""
        ...


@dataclass(frozen=True, slots=True)
class CachedReply:
    """One suggestion as it was made the first time."""

    response: str
    confidence: float
    finish: Finish
    prompt_tokens: int
    completion_tokens: int


class ReplyCache(Protocol):
    """Remembers complete drafts for a while. It may lose any of them at any time, and never raises."""

    async def get(self, key: str) -> tuple[CachedReply, ...] | None:
        """All suggestions of a request, or None."""
        ...

    async def put(self, key: str, replies: Sequence[CachedReply]) -> None:
        """Remember them."""
        ...

    async def forget(self, key: str) -> None:
        """Forget them."""
        ...

    async def erase(self, keys: Sequence[str]) -> bool:
        """Forget all of these; False when that is not sure."""
        ...


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """Who asked for drafts, so that the same request again finds them."""

    request_id: UUID
    digest: str


class DraftStore(Protocol):
    """Keeps drafts. Each call is a transaction of its own and short."""

    async def add(
        self, account_id: UUID, drafts: Sequence[Draft], *, seconds: float, repeated: IdempotencyKey | None
    ) -> bool:
        """Keep new drafts; those being made are given up after `seconds`. False when the request id was used meanwhile.

        Raises ContextErased when a message of their prompt, or the conversation, was deleted.
        """
        ...

    async def end(self, account_id: UUID, draft_id: UUID, ending: Ending) -> bool:
        """Say what became of a draft that was being made. False when it was given up before. Raises ContextErased."""
        ...

    async def abandon(self, account_id: UUID, texts: Mapping[UUID, str], status: Status, finish: Finish) -> None:
        """End those of the drafts that are still being made, keep what was written of them, and let their request be asked anew.

        `texts` holds what there is of each draft, by its id.
        """
        ...

    async def are_erased(self, account_id: UUID, ids: Sequence[UUID]) -> bool:
        """Whether one of these messages or conversations was deleted, as far as that is remembered."""
        ...

    async def find_by_request(self, account_id: UUID, repeated: IdempotencyKey) -> Sequence[Draft]:
        """The drafts of an earlier request with this id, by suggestion. Raises InvalidInput if it asked something else."""
        ...

    async def act(self, account_id: UUID, draft_id: UUID, action: OwnerAction) -> tuple[Draft, bool]:
        """Do what the owner wants, with a feedback event in the same transaction.

        The draft as it is then, and whether anything changed. Raises NotFound and FailedPrecondition.
        """
        ...

    async def answered(
        self,
        account_id: UUID,
        conversation_id: UUID,
        message_id: UUID,
        label: Callable[[Sequence[Draft]], Label | None],
    ) -> Draft | None:
        """Close the drafts of the last day for older messages than this one of the owner's in a conversation.

        `label` is given those that are complete and not rejected, newest first, and chooses one to act on, with a feedback
        event in the same transaction; how that one is then.
        """
        ...

    async def get(self, account_id: UUID, draft_ids: Sequence[UUID]) -> Sequence[Draft]:
        """These drafts, in this order. Raises NotFound unless all are there."""
        ...

    async def page(
        self, account_id: UUID, conversation_id: UUID, size: int, after: tuple[datetime, UUID] | None
    ) -> Sequence[Draft]:
        """A conversation's drafts, newest first, at most `size`."""
        ...
