"""domain.Conversations by sync_svc."""

from __future__ import annotations

from uuid import UUID

import grpc
from assistant.sync.v1 import conversations_pb2, conversations_pb2_grpc, messages_pb2

from inference_svc.drafting.domain.context import Context
from prompting.conversation import Turn
from svc_kit.clients import InternalCaller
from svc_kit.errors import FailedPrecondition
from svc_kit.peer_errors import peer_errors


class SyncedConversations:
    """Reads contexts, acting for the account that wants a draft."""

    def __init__(self, channel: grpc.aio.Channel, caller: InternalCaller) -> None:
        self._stub: conversations_pb2_grpc.ConversationsServiceAsyncStub = (
            conversations_pb2_grpc.ConversationsServiceStub(channel)
        )
        self._caller = caller

    async def context(
        self,
        account_id: UUID,
        *,
        conversation_id: UUID | None,
        message_id: UUID | None,
        max_history: int,
        seconds: float,
    ) -> Context:
        """The last messages up to the one to answer, as far as they have text."""
        request = conversations_pb2.GetContextRequest(
            conversation_id=str(conversation_id or ""), message_id=str(message_id or ""), max_history=max_history
        )
        with peer_errors("sync_svc"):
            answer = await self._stub.GetContext(request, timeout=seconds, metadata=self._caller.metadata(account_id))
        turns = tuple(_turn(message) for message in answer.messages if message.text.strip())
        if not turns:
            raise FailedPrecondition("EMPTY_CONVERSATION", "there is nothing to answer in this conversation")
        conversation = answer.conversation
        return Context(
            conversation_id=UUID(conversation.conversation_id),
            turns=turns,
            newest_message_id=UUID(answer.newest_message_id),
            is_group=conversation.is_group,
            relation=conversation.settings.relation,
            tone=conversation.settings.tone,
        )


def _turn(message: conversations_pb2.Message) -> Turn:
    return Turn(
        message_id=UUID(message.message_id),
        text=message.text,
        mine=message.direction == messages_pb2.DIRECTION_OUTGOING,
        sender=message.sender_name,
    )
