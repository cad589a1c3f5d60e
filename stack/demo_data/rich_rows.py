"""What Messages writes besides a text: photos, edits, replies, reactions."""

import sqlite3
from typing import Final

from stack.demo_data.chat_db import INSERT_JOIN, INSERT_MESSAGE, message_values, stable_guid
from stack.demo_data.summary_info import edited_info
from stack.demo_data.typedstream_writer import attributed_body

_KINDS: Final = {"love": 2000, "like": 2001, "dislike": 2002, "laugh": 2003, "emphasize": 2004, "question": 2005}
_EMOJI: Final = 2006
_WORDS: Final = {"love": "Loved", "like": "Liked", "laugh": "Laughed at", "emphasize": "Emphasised"}
_SECOND: Final = 1_000_000_000
_FILE: Final = "__kIMFileTransferGUIDAttributeName"
_PHOTO_BYTES: Final = 2_345_678


def add_photo(connection: sqlite3.Connection, message_id: int, guid: str, name: str, text: str) -> None:
    """Put a photo before the message's text."""
    body = attributed_body("\ufffc" + text, runs=[(1, {_FILE: guid}), (len(text), {})])
    connection.execute(
        "UPDATE message SET text = NULL, attributedBody = ?, cache_has_attachments = 1, part_count = 2 WHERE ROWID = ?",
        (body, message_id),
    )
    attachment_id = connection.execute(
        "INSERT INTO attachment (guid, original_guid, filename, transfer_name, mime_type, uti, total_bytes, transfer_state)"
        " VALUES (?, ?, ?, ?, 'image/heic', 'public.heic', ?, 5)",
        (guid, guid, f"~/Library/Messages/Attachments/{guid[:2]}/{name}", name, _PHOTO_BYTES),
    ).lastrowid
    connection.execute("INSERT INTO message_attachment_join VALUES (?, ?)", (message_id, attachment_id))


def edit(connection: sqlite3.Connection, message_id: int, before: str, after: str, date: int) -> None:
    """Make the text the second version of the message; `date` is when the first one was sent."""
    edited = date + 20 * _SECOND
    info = edited_info({0: [(before, date / _SECOND), (after, edited / _SECOND)]})
    connection.execute(
        "UPDATE message SET text = NULL, attributedBody = ?, date_edited = ?, message_summary_info = ? WHERE ROWID = ?",
        (attributed_body(after), edited, info, message_id),
    )


def reply(connection: sqlite3.Connection, message_id: int, to_guid: str) -> None:
    """Make the message a reply."""
    connection.execute(
        "UPDATE message SET thread_originator_guid = ?, thread_originator_part = '0:0:1' WHERE ROWID = ?",
        (to_guid, message_id),
    )


def react(connection: sqlite3.Connection, chat_id: int, guid: str, kind: str, handle_id: int, date: int) -> None:
    """Put a reaction on a message; `handle_id` is 0 for the owner."""
    values = message_values(
        guid=stable_guid(guid, "reaction", handle_id),
        text=f"{_WORDS.get(kind, 'Reacted to')} a message",
        body=None,
        handle_id=handle_id,
        service="iMessage",
        date=date + 40 * _SECOND,
        from_me=handle_id == 0,
        room=None,
    )
    rowid = connection.execute(INSERT_MESSAGE, values).lastrowid
    connection.execute(INSERT_JOIN, (chat_id, rowid, date + 40 * _SECOND))
    connection.execute(
        "UPDATE message SET associated_message_guid = ?, associated_message_type = ?, associated_message_emoji = ?"
        " WHERE ROWID = ?",
        (f"p:0/{guid}", _KINDS.get(kind, _EMOJI), None if kind in _KINDS else kind, rowid),
    )
