"""Makes requests of what was read."""

from collections.abc import Callable, Iterable
from typing import Final

from assistant.sync.v1 import sync_pb2

from agent.chatdb.records import Chat, Message, Reading
from agent.wire import fill_conversation, fill_message

_CONVERSATIONS_PER_REQUEST: Final = 500  # the contract's limit
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
    request = sync_pb2.SyncMessagesRequest()
    sizes: list[int] = []
    for chat in reading.chats:
        if chat.guid not in described:
            described.add(chat.guid)
            sizes.append(_describe(request, chat))
    add, learn_size = request.messages.add, sizes.append
    for message in reading.messages:
        target = add()
        learn_size(fill_message(target, message))
        if is_late is not None and is_late(message):
            target.is_backfill = True
    requests = _parts_of(request, sizes)
    requests[-1].cursor = cursor
    return requests


def requests_of_chats(chats: Iterable[Chat]) -> list[sync_pb2.SyncMessagesRequest]:
    """Return stream messages that only describe chats; none for none."""
    request = sync_pb2.SyncMessagesRequest()
    sizes = [_describe(request, chat) for chat in chats]
    return _parts_of(request, sizes) if sizes else []


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


def _describe(request: sync_pb2.SyncMessagesRequest, chat: Chat) -> int:
    """Add the description of a chat; return about how many bytes it takes."""
    conversation = request.conversations.add()
    fill_conversation(conversation, chat)
    return conversation.ByteSize() + _BESIDE_CONVERSATION


def _parts_of(request: sync_pb2.SyncMessagesRequest, sizes: list[int]) -> list[sync_pb2.SyncMessagesRequest]:
    """Return a stream message as one that is small enough, and mostly is at once, or as several, in order."""
    if sum(sizes) <= _BYTES_PER_REQUEST and len(request.conversations) <= _CONVERSATIONS_PER_REQUEST:
        return [request]
    parts: list[list[sync_pb2.SyncedConversation | sync_pb2.SyncedMessage]] = [[]]
    size = 0
    for item, its_size in zip(items_of(request), sizes, strict=True):
        if parts[-1] and (size + its_size > _BYTES_PER_REQUEST or len(parts[-1]) == _CONVERSATIONS_PER_REQUEST):
            parts.append([])
            size = 0
        parts[-1].append(item)
        size += its_size
    return [request_with(part, "") for part in parts]
