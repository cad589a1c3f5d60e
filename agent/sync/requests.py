"""Makes requests of what was read."""

from collections.abc import Callable, Iterable
from typing import Final

from assistant.sync.v1 import sync_pb2

from agent.chatdb.records import Chat, Message, Reading
from agent.wire import fill_conversation, fill_message

_CONVERSATIONS_PER_REQUEST: Final = 500
# The 250 KB of the contract, with room for the cursor. A server takes much more, and a message that is larger goes alone.
_BYTES_PER_REQUEST: Final = 245_000
_BESIDE_CONVERSATION: Final = 4


class Newness:
    """Tells which new rows are no news: messages that are older than the newest one by more than a while.

    iCloud fills a Mac with old messages in new rows, for months; a draft for one of them would help nobody.
    """

    def __init__(self, newest: int, tolerance_ns: int, now_ns: int) -> None:
        self._newest = newest
        self._tolerance = tolerance_ns
        self._now = now_ns

    def is_late(self, message: Message) -> bool:
        """Return whether the message appeared late; rows are asked about in the order in which they were written."""
        late = message.sent_at < self._newest - self._tolerance
        if message.sent_at <= self._now:  # a clock that went wrong once must not make all that follows look old
            self._newest = max(self._newest, message.sent_at)
        return late


def requests_of(
    reading: Reading, described: set[str], *, cursor: str = "", is_late: Callable[[Message], bool] | None = None
) -> list[sync_pb2.SyncMessagesRequest]:
    """Return stream messages: mostly one, more where a reading is too large for one.

    Chats come before the messages; those that are in `described` already are not described again. The cursor goes with the
    last one: it says that all of them have arrived. Whether a message is late is said besides its state hash: the same
    message looked at later is not late, and is still the same message.
    """
    filling = _Filling()
    for chat in reading.chats:
        if chat.guid not in described:
            described.add(chat.guid)
            filling.add_chat(chat)
    for message in reading.messages:
        filling.add_message(message, is_late=is_late is not None and is_late(message))
    filling.requests[-1].cursor = cursor
    return filling.requests


def requests_of_chats(chats: Iterable[Chat]) -> list[sync_pb2.SyncMessagesRequest]:
    """Return stream messages that only describe chats."""
    filling = _Filling()
    for chat in chats:
        filling.add_chat(chat)
    return [request for request in filling.requests if request.conversations]


def items_of(request: sync_pb2.SyncMessagesRequest) -> list[sync_pb2.SyncedConversation | sync_pb2.SyncedMessage]:
    """Return what a stream message holds, in order: each of it can be sent without what follows."""
    return [*request.conversations, *request.messages]


def request_with(
    items: Iterable[sync_pb2.SyncedConversation | sync_pb2.SyncedMessage], cursor: str
) -> sync_pb2.SyncMessagesRequest:
    """Return a stream message that holds these."""
    request = sync_pb2.SyncMessagesRequest(cursor=cursor)
    for item in items:
        if isinstance(item, sync_pb2.SyncedMessage):
            request.messages.append(item)
        else:
            request.conversations.append(item)
    return request


def halves_of(request: sync_pb2.SyncMessagesRequest) -> list[sync_pb2.SyncMessagesRequest]:
    """Return a stream message as two that say the same, the first of them without the cursor."""
    items = items_of(request)
    middle = len(items) // 2
    return [request_with(items[:middle], ""), request_with(items[middle:], request.cursor)]


class _Filling:
    """Stream messages that are filled one after another, in order, each up to its size."""

    def __init__(self) -> None:
        self._request = sync_pb2.SyncMessagesRequest()
        self._bytes = 0
        self.requests = [self._request]

    def add_chat(self, chat: Chat) -> None:
        """Describe a chat."""
        conversation = sync_pb2.SyncedConversation()
        fill_conversation(conversation, chat)
        size = conversation.ByteSize() + _BESIDE_CONVERSATION
        is_full = len(self._request.conversations) == _CONVERSATIONS_PER_REQUEST
        if is_full or (self._bytes and self._bytes + size > _BYTES_PER_REQUEST):
            self._begin_next()
        self._request.conversations.append(conversation)
        self._bytes += size

    def add_message(self, message: Message, *, is_late: bool) -> None:
        """Add a message. What it takes is known once it is there; it moves on in the rare case that it is too much."""
        target = self._request.messages.add()
        size = fill_message(target, message)
        if is_late:
            target.is_backfill = True
        if self._bytes and self._bytes + size > _BYTES_PER_REQUEST:
            del self._request.messages[-1]
            self._begin_next()
            self._request.messages.append(target)
        self._bytes += size

    def _begin_next(self) -> None:
        self._request = sync_pb2.SyncMessagesRequest()
        self._bytes = 0
        self.requests.append(self._request)
