"""Everything about a draft that is settled before the model is asked."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import UUID

from inference_svc.drafting.domain.adapter import Adapter
from inference_svc.drafting.domain.cache_key import cache_key
from inference_svc.drafting.domain.context import Context
from inference_svc.drafting.domain.draft import Draft
from inference_svc.drafting.domain.draft_request import DraftRequest
from inference_svc.drafting.domain.model import GenerateRequest, ModelStatus, check_model_id
from inference_svc.drafting.domain.ports import ActiveAdapters, Catalogue, Conversations, Model
from prompting.context_window import asked_for, fit_prompt, recent
from prompting.conversation import StyleHints
from prompting.errors import MessageTooLong, TemplateUnusable
from prompting.prompt import Prompt
from svc_kit.errors import DeadlineExceeded, FailedPrecondition, InvalidInput, NotFound, Overloaded, Unavailable
from svc_kit.ids import new_id

# The worker ends a little before the caller gives up, so that the caller is told why.
_MARGIN_S = 0.2
_CALL_S = 5.0
# A draft in the adapter that was known last is better than none.
_VOICE_S = 1.0
# Who only wants to be queued does not wait for a part that may be away.
_CHECK_S = 2.0


@dataclass(frozen=True, slots=True)
class DraftPlan:
    """What is asked of which model, and what for."""

    order: DraftRequest
    context: Context
    model: ModelStatus
    adapter: Adapter | None
    prompt: Prompt
    key: str

    @property
    def held_ids(self) -> tuple[UUID, ...]:
        """The ids of all that its text is of: the messages in the prompt and their conversation."""
        return (*self.prompt.source.message_ids, self.context.conversation_id)

    def drafts(self, *, cached: bool) -> list[Draft]:
        """New drafts, one for each suggestion."""
        now = datetime.now(UTC)
        return [
            Draft(
                draft_id=new_id(),
                message_id=self.context.turns[-1].message_id,
                conversation_id=self.context.conversation_id,
                prompt=self.prompt.text,
                model_version=self._version,
                created_at=now,
                suggestion=suggestion,
                instruction=self.order.instruction,
                cached=cached,
                cache_key=self.key,
                source=self.prompt.source,
            )
            for suggestion in range(self.order.suggestions)
        ]

    @property
    def _version(self) -> str:
        """The model and the adapter by their files."""
        return f"{self.model.version}+{self.adapter.sha256[:12]}" if self.adapter else self.model.version

    def model_order(self) -> GenerateRequest:
        """What the model is asked."""
        order = self.order
        timeout = max(order.time_left() - _MARGIN_S, _MARGIN_S)
        return GenerateRequest(
            order.account_id,
            self.context.conversation_id,
            self.prompt,
            order.sampling,
            order.suggestions,
            timeout,
            self.model.sha256,
            self.adapter,
        )


class Planner:
    """Reads the conversation and the model's state and makes plans of wishes."""

    def __init__(
        self, conversations: Conversations, model: Model, catalogue: Catalogue, adapters: ActiveAdapters
    ) -> None:
        self._conversations = conversations
        self._model = model
        self._catalogue = catalogue
        self._adapters = adapters

    async def plan(self, order: DraftRequest) -> DraftPlan:
        """The plan. Raises what makes the draft impossible: InvalidInput, NotFound, FailedPrecondition, Unavailable."""
        order.check()
        context = await self._conversations.context(
            order.account_id,
            conversation_id=order.conversation_id,
            message_id=order.message_id,
            max_history=asked_for(order.max_history),
            seconds=min(_CALL_S, order.time_left()),
        )
        if order.arrived_in is not None:
            context.check_unanswered()
        context = replace(context, turns=tuple(recent(context.turns, order.max_history)))
        model = await self._model.status(min(_CALL_S, order.time_left()))
        check_model_id(order.model_id, self._catalogue.ids(), model)
        model.check_ready()
        prompt = await self._prompt(order, context, model)
        adapter = await self._adapters.active(order.account_id, model.model_id, min(_VOICE_S, order.time_left()))
        key = cache_key(order.account_id, model, adapter, prompt, order.sampling, order.suggestions)
        return DraftPlan(order, context, model, adapter, prompt, key)

    async def check(self, order: DraftRequest) -> None:
        """Raise InvalidInput, NotFound or FailedPrecondition for what would make a plan impossible.

        What cannot be known now, because a part is away, passes: it may be back when the draft's turn comes.
        """
        with suppress(Unavailable, DeadlineExceeded, Overloaded):
            await self._conversations.context(
                order.account_id,
                conversation_id=order.conversation_id,
                message_id=order.message_id,
                max_history=order.max_history,
                seconds=min(_CHECK_S, order.time_left()),
            )
        with suppress(Unavailable, DeadlineExceeded, Overloaded):
            model = await self._model.status(min(_CHECK_S, order.time_left()))
            model.check_ready()
            check_model_id(order.model_id, self._catalogue.ids(), model)
            _budget(order, model)

    async def is_outdated(self, plan: DraftPlan) -> bool:
        """Whether the conversation moved on since the plan was made. False when that cannot be known."""
        try:
            now = await self._conversations.context(
                plan.order.account_id,
                conversation_id=plan.context.conversation_id,
                message_id=None,
                max_history=1,
                seconds=min(_CALL_S, plan.order.time_left()),
            )
        except (Unavailable, DeadlineExceeded):
            return False
        except (NotFound, FailedPrecondition):
            # The conversation, or all that was said in it, is gone.
            return True
        return now.newest_message_id != plan.context.newest_message_id

    async def _prompt(self, order: DraftRequest, context: Context, model: ModelStatus) -> Prompt:
        budget = _budget(order, model)

        async def count(texts: Sequence[str]) -> Sequence[int]:
            return await self._model.count_tokens(texts, min(_CALL_S, order.time_left()))

        hints = StyleHints(context.is_group, context.relation, context.tone, order.instruction)
        try:
            return await fit_prompt(context.turns, hints, model.chat, budget, count)
        except TemplateUnusable as error:
            raise FailedPrecondition("CHAT_TEMPLATE_UNUSABLE", str(error)) from error
        except MessageTooLong as error:
            raise InvalidInput("message_id", str(error)) from error


def _budget(order: DraftRequest, model: ModelStatus) -> int:
    """Tokens that the prompt may have."""
    budget = model.context_size - order.sampling.max_tokens
    if budget <= 0:
        raise InvalidInput(
            "sampling.max_tokens", f"must leave room for the prompt in the context of {model.context_size} tokens"
        )
    return budget
