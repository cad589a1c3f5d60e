"""Reads the chats, their participants and the handles: small tables, kept in memory during a pass."""

import sqlite3
from collections import Counter
from typing import Any, Final, NamedTuple

from agent.chatdb.connection import lenient_text
from agent.chatdb.exclusion import Exclusion
from agent.chatdb.merging import MergeKeys
from agent.chatdb.records import Chat
from agent.chatdb.schema import Schema
from agent.contacts.address_book import Card
from agent.contacts.addresses import is_short_code, region_of
from agent.contacts.people import Contact, People, named_by_chats
from agent.privacy import Privacy

_GROUP_STYLE: Final = 43
_GROUP_MARK: Final = ";+;"
_ACCOUNT_PREFIXES: Final = ("E:", "P:")
_MAX_GUID: Final = 300  # the contract's limit
_FILTERED: Final = {1, 2}  # unknown sender; junk on newer systems

ORPHANED: Final = Chat(guid="orphaned", display_name="Messages without a conversation", is_group=True, is_orphaned=True)
"""Where messages go that belong to no chat."""


class ChatRow(NamedTuple):
    """A row of `chat`, in the order of `Schema.chats`."""

    rowid: int
    guid: str
    style: int
    identifier: str | None
    service: str | None
    display_name: str | None
    account_login: str | None
    last_addressed: str | None
    group_id: str | None
    original_group_id: str | None
    room_name: str | None
    is_filtered: int
    is_blackholed: int
    is_used: int

    @property
    def is_group(self) -> bool:
        """Whether the chat has several people, by its style or by the mark `;+;` in its guid."""
        # The guid's prefix must not be asked for the service: newer systems write `any;-;` for all of them.
        return self.style == _GROUP_STYLE or _GROUP_MARK in self.guid


class Directory:
    """Who and what the numbers in a message row stand for, as far as the owner lets it leave the Mac."""

    def __init__(
        self, connection: sqlite3.Connection, schema: Schema, privacy: Privacy, cards: tuple[Card, ...] = ()
    ) -> None:
        self._connection = connection
        self._schema = schema
        self._privacy = privacy
        self._cards = cards
        self.chats: dict[int, Chat] = {}
        self.used: list[Chat] = []
        """The chats that have messages; Messages keeps empty ones for years."""
        self.rooms: dict[str, Chat] = {}
        self.handles: dict[int, str] = {}
        self.excluded_handles: set[int] = set()
        self.excluded_chats: set[int] = set()
        self._people = People()
        self._exclusion = Exclusion(privacy, self._people, ())
        self._named: dict[str, str] = {}

    def reload(self) -> None:
        """Read everything again: rows that just arrived may name chats and handles that did too."""
        with lenient_text(self._connection):
            handles = self._connection.execute(self._schema.handles).fetchall()
            pairs = self._connection.execute(self._schema.participants).fetchall()
            rows = [ChatRow(*row) for row in self._connection.execute(self._schema.chats)]
            lookups = self._connection.execute(self._schema.lookups).fetchall() if self._schema.lookups else []
            own = self._own_addresses(rows)
        self.handles = {row[0]: row[1] for row in handles}
        self._people = self._know_people(handles, own)
        self._exclusion = Exclusion(self._privacy, self._people, self.handles.values())
        self.excluded_handles = {row[0] for row in handles if self._exclusion.person(row[1])}
        participants: dict[int, list[str]] = {}
        for chat_id, handle in pairs:
            participants.setdefault(chat_id, []).append(handle)
        uncanonical = {row[1]: row[3] for row in handles if row[3]}
        keys = MergeKeys(self._people, participants, rows, lookups)
        self._set_chats(rows, participants, {self._people.address(one) for one in own}, uncanonical, keys)

    def contacts(self) -> list[Contact]:
        """People in the owner's chats, by name, in a stable order."""
        handles = {handle for chat in self.chats.values() for handle in chat.participants}
        handles |= {chat.identifier for chat in self.chats.values() if not chat.is_group}
        known = self._people.contacts(handle for handle in handles if handle)
        told = {self._people.address(handle) for contact in known for handle in contact.handles}
        named = {handle: name for handle, name in self._named.items() if self._people.address(handle) not in told}
        return [*known, *named_by_chats(named)]

    def orphans_chat(self, room: str | None, handle_id: int) -> Chat | None:
        """Return where a message without a chat goes; None when it might be one that must not leave the Mac.

        It goes to the group whose room it names, and else with all others of its kind: putting it to the chat with its
        sender could show a group's message there.
        """
        if self._exclusion.orphan(room, self.handles.get(handle_id, "")):
            return None
        return self.rooms.get(room, ORPHANED) if room else ORPHANED

    def names_excluded(self, handle: str) -> bool:
        """Return whether the handle is one of a person whom the owner excluded, by whichever address."""
        return self._exclusion.person(handle)

    def _set_chats(
        self,
        rows: list[ChatRow],
        participants: dict[int, list[str]],
        own: set[str],
        uncanonical: dict[str, str],
        keys: MergeKeys,
    ) -> None:
        self.chats, self.used, self.rooms, self._named = {}, [], {}, {}
        self.excluded_chats = set()
        for row in rows:
            members = participants.get(row.rowid, [])
            if self._exclusion.chat((row.guid, row.identifier, row.room_name), members, is_group=row.is_group):
                self.excluded_chats.add(row.rowid)
                continue
            if not 0 < len(row.guid) <= _MAX_GUID:
                continue
            chat = self._chat(row, members, own, uncanonical, keys)
            self.chats[row.rowid] = chat
            if row.is_used:
                self.used.append(chat)
            if row.room_name:
                self.rooms.setdefault(row.room_name, chat)
            if row.display_name and row.identifier and not row.is_group:
                self._named[row.identifier] = row.display_name

    def _chat(
        self, row: ChatRow, participants: list[str], own: set[str], uncanonical: dict[str, str], keys: MergeKeys
    ) -> Chat:
        identifier = row.identifier or ""
        is_self = not row.is_group and self._people.address(identifier) in own
        return Chat(
            guid=row.guid,
            display_name=row.display_name or "",
            is_group=row.is_group,
            is_self=is_self,
            service=row.service or "",
            identifier=identifier,
            participants=tuple(dict.fromkeys(one for one in participants if not self.names_excluded(one))),
            merge_key="self" if is_self else keys.key_of(row.rowid),
            is_filtered=row.is_filtered in _FILTERED or bool(row.is_blackholed),
            is_short_code=not row.is_group
            and (is_short_code(identifier) or is_short_code(uncanonical.get(identifier, ""))),
        )

    def _know_people(self, handles: list[tuple[Any, ...]], own: set[str]) -> People:
        people = People(self._cards, _region(handles, own))
        by_person: dict[str, list[str]] = {}
        for _, handle, _, _, person in handles:
            if person:
                by_person.setdefault(person, []).append(handle)
        for same in by_person.values():
            people.same(same)
        return people

    def _own_addresses(self, rows: list[ChatRow]) -> set[str]:
        """The addresses that are the owner's own: a chat with one of them is a note to self."""
        own = {address for row in rows for address in (row.account_login, row.last_addressed)}
        if self._schema.own_addresses:
            own |= {address for row in self._connection.execute(self._schema.own_addresses) for address in row}
        return {_plain(address) for address in own if address and _plain(address)}


def _plain(address: str) -> str:
    """The address of an account, which is written as `E:mail` or `P:+number`."""
    return address[2:] if address.startswith(_ACCOUNT_PREFIXES) else address


def _region(handles: list[tuple[Any, ...]], own: set[str]) -> str | None:
    """Where numbers without a country code belong: to the owner's country, else to that of most handles."""
    for address in sorted(own):
        if region := region_of(address):
            return region
    countries = Counter(row[2].upper() for row in handles if isinstance(row[2], str) and len(row[2]) == 2)
    return countries.most_common(1)[0][0] if countries else None
