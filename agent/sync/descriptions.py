"""Tells the server who people are and how chats look, whenever that changed."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from assistant.sync.v1 import sync_pb2

from agent.chatdb.reader import MessagesReader
from agent.chatdb.records import Chat
from agent.client import ServerClient
from agent.reporting import Summary
from agent.sync.delivery import Delivery
from agent.sync.progress import Progress
from agent.sync.requests import requests_of_chats
from agent.sync.retry_policy import RetryPolicy
from agent.wire import contacts_of, digest_of, fill_conversation

_IN_PART: Final = "+"


class Descriptions:
    """A renamed group or a new name in the address book changes no message, so both are looked at in every pass."""

    def __init__(self, client: ServerClient, retry_policy: RetryPolicy, delivery: Delivery) -> None:
        self._client = client
        self._retry_policy = retry_policy
        self._delivery = delivery
        self._known: dict[str, sync_pb2.SyncedConversation] = {}

    def forget(self) -> None:
        """Know nothing of what the server was told before: it may come from a backup."""
        self._known = {}

    async def send_contacts(self, reader: MessagesReader, progress: Progress, *, is_whole: bool) -> None:
        """Send the people if any of them changed. Raises ServerAway after the last try.

        Of an address book that could not be read as a whole (`is_whole`) nobody is taken for forgotten.
        """
        contacts = contacts_of(reader.contacts())
        digest = digest_of(contacts) + ("" if is_whole else _IN_PART)
        if digest != progress.cursor.contacts:
            await self._retry_policy.run(lambda: self._client.send_contacts(contacts, is_complete=is_whole))
            progress.cursor = replace(progress.cursor, contacts=digest)

    async def send_chats(self, reader: MessagesReader, progress: Progress) -> Summary:
        """Send the chats that changed; all of them when it is not known which. Raises ServerAway after the last try."""
        summary = Summary()
        chats = reader.chats()
        described = _described(chats)
        digest = digest_of(described.values())
        if digest != progress.cursor.chats:
            changed = [chat for chat in chats if self._known.get(chat.guid) != described[chat.guid]]
            summary = await self._delivery.send(requests_of_chats(changed))
            progress.cursor = replace(progress.cursor, chats=digest)
        self._known = described
        return summary


def _described(chats: Iterable[Chat]) -> dict[str, sync_pb2.SyncedConversation]:
    described = {}
    for chat in chats:
        described[chat.guid] = target = sync_pb2.SyncedConversation()
        fill_conversation(target, chat)
    return described
