"""What rows of messages refer to: their chats, the people in them, the reactions on them, and who of all these may leave the Mac."""

import sqlite3
from collections.abc import Sequence
from pathlib import Path

from agent.chatdb.chats import Directory
from agent.chatdb.connection import lenient_text, readable_errors
from agent.chatdb.dates import unix_nanoseconds
from agent.chatdb.deletions import Deletions
from agent.chatdb.message_row import CHAT, DATE, GUID, HANDLE, OTHER_HANDLE, ROOM, ROWID, Row
from agent.chatdb.records import Chat, Extra, Message, Reaction
from agent.chatdb.rows import MessageRows
from agent.chatdb.schema import Schema
from agent.chatdb.tapbacks import TapbackIndex, find_tapbacks, standing, target_of
from agent.privacy import Privacy


class Surroundings:
    """Chats, handles, deletions and reactions, read again when rows name what has just been added."""

    def __init__(
        self,
        path: Path,
        connection: sqlite3.Connection,
        schema: Schema,
        rows: MessageRows,
        directory: Directory,
        deletions: Deletions,
        tapbacks: TapbackIndex,
        privacy: Privacy,
    ) -> None:
        self._path = path
        self._connection = connection
        self._schema = schema
        self._rows = rows
        self._directory = directory
        self._deletions = deletions
        self._tapbacks = tapbacks
        self._since = _earliest(privacy)
        self._strange: set[tuple[str, int]] = set()
        """Chats and handles that rows name and that are not there."""

    @property
    def all_may_leave(self) -> bool:
        """Whether no message has to stay because of its date or its people."""
        return self._since is None and not self._directory.excluded_handles

    def reload(self) -> None:
        """Read chats, handles and deletions again."""
        with readable_errors(self._path):
            self._directory.reload()
            self._deletions.reload()

    def learn(self, associated_guid: str) -> str:
        """Learn of a reaction; return the message that it is on."""
        self._tapbacks.add(associated_guid)
        return target_of(associated_guid)[1]

    def know_everybody(self, rows: Sequence[Row]) -> None:
        """Read chats and handles again when these rows name one that has just been added."""
        directory = self._directory
        chats = {row[CHAT] for row in rows} - directory.chats.keys() - directory.excluded_chats
        handles = {row[HANDLE] for row in rows} | {row[OTHER_HANDLE] for row in rows}
        strange = {("chat", chat) for chat in chats} | self._strange_handles(handles)
        strange -= self._strange | {("chat", None)}
        if strange:
            self._strange |= strange  # what is not there after this will not be there later
            self.reload()
        elif None in {row[CHAT] for row in rows}:
            self._deletions.reload()  # a message loses its chat when it is put into Recently Deleted, also just now

    def other_chat(self, row: Row) -> Chat | None:
        """Where a row goes whose chat is not known; None when it may not leave the Mac, or is in Recently Deleted."""
        if row[CHAT] in self._directory.excluded_chats or row[ROWID] in self._deletions.recent_rows:
            return None
        if row[CHAT] is not None:
            for _, chat in self._rows.chats_of([row[ROWID]]):
                if chat in self._directory.chats:
                    return self._directory.chats[chat]
        room = (row[ROOM] or "").replace("\0", "")  # as the directory has it
        return self._directory.orphans_chat(room, row[HANDLE] or 0)

    def in_excluded_chats(self, rows: Sequence[Row]) -> set[int]:
        """The rows that are in a chat that may not leave the Mac, be it one of two."""
        excluded = self._directory.excluded_chats
        if not excluded:
            return set()
        return {message for message, chat in self._rows.chats_of([row[ROWID] for row in rows]) if chat in excluded}

    def may_leave(self, row: Row) -> bool:
        """Whether the owner lets this message leave the Mac."""
        excluded = self._directory.excluded_handles
        if excluded and (row[HANDLE] in excluded or row[OTHER_HANDLE] in excluded):
            return False
        return self._since is None or (unix_nanoseconds(row[DATE]) or 0) >= self._since

    def without_excluded(self, message: Message, extra: Extra) -> Message:
        """The message without mentions of those whom the owner excluded."""
        if not extra.mentions or not self._directory.excluded_handles:
            return message
        mentions = tuple(one for one in extra.mentions if not self._directory.names_excluded(one.handle))
        return message._replace(extra=extra._replace(mentions=mentions))

    def reactions(self, rows: Sequence[Row]) -> dict[str, tuple[Reaction, ...]]:
        """The reactions that stand on these rows, by their GUIDs."""
        if self._schema.tapbacks is None:
            return {}
        asked = [row[GUID] for row in rows if self._tapbacks.may_have(row[GUID])]
        if not asked:
            return {}
        with readable_errors(self._path), lenient_text(self._connection):
            found = find_tapbacks(self._connection, self._schema.tapbacks, self._tapbacks, asked)
        self._know_handles({row.handle_id for rows_of in found.values() for row in rows_of})
        excluded, handles = self._directory.excluded_handles, self._directory.handles
        silent = {row[GUID]: self._only_other(row) for row in rows if row[GUID] in found}
        return {
            guid: standing(
                (row for row in rows_of if row.from_me or row.handle_id not in excluded), handles, silent.get(guid, "")
            )
            for guid, rows_of in found.items()
        }

    def _know_handles(self, handles: set[int]) -> None:
        """Read handles again when one of these has just been added."""
        if strange := self._strange_handles(handles) - self._strange:
            self._strange |= strange
            self.reload()

    def _strange_handles(self, handles: set[int]) -> set[tuple[str, int]]:
        return {("handle", handle) for handle in handles - self._directory.handles.keys() if handle}

    def _only_other(self, row: Row) -> str:
        """Who reacts where the row does not say: in a one-to-one chat there is only one; elsewhere nobody knows."""
        chat = self._directory.chats.get(row[CHAT])
        return "" if chat is None or chat.is_group else chat.identifier


def _earliest(privacy: Privacy) -> int | None:
    since = privacy.since
    return None if since is None else int(since.timestamp()) * 1_000_000_000
