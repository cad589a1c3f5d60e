"""Telling training_svc what the owner did with a draft."""

from __future__ import annotations

from uuid import UUID

import grpc
from assistant.training.v1 import samples_pb2, samples_pb2_grpc
from google.protobuf.timestamp_pb2 import Timestamp

from inference_svc.drafting.domain.draft import Draft, Status
from prompting.conversation import PromptSource
from svc_kit.clients import CALL_TIMEOUT_S, InternalCaller
from svc_kit.peer_errors import peer_errors

_KINDS = {
    Status.ACCEPTED: samples_pb2.FEEDBACK_KIND_ACCEPTED,
    Status.EDITED: samples_pb2.FEEDBACK_KIND_EDITED,
    Status.REJECTED: samples_pb2.FEEDBACK_KIND_REJECTED,
}


class TrainingService:
    """training_svc behind a channel."""

    def __init__(self, channel: grpc.aio.Channel, caller: InternalCaller) -> None:
        self._stub: samples_pb2_grpc.SamplesServiceAsyncStub = samples_pb2_grpc.SamplesServiceStub(channel)
        self._caller = caller

    async def record(self, account_id: UUID, event_id: UUID, draft: Draft) -> None:
        """Report an action once more or for the first time; the same event again changes nothing there."""
        acted_at = Timestamp()
        assert draft.acted_at is not None
        acted_at.FromDatetime(draft.acted_at)
        request = samples_pb2.RecordFeedbackRequest(
            event_id=str(event_id),
            account_id=str(account_id),
            response_id=str(draft.draft_id),
            conversation_id=str(draft.conversation_id),
            input_context=draft.prompt,
            response=draft.response,
            confidence=draft.confidence,
            kind=_KINDS[draft.status],
            edited_response=draft.edited_response,
            rejection_reason=draft.rejection_reason,
            acted_at=acted_at,
            model_version=draft.model_version,
            prompt=_prompt(draft.source) if draft.source else None,
            reply_message_id=str(draft.reply_message_id or ""),
        )
        with peer_errors("training_svc"):
            await self._stub.RecordFeedback(request, timeout=CALL_TIMEOUT_S, metadata=self._caller.metadata(account_id))


def _prompt(source: PromptSource) -> samples_pb2.PromptSource:
    hints = source.hints
    return samples_pb2.PromptSource(
        turns=[
            samples_pb2.PromptTurn(message_id=str(turn.message_id), text=turn.text, mine=turn.mine, sender=turn.sender)
            for turn in source.turns
        ],
        hints=samples_pb2.StyleHints(
            is_group=hints.is_group, relation=hints.relation, tone=hints.tone, instruction=hints.instruction
        ),
        template_id=source.template_id,
    )
