"""A Messages database that a test fills and changes as Messages does."""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from uuid import UUID

from stack.demo_data.summary_info import edited_info, unsent_info
from stack.demo_data.typedstream_writer import attributed_body
from tests.chatdb_builder.schema import MacOS, create

ANA = "+12025550150"
BEN = "ben@example.com"
CLEO = "+12025550151"
OWN_PHONE = "+12025550100"
OWN_MAIL = "maya@example.com"

DATE = 770_000_000_000_000_000
"""May 2025, in nanoseconds since 2001; the first message is a second later, the next another second later."""
SECOND = 1_000_000_000

TAPBACKS = {
    "love": 2000,
    "like": 2001,
    "dislike": 2002,
    "laugh": 2003,
    "emphasize": 2004,
    "question": 2005,
    "sticker": 2007,
}
_EMOJI = 2006
_REMOVAL = 1000


@dataclass(frozen=True, slots=True)
class Sent:
    """A row of `message`."""

    rowid: int
    guid: str


class ChatDb:
    """Holds a connection as Messages does, so that what is new stays in the write-ahead log."""

    def __init__(self, path: Path, version: MacOS = MacOS.SEQUOIA, *, encoding: str = "UTF-8", seed: int = 0) -> None:
        self.path = path
        self.version = version
        create(path, version, encoding)
        self.connection = self._connect()
        self._seed = seed
        self._count = 0
        self._lost: dict[str, tuple[dict[str, Any], list[int], list[int]]] = {}
        self.clock = DATE
        """The date of the last message; each new one is a second later."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self.connection.close()

    # --- people and chats ---------------------------------------------------------------------------------------------

    def handle(self, address: str, service: str = "iMessage", **columns: Any) -> int:
        """The number of an address, which is made when it is new."""
        found = self.connection.execute(
            "SELECT ROWID FROM handle WHERE id = ? AND service = ?", (address, service)
        ).fetchone()
        return int(found[0]) if found else self.insert("handle", id=address, service=service, **columns)

    def direct(self, address: str, service: str = "iMessage", **columns: Any) -> int:
        """Make a one-to-one chat."""
        known = {
            "guid": f"{service};-;{address}",
            "style": 45,
            "chat_identifier": address,
            "service_name": service,
            "account_login": f"E:{OWN_MAIL}",
            "last_addressed_handle": OWN_PHONE,
            "group_id": self.guid(),
        }
        chat = self.insert("chat", **known | columns)
        self._join_people(chat, [address], service)
        return chat

    def group(self, *addresses: str, name: str | None = None, service: str = "iMessage", **columns: Any) -> int:
        """Make a group."""
        room = f"chat{7_000_000_000_000 + UUID(self.guid()).int % 10**12}"
        known = {
            "guid": f"{service};+;{room}",
            "style": 43,
            "chat_identifier": room,
            "room_name": room,
            "service_name": service,
            "display_name": name,
            "account_login": f"E:{OWN_MAIL}",
            "group_id": self.guid(),
        }
        chat = self.insert("chat", **known | columns)
        self._join_people(chat, addresses, service)
        return chat

    # --- messages -----------------------------------------------------------------------------------------------------

    def message(self, chat: int | None, text: str | None = None, *, sender: str | None = None, **columns: Any) -> Sent:
        """Add a message to a chat, or to none: the owner's own unless `sender` names somebody."""
        self.clock += SECOND
        known: dict[str, Any] = {
            "guid": self.guid(),
            "text": text,
            "date": self.clock,
            "service": "iMessage",
            "handle_id": self.handle(sender) if sender else 0,
            "is_from_me": int(sender is None),
            "is_sent": int(sender is None),
            "destination_caller_id": OWN_PHONE,
        }
        row = known | columns
        rowid = self.insert("message", **row)
        if chat is not None:
            self.join(chat, rowid)
        return Sent(rowid, row["guid"])

    def rich(self, chat: int | None, text: str, *, sender: str | None = None, runs: Any = None, **columns: Any) -> Sent:
        """Add a message whose text is in attributedBody alone, as on current systems."""
        body = attributed_body(text) if runs is None else attributed_body(text, runs=runs)
        return self.message(chat, None, sender=sender, attributedBody=body, **columns)

    def join(self, chat: int, rowid: int) -> None:
        """Put a message into a chat."""
        date = self.connection.execute("SELECT date FROM message WHERE ROWID = ?", (rowid,)).fetchone()[0]
        self.insert("chat_message_join", chat_id=chat, message_id=rowid, message_date=date)

    def update(self, guid: str, **columns: Any) -> None:
        """Change columns of a message."""
        sets = ", ".join(f"{name} = ?" for name in columns)
        self.connection.execute(f"UPDATE message SET {sets} WHERE guid = ?", (*columns.values(), guid))  # noqa: S608

    def edit(self, guid: str, versions: Sequence[tuple[str, float]]) -> None:
        """Edit a message: all its texts with their times in seconds since 2001, the first one as it was sent."""
        last, at = versions[-1]
        self.update(
            guid,
            text=None,
            attributedBody=attributed_body(last),
            date_edited=int(at * SECOND),
            message_summary_info=edited_info({0: versions}),
        )

    def unsend(self, guid: str, *, at: int | None = None) -> None:
        """Unsend a message as a whole."""
        self.update(
            guid,
            text=None,
            attributedBody=None,
            date_edited=at or self.clock,
            message_summary_info=unsent_info(parts=1, unsent=[0]),
        )

    def tapback(
        self, chat: int, on: str, kind: str, *, sender: str | None = None, part: int | None = 0, **columns: Any
    ) -> Sent:
        """Put a reaction on a message; what the same person had put there vanishes, as it does in Messages."""
        self._drop_reactions(on, sender, part)
        return self._reaction(chat, on, TAPBACKS.get(kind, _EMOJI), kind, sender, part, columns)

    def remove_tapback(self, chat: int, on: str, kind: str, *, sender: str | None = None, part: int | None = 0) -> Sent:
        """Take a reaction away, which is a row of its own."""
        self._drop_reactions(on, sender, part)
        return self._reaction(chat, on, TAPBACKS.get(kind, _EMOJI) + _REMOVAL, kind, sender, part, {})

    def attach(self, sent: Sent, **columns: Any) -> str:
        """Hang a file on a message; its GUID."""
        guid = columns.pop("guid", None) or self.guid()
        known = {
            "guid": guid,
            "original_guid": guid,
            "filename": "~/Library/Messages/Attachments/ab/IMG_0001.HEIC",
            "transfer_name": "IMG_0001.HEIC",
            "mime_type": "image/heic",
            "uti": "public.heic",
            "total_bytes": 1_234_567,
            "transfer_state": 5,
        }
        attachment = self.insert("attachment", **known | columns)
        self.insert("message_attachment_join", message_id=sent.rowid, attachment_id=attachment)
        return guid

    # --- deletions ----------------------------------------------------------------------------------------------------

    def delete(self, guid: str) -> None:
        """Delete a message for good."""
        (rowid,) = self.connection.execute("SELECT ROWID FROM message WHERE guid = ?", (guid,)).fetchone()
        with self.transaction():
            for table in ("chat_message_join", "message_attachment_join", "chat_recoverable_message_join"):
                self.connection.execute(f"DELETE FROM {table} WHERE message_id = ?", (rowid,))  # noqa: S608
            self.connection.execute("DELETE FROM message WHERE ROWID = ?", (rowid,))

    def put_into_recently_deleted(self, guid: str) -> None:
        """Delete a message as a person does on Ventura and later: for 30 days it can be taken back."""
        rowid, chat = self._place_of(guid)
        with self.transaction():
            self.insert("chat_recoverable_message_join", chat_id=chat, message_id=rowid, delete_date=self.clock)
            self.connection.execute("DELETE FROM chat_message_join WHERE message_id = ?", (rowid,))

    def take_back(self, guid: str) -> None:
        """Take a message out of Recently Deleted."""
        (rowid,) = self.connection.execute("SELECT ROWID FROM message WHERE guid = ?", (guid,)).fetchone()
        query = "DELETE FROM chat_recoverable_message_join WHERE message_id = ? RETURNING chat_id"
        with self.transaction():
            (chat,) = self.connection.execute(query, (rowid,)).fetchall()[0]
            self.join(chat, rowid)

    # --- the file -----------------------------------------------------------------------------------------------------

    def rotate_log(self) -> None:
        """Fold the write-ahead log back and make it anew, as Messages does when it is started again."""
        self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self.connection.close()
        self.connection = self._connect()

    def rebuild(self, *, without: Iterable[str] = ()) -> None:
        """Put a new database into the old one's place: the same messages in the order of their dates, numbered from 1 on, and
        no trace of what was deleted before. `without` names messages that iCloud has not brought back."""
        self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self.connection.close()
        old = self.path.with_name("before.db")
        self.path.replace(old)
        for suffix in ("-wal", "-shm"):
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)
        create(self.path, self.version, "UTF-8")
        self.connection = self._connect()
        self.connection.execute("ATTACH ? AS old", (str(old),))
        with self.transaction():
            self._copy_from_old(set(without))
            self._remember_lost(set(without))
        self.connection.execute("DETACH old")
        old.unlink()

    def bring_back(self, guid: str) -> Sent:
        """Add a message that `rebuild` had left out, with all that belongs to it, as a new row."""
        message, chats, files = self._lost.pop(guid)
        with self.transaction():
            sent = Sent(self.insert("message", **message), guid)
            for chat in chats:
                self.join(chat, sent.rowid)
            for file in files:
                self.insert("message_attachment_join", message_id=sent.rowid, attachment_id=file)
        return sent

    def transaction(self) -> "_Transaction":
        """Do several things at once, or none of them."""
        return _Transaction(self.connection)

    # --- rows ---------------------------------------------------------------------------------------------------------

    def insert(self, table: str, **columns: Any) -> int:
        """Insert a row; columns that this macOS does not have are left out. Returns its number."""
        present = {name for _, name, *_ in self.connection.execute(f"PRAGMA table_info({table})")}
        row = {name: value for name, value in columns.items() if name in present}
        names, marks = ", ".join(row), ", ".join("?" * len(row))
        rowid = self.connection.execute(
            f"INSERT INTO {table} ({names}) VALUES ({marks})",  # noqa: S608
            tuple(row.values()),
        ).lastrowid
        assert rowid is not None
        return rowid

    def guid(self) -> str:
        """A GUID that no other row has, the same in each run."""
        self._count += 1
        return str(UUID(int=(self._seed << 64) + self._count)).upper()

    def guids(self) -> set[str]:
        """All messages, reactions included."""
        return {guid for (guid,) in self.connection.execute("SELECT guid FROM message")}

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, isolation_level=None)
        connection.execute("PRAGMA synchronous = OFF")
        return connection

    def _join_people(self, chat: int, addresses: Iterable[str], service: str) -> None:
        for address in addresses:
            self.insert("chat_handle_join", chat_id=chat, handle_id=self.handle(address, service))

    def _place_of(self, guid: str) -> tuple[int, int]:
        query = (
            "SELECT m.ROWID, j.chat_id FROM message m JOIN chat_message_join j ON j.message_id = m.ROWID WHERE guid = ?"
        )
        rowid, chat = self.connection.execute(query, (guid,)).fetchone()
        return rowid, chat

    def _reaction(
        self,
        chat: int,
        on: str,
        number: int,
        kind: str,
        sender: str | None,
        part: int | None,
        columns: Mapping[str, Any],
    ) -> Sent:
        known = {
            "associated_message_guid": f"bp:{on}" if part is None else f"p:{part}/{on}",
            "associated_message_type": number,
            "associated_message_emoji": kind if kind not in TAPBACKS else None,
        }
        return self.message(chat, "Loved “what was said”", sender=sender, **known | dict(columns))

    def _drop_reactions(self, on: str, sender: str | None, part: int | None) -> None:
        target = f"bp:{on}" if part is None else f"p:{part}/{on}"
        handle = self.handle(sender) if sender else 0
        query = """
          SELECT guid FROM message WHERE associated_message_guid = ? AND associated_message_type BETWEEN 2000 AND 3999
            AND is_from_me = ? AND handle_id = ?"""
        for (guid,) in self.connection.execute(query, (target, int(sender is None), handle)).fetchall():
            self.delete(guid)

    def _remember_lost(self, guids: set[str]) -> None:
        run = self.connection.execute
        names = [name for _, name, *_ in run("PRAGMA table_info(message)")]
        for guid in guids:
            row = dict(zip(names, run("SELECT * FROM old.message WHERE guid = ?", (guid,)).fetchone(), strict=True))
            rowid = row.pop("ROWID")
            chats = [one for (one,) in run("SELECT chat_id FROM old.chat_message_join WHERE message_id = ?", (rowid,))]
            query = "SELECT attachment_id FROM old.message_attachment_join WHERE message_id = ?"
            self._lost[guid] = (row, chats, [one for (one,) in run(query, (rowid,))])

    def _copy_from_old(self, without: set[str]) -> None:
        run = self.connection.execute
        for table in ("handle", "chat", "chat_handle_join", "attachment"):
            run(f"INSERT INTO {table} SELECT * FROM old.{table}")  # noqa: S608
        columns = ", ".join(name for _, name, *_ in run("PRAGMA table_info(message)") if name != "ROWID")
        numbers = {}
        for rowid, guid in run("SELECT ROWID, guid FROM old.message ORDER BY date, ROWID").fetchall():
            if guid not in without:
                query = f"INSERT INTO message ({columns}) SELECT {columns} FROM old.message WHERE ROWID = ?"  # noqa: S608
                numbers[rowid] = run(query, (rowid,)).lastrowid
        for table in ("chat_message_join", "message_attachment_join", "chat_recoverable_message_join"):
            names = [name for _, name, *_ in run(f"PRAGMA table_info({table})")]
            place = names.index("message_id")
            for row in run(f"SELECT * FROM old.{table} ORDER BY rowid").fetchall():  # noqa: S608
                if row[place] in numbers:
                    values = (*row[:place], numbers[row[place]], *row[place + 1 :])
                    run(f"INSERT INTO {table} VALUES ({','.join('?' * len(values))})", values)  # noqa: S608


class _Transaction:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def __enter__(self) -> None:
        self._connection.execute("BEGIN IMMEDIATE")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.execute("COMMIT" if kind is None else "ROLLBACK")
