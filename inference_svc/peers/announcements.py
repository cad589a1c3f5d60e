"""Telling sync_svc, whose streams the owner's clients watch, that a draft is ready."""

from __future__ import annotations

from functools import partial
from uuid import UUID

import grpc
from assistant.sync.v1 import conversations_pb2, conversations_pb2_grpc

from inference_svc.drafting.domain.draft import Draft
from svc_kit.background_tasks import BackgroundTasks
from svc_kit.clients import CALL_TIMEOUT_S, InternalCaller
from svc_kit.peer_errors import peer_errors


class Announcements:
    """Announces beside the work that made the draft: nobody waits for it, and what was not heard can still be looked up."""

    def __init__(self, channel: grpc.aio.Channel, caller: InternalCaller, errands: BackgroundTasks) -> None:
        self._stub: conversations_pb2_grpc.ConversationsServiceAsyncStub = (
            conversations_pb2_grpc.ConversationsServiceStub(channel)
        )
        self._caller = caller
        self._errands = errands

    def announce(self, account_id: UUID, draft: Draft) -> None:
        """Tell that a draft is ready, as often as `errands` tries."""
        self._errands.spawn(partial(self._announce, account_id, draft.conversation_id, draft.draft_id))

    async def _announce(self, account_id: UUID, conversation_id: UUID, draft_id: UUID) -> None:
        request = conversations_pb2.AnnounceDraftRequest(
            conversation_id=str(conversation_id), response_id=str(draft_id)
        )
        with peer_errors("sync_svc"):
            await self._stub.AnnounceDraft(request, timeout=CALL_TIMEOUT_S, metadata=self._caller.metadata(account_id))
