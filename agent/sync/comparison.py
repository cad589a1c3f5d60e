"""Compares the database with the server by digests, and mends what differs: whatever was missed is found here."""

import asyncio
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Final, NamedTuple

from assistant.sync.v1 import sync_pb2

from agent.chatdb.reader import MessagesReader
from agent.chatdb.records import Message, Reading
from agent.client import ServerClient
from agent.errors import DataRefused, ServerAway
from agent.reporting import Reporter, Summary
from agent.sync.delivery import Delivery, summary_of
from agent.sync.limits import SyncLimits
from agent.sync.requests import requests_of
from agent.sync.retry_policy import RetryPolicy
from agent.wire import message_hash

_MINUTE_NS: Final = 60_000_000_000
_MICROSECOND_NS: Final = 1_000
_DELETED_AT_ONCE: Final = 5_000


class Digest(NamedTuple):
    """How many messages there are, and all their state hashes, combined by exclusive or."""

    messages: int = 0
    hash: int = 0


@dataclass
class Comparison:
    """Comparisons of one process. What could not be made equal is remembered, and not looked at again until it changes."""

    client: ServerClient
    delivery: Delivery
    retry_policy: RetryPolicy
    reporter: Reporter
    limits: SyncLimits
    _accepted: dict[str, tuple[Digest, Digest]] = field(default_factory=dict)
    """Differences by chat that have to stay: messages of another Mac, or of a database that was here before."""

    async def run(
        self,
        reader: MessagesReader,
        up_to: int,
        since: int | None = None,
        stored: Sequence[sync_pb2.ConversationDigest] | None = None,
        held: Iterable[int] = (),
    ) -> Summary:
        """Make the server's copy equal to all rows up to `up_to`, or to those with a date from `since` on, but not the held.

        `stored` is what the server has, where that is known already. The server's messages that this Mac lacks are deleted
        only if the database says that they were deleted. Raises ServerAway after the last try; doing it again then is safe.
        """
        compared = _Compared(reader, up_to, since, frozenset(held))
        if stored is None:
            stored = await self.retry_policy.run(lambda: self.client.digests(since))
        compared.learn_deletions(stored)
        found = await self._scan(compared)
        there = {one.conversation_id: Digest(one.message_count, one.hash) for one in stored}
        differing = {
            chat: (there.get(chat, Digest()), found.get(chat, Digest()))
            for chat in there.keys() | found.keys()
            if there.get(chat, Digest()) != found.get(chat, Digest())
        }
        summary = Summary()
        for chats in self._grouped(
            {chat: pair for chat, pair in differing.items() if self._accepted.get(chat) != pair}
        ):
            summary += await self._mend(compared, chats)
        if since is None and differing:
            await self._accept(differing)
        return summary

    async def _scan(self, compared: "_Compared") -> dict[str, Digest]:
        """The digests of what is here."""
        counts: dict[str, int] = {}
        hashes: dict[str, int] = {}
        for reading in compared.readings():
            for message in reading.messages:
                if compared.counts(message):
                    counts[message.chat_guid] = counts.get(message.chat_guid, 0) + 1
                    hashes[message.chat_guid] = hashes.get(message.chat_guid, 0) ^ message_hash(message)
            self.reporter.checking(reading.last_rowid, compared.up_to)
            await asyncio.sleep(0)
        return {chat: Digest(count, hashes[chat]) for chat, count in counts.items()}

    def _grouped(self, differing: dict[str, tuple[Digest, Digest]]) -> Iterator[set[str]]:
        """Chats in groups whose states fit into memory together."""
        group: set[str] = set()
        size = 0
        for chat, (there, _) in sorted(differing.items()):
            if group and size + there.messages > self.limits.compared_states:
                yield group
                group, size = set(), 0
            group.add(chat)
            size += there.messages
        if group:
            yield group

    async def _mend(self, compared: "_Compared", chats: set[str]) -> Summary:
        failures = 0
        is_refused = False
        while True:
            try:
                return await self._mend_once(compared, chats, one_by_one=is_refused)
            except DataRefused:
                if is_refused:
                    raise
                is_refused = True
            except ServerAway as error:
                # From the beginning: the states say what of it has arrived.
                failures += 1
                await self.retry_policy.back_off(failures, error)

    async def _mend_once(self, compared: "_Compared", chats: set[str], *, one_by_one: bool) -> Summary:
        states: dict[str, int] = {}
        for chat in sorted(chats):
            states |= await self.client.states(chat, compared.since)
        missed = _Missed(compared, chats, states, int(self.limits.late_minutes * _MINUTE_NS))
        summary = Summary()
        requests = missed.requests()
        for first in requests:
            some = _some(chain([first], requests), self.limits)
            if one_by_one:
                summary += await self.delivery.one_by_one(some)
            else:
                summary += summary_of(await self.delivery.stream(some))
        return summary + await self._settle_rest(compared.reader, sorted(missed.only_there))

    async def _settle_rest(self, reader: MessagesReader, guids: list[str]) -> Summary:
        """Delete what the database says was deleted; keep the rest."""
        alive = reader.alive(guids)
        traced = sorted(reader.deletions.traced([guid for guid in guids if guid not in alive]) - alive)
        deleted = 0
        for start in range(0, len(traced), _DELETED_AT_ONCE):
            part = traced[start : start + _DELETED_AT_ONCE]
            deleted += await self.client.delete(part)
        return Summary(deleted=deleted, kept=len(guids) - len(traced))

    async def _accept(self, differing: dict[str, tuple[Digest, Digest]]) -> None:
        """Remember what still differs after it was mended."""
        stored = await self.retry_policy.run(lambda: self.client.digests(None))
        there = {one.conversation_id: Digest(one.message_count, one.hash) for one in stored}
        self._accepted = {chat: (there.get(chat, Digest()), found) for chat, (_, found) in differing.items()}


def _some(
    requests: Iterator[sync_pb2.SyncMessagesRequest], limits: SyncLimits
) -> Iterator[sync_pb2.SyncMessagesRequest]:
    """Yield as much of it as one stream takes."""
    deadline = time.monotonic() + limits.stream_seconds
    sent = 0
    for request in requests:
        yield request
        sent += len(request.messages)
        if sent >= limits.stream_messages or time.monotonic() >= deadline:
            return


class _Compared:
    """The part of the database that is compared."""

    def __init__(self, reader: MessagesReader, up_to: int, since: int | None, held: frozenset[int]) -> None:
        self.reader = reader
        self.up_to = up_to
        self.since = since
        self._held = held
        self._deleted_up_to: dict[str, int] = {}

    def learn_deletions(self, stored: Iterable[sync_pb2.ConversationDigest]) -> None:
        """Learn which conversations the owner deleted on the server, where they are to stay deleted."""
        self._deleted_up_to = {
            one.conversation_id: one.deleted_up_to.ToNanoseconds() for one in stored if one.HasField("deleted_up_to")
        }

    def readings(self) -> Iterator[Reading]:
        """All of it."""
        return self.reader.readings(self.since, self.up_to, self._held)

    def counts(self, message: Message) -> bool:
        """Whether the server would store the message."""
        deleted_up_to = self._deleted_up_to.get(message.chat_guid)
        if deleted_up_to is None:
            return True
        return message.sent_at // _MICROSECOND_NS * _MICROSECOND_NS > deleted_up_to  # the server counts microseconds


class _Missed:
    """What the server lacks, or has in another state."""

    def __init__(self, compared: _Compared, chats: set[str], states: dict[str, int], tolerance_ns: int) -> None:
        self._compared = compared
        self._chats = chats
        self._lacking: set[str] = set()
        self._late_before = compared.reader.newest_date(compared.up_to) - tolerance_ns
        self.only_there = states
        """GUIDs that the server has; once `requests` has run, those that were not found here."""

    def requests(self) -> Iterator[sync_pb2.SyncMessagesRequest]:
        """Yield what has to be sent."""
        described: set[str] = set()
        for reading in self._compared.readings():
            messages = [message for message in reading.messages if self._is_missed(message)]
            if messages:
                used = {message.chat_guid for message in messages}
                chats = [chat for chat in reading.chats if chat.guid in used]
                yield from requests_of(Reading(messages, chats), described, is_late=self._is_late)

    def _is_missed(self, message: Message) -> bool:
        if message.chat_guid not in self._chats or not self._compared.counts(message):
            return False
        stored = self.only_there.pop(message.guid, None)
        if stored is None:
            self._lacking.add(message.guid)
        return stored != message_hash(message)

    def _is_late(self, message: Message) -> bool:
        """A message that the server never had is no news when it is old; one that it has may be news or not."""
        return message.guid in self._lacking and message.sent_at < self._late_before
