"""Reads the chats, their participants and the handles: small tables, kept in memory during a pass."""

import sqlite3
from typing import Final

from agent.chatdb.connection import lenient_text
from agent.chatdb.records import Chat, Contact
from agent.chatdb.schema import Schema

_GROUP_STYLE: Final = 43
_GROUP_MARK: Final = ";+;"
_ACCOUNT_PREFIXES: Final = ("E:", "P:")
_MAX_GUID: Final = 300  # the contract's limit
_ROWID: Final = 0
_GUID: Final = 1


class Directory:
    """Who and what the numbers in a message row stand for."""

    def __init__(self, connection: sqlite3.Connection, schema: Schema) -> None:
        self._connection = connection
        self._schema = schema
        self.chats: dict[int, Chat] = {}
        self.handles: dict[int, str] = {}
        self.reload()

    def reload(self) -> None:
        """Read everything again: rows that just arrived may name chats and handles that did too."""
        with lenient_text(self._connection):
            self.handles = dict(self._connection.execute(self._schema.handles))
            pairs = self._connection.execute(self._schema.participants).fetchall()
            rows = self._connection.execute(self._schema.chats).fetchall()
        participants: dict[int, list[str]] = {}
        for chat_id, handle in pairs:
            participants.setdefault(chat_id, []).append(handle)
        own = _own_handles(rows)
        self.chats = {
            row[_ROWID]: _chat(row, participants.get(row[_ROWID], []), own)
            for row in rows
            if 0 < len(row[_GUID]) <= _MAX_GUID
        }

    def contacts(self) -> list[Contact]:
        """People by the name of their one-to-one chat.

        Messages itself keeps people's names in the address book, and names such a chat only rarely.
        """
        named = {
            chat.identifier: Contact(chat.identifier, chat.display_name)
            for chat in self.chats.values()
            if chat.display_name and chat.identifier and not chat.is_group
        }
        return [named[handle] for handle in sorted(named)]


def _chat(row: tuple[object, ...], participants: list[str], own: set[str]) -> Chat:
    _, guid, style, identifier, service, display_name, _, _ = row
    # The guid's prefix must not be asked for the service: newer systems write `any;-;` for all of them.
    is_group = style == _GROUP_STYLE or _GROUP_MARK in str(guid)
    return Chat(
        guid=str(guid),
        display_name=str(display_name or ""),
        is_group=is_group,
        is_self=not is_group and identifier in own,
        service=str(service or ""),
        identifier=str(identifier or ""),
        participants=tuple(dict.fromkeys(participants)),
    )


def _own_handles(rows: list[tuple[object, ...]]) -> set[str]:
    """The addresses that are the owner's own: a chat with one of them is a note to self."""
    own = set()
    for *_, account_login, last_addressed in rows:
        login = str(account_login or "")
        own.add(login[2:] if login.startswith(_ACCOUNT_PREFIXES) else login)
        own.add(str(last_addressed or ""))
    return own - {""}
