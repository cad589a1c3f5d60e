"""Conversations, and what is told of them, in the contract's words."""

from __future__ import annotations

from assistant.common.v1 import heartbeat_pb2
from assistant.sync.v1 import conversations_pb2 as pb

from sync_svc.api.message_views import message_view
from sync_svc.api.times import stamp
from sync_svc.domain.changes import DraftReady
from sync_svc.domain.conversations import Chat, Conversation, Settings
from sync_svc.domain.handles import AddressBook
from sync_svc.domain.watching import ConversationChanged, ConversationDeleted, Heartbeat, WatchEvent


def conversation_view(conversation: Conversation, names: AddressBook) -> pb.Conversation:
    """A conversation with the names of its people."""
    view = pb.Conversation(
        conversation_id=str(conversation.id),
        imessage_id=conversation.imessage_id,
        display_name=conversation_name(conversation, names),
        is_group=conversation.is_group,
        participants=[pb.Participant(handle=one, display_name=names.name_of(one)) for one in conversation.participants],
        last_message_at=stamp(conversation.last_message_at),
        message_count=conversation.message_count,
        needs_reply=conversation.needs_reply,
        settings=_settings(conversation.settings),
        is_self=conversation.is_self,
        service=conversation.service,
        chats=[_chat(chat) for chat in conversation.chats],
        is_orphaned=conversation.is_orphaned,
        is_filtered=conversation.is_filtered,
        is_short_code=conversation.is_short_code,
    )
    last_message = conversation.last_message
    if last_message is not None:
        view.last_message.CopyFrom(message_view(last_message, names))
    return view


def watch_view(event: WatchEvent) -> pb.WatchConversationsResponse:
    """Something that those who watch are told."""
    match event:
        case ConversationChanged(conversation, names):
            return pb.WatchConversationsResponse(conversation_changed=conversation_view(conversation, names))
        case ConversationDeleted(conversation_id):
            deleted = pb.ConversationDeleted(conversation_id=str(conversation_id))
            return pb.WatchConversationsResponse(conversation_deleted=deleted)
        case DraftReady(conversation_id, response_id):
            ready = pb.DraftReady(conversation_id=str(conversation_id), response_id=str(response_id))
            return pb.WatchConversationsResponse(draft_ready=ready)
        case Heartbeat():
            return pb.WatchConversationsResponse(heartbeat=heartbeat_pb2.Heartbeat())


def conversation_name(conversation: Conversation, names: AddressBook) -> str:
    """The name to show."""
    return names.conversation_name(
        conversation.display_name,
        conversation.participants,
        conversation.imessage_id,
        is_group=conversation.is_group,
    )


def _chat(chat: Chat) -> pb.Chat:
    return pb.Chat(
        chat_id=str(chat.id), imessage_id=chat.imessage_id, service=chat.service, message_count=chat.message_count
    )


def _settings(settings: Settings) -> pb.ConversationSettings:
    return pb.ConversationSettings(
        auto_draft=settings.auto_draft, train=settings.train, tone=settings.tone, relation=settings.relation
    )
