"""ConversationsService: browse, search, settings, and what drafts and training are made from."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from functools import partial
from typing import Any
from uuid import UUID

import grpc
from assistant.common.v1 import heartbeat_pb2
from assistant.sync.v1 import conversations_pb2 as pb
from assistant.sync.v1 import conversations_pb2_grpc

from svc_kit.errors import InvalidInput
from svc_kit.event_stream import with_error_event
from svc_kit.gate import Gate
from svc_kit.identity import current, current_account
from svc_kit.ids import parse_id
from svc_kit.paging import decode_page_token, page_size_of
from sync_svc.api.message_views import message_view
from sync_svc.api.page_tokens import page_token
from sync_svc.api.parse_values import without_nul
from sync_svc.api.times import optional_time
from sync_svc.api.views import conversation_name, conversation_view, watch_view
from sync_svc.domain.changes import DraftReady
from sync_svc.domain.conversations import Settings
from sync_svc.domain.pages import Page
from sync_svc.domain.watching import Watching
from sync_svc.storage.browse_store import PostgresBrowseStore
from sync_svc.storage.history import read_history

SEARCH_PAGE = 20
DEFAULT_HISTORY = 10
_SETTINGS = ("auto_draft", "train", "tone", "relation")

Context = grpc.aio.ServicerContext[Any, Any]


class ConversationsServicer(conversations_pb2_grpc.ConversationsServiceServicer):
    """Serves assistant.sync.v1.ConversationsService."""

    def __init__(self, store: PostgresBrowseStore, watching: Watching, gate: Gate) -> None:
        self._store = store
        self._watching = watching
        self._gate = gate

    async def ListConversations(
        self, request: pb.ListConversationsRequest, context: Context
    ) -> pb.ListConversationsResponse:
        """Conversations, the one with the newest message first."""
        page = await self._store.list_conversations(
            current_account(), decode_page_token(request.page_token), page_size_of(request.page_size)
        )
        return pb.ListConversationsResponse(
            conversations=[conversation_view(one, page.names) for one in page.conversations],
            next_page_token=page_token(page.after),
        )

    async def GetConversation(self, request: pb.GetConversationRequest, context: Context) -> pb.GetConversationResponse:
        """One conversation."""
        page = await self._store.conversation(current_account(), _id_of(request))
        return pb.GetConversationResponse(conversation=_only(page))

    async def UpdateConversation(
        self, request: pb.UpdateConversationRequest, context: Context
    ) -> pb.UpdateConversationResponse:
        """Change the settings that the mask names."""
        asked = request.settings
        settings = Settings(asked.auto_draft, asked.train, without_nul(asked.tone), without_nul(asked.relation))
        page = await self._store.change_settings(current_account(), _id_of(request), settings, _masked(request))
        return pb.UpdateConversationResponse(conversation=_only(page))

    async def DeleteConversation(
        self, request: pb.DeleteConversationRequest, context: Context
    ) -> pb.DeleteConversationResponse:
        """Delete a conversation and its messages."""
        deleted = await self._store.delete_conversation(current_account(), _id_of(request))
        return pb.DeleteConversationResponse(deleted_messages=deleted)

    async def ListMessages(self, request: pb.ListMessagesRequest, context: Context) -> pb.ListMessagesResponse:
        """A conversation's messages, newest first."""
        page = await self._store.list_messages(
            current_account(),
            _id_of(request),
            decode_page_token(request.page_token),
            page_size_of(request.page_size),
        )
        return pb.ListMessagesResponse(
            messages=[message_view(one, page.names) for one in page.messages], next_page_token=page_token(page.after)
        )

    async def SearchMessages(self, request: pb.SearchMessagesRequest, context: Context) -> pb.SearchMessagesResponse:
        """Messages with all words of the query."""
        page = await self._store.search(
            current_account(),
            _words(request.query),
            _optional_id("conversation_id", request.conversation_id),
            decode_page_token(request.page_token),
            page_size_of(request.page_size, default=SEARCH_PAGE),
        )
        found = {one.id: conversation_name(one, page.names) for one in page.conversations}
        return pb.SearchMessagesResponse(
            hits=[
                pb.MessageHit(message=message_view(one, page.names), conversation_name=found[one.conversation_id])
                for one in page.messages
            ],
            next_page_token=page_token(page.after),
        )

    async def GetContext(self, request: pb.GetContextRequest, context: Context) -> pb.GetContextResponse:
        """The messages a draft is made from."""
        conversation_id = _optional_id("conversation_id", request.conversation_id)
        message_id = _optional_id("message_id", request.message_id)
        if conversation_id is None and message_id is None:
            raise InvalidInput("conversation_id", "must be given when message_id is not")
        found = await self._store.context(
            current_account(), conversation_id, message_id, request.max_history or DEFAULT_HISTORY
        )
        return pb.GetContextResponse(
            conversation=conversation_view(found.conversation, found.names),
            messages=[message_view(one, found.names) for one in found.messages],
            newest_message_id=str(found.newest_message_id),
        )

    async def WatchConversations(
        self, request: pb.WatchConversationsRequest, context: Context
    ) -> AsyncIterator[pb.WatchConversationsResponse]:
        """What changes, for as long as the caller may see it."""
        async with aclosing(with_error_event(self._changes(), _error_event)) as events:
            async for event in events:
                yield event

    async def AnnounceDraft(self, request: pb.AnnounceDraftRequest, context: Context) -> pb.AnnounceDraftResponse:
        """Tell those who watch that a draft is ready."""
        draft = DraftReady(
            parse_id("conversation_id", request.conversation_id), parse_id("response_id", request.response_id)
        )
        await self._store.announce_draft(current_account(), draft)
        return pb.AnnounceDraftResponse()

    async def ReadHistory(
        self, request: pb.ReadHistoryRequest, context: Context
    ) -> AsyncIterator[pb.ReadHistoryResponse]:
        """The history of the conversations that may be trained on."""
        only = [UUID(one) for one in request.conversation_ids]
        count = 0
        history = read_history(self._store, current_account(), only, optional_time(request, "since"))
        async for conversation, page in history:
            count += len(page.messages)
            yield pb.ReadHistoryResponse(
                batch=pb.HistoryBatch(
                    conversation=conversation_view(conversation, page.names),
                    messages=[message_view(one, page.names) for one in page.messages],
                )
            )
        yield pb.ReadHistoryResponse(done=pb.HistoryDone(message_count=count))

    async def _changes(self) -> AsyncGenerator[pb.WatchConversationsResponse, None]:
        events = self._watching.events(current_account(), partial(self._gate.recheck, current()))
        async with aclosing(events):
            async for event in events:
                yield watch_view(event)


def _error_event(error: heartbeat_pb2.StreamError) -> pb.WatchConversationsResponse:
    return pb.WatchConversationsResponse(error=error)


def _id_of(
    request: pb.GetConversationRequest
    | pb.UpdateConversationRequest
    | pb.DeleteConversationRequest
    | pb.ListMessagesRequest,
) -> UUID:
    return parse_id("conversation_id", request.conversation_id)


def _optional_id(field: str, value: str) -> UUID | None:
    return parse_id(field, value) if value else None


def _only(page: Page) -> pb.Conversation:
    return conversation_view(page.conversations[0], page.names)


def _masked(request: pb.UpdateConversationRequest) -> list[str]:
    paths = list(request.update_mask.paths) or list(_SETTINGS)
    for path in paths:
        if path not in _SETTINGS:
            raise InvalidInput("update_mask", f"may name {', '.join(_SETTINGS)}")
    return paths


def _words(query: str) -> str:
    if "\0" in query or not query.strip():
        raise InvalidInput("query", "must contain a word")
    return query
