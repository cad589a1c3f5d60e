"""Makes requests of what was read."""

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from assistant.sync.v1 import sync_pb2

from agent.chatdb.records import Chat, Message, Reading
from agent.wire import fill_conversation, fill_message

_CONVERSATIONS_PER_REQUEST: Final = 500


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


def request_of(
    reading: Reading, described: set[str], *, cursor: str = "", is_late: Callable[[Message], bool] | None = None
) -> sync_pb2.SyncMessagesRequest:
    """Return one stream message; chats that are in `described` already are not described again.

    Whether a message is late is said besides its state hash: the same message looked at later is not late, and is still the
    same message.
    """
    request = sync_pb2.SyncMessagesRequest(cursor=cursor)
    for chat in reading.chats:
        if chat.guid not in described:
            described.add(chat.guid)
            fill_conversation(request.conversations.add(), chat)
    add = request.messages.add
    for message in reading.messages:
        target = add()
        fill_message(target, message)
        if is_late is not None and is_late(message):
            target.is_backfill = True
    return request


def requests_of_chats(chats: Iterable[Chat]) -> Iterator[sync_pb2.SyncMessagesRequest]:
    """Yield stream messages that only describe chats."""
    request = sync_pb2.SyncMessagesRequest()
    for chat in chats:
        fill_conversation(request.conversations.add(), chat)
        if len(request.conversations) == _CONVERSATIONS_PER_REQUEST:
            yield request
            request = sync_pb2.SyncMessagesRequest()
    if request.conversations:
        yield request
