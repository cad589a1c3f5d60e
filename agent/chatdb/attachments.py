"""What is known of the files that hang on messages. The files themselves are never opened."""

import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath
from typing import Any, Final

from agent.chatdb.in_lists import in_lists
from agent.chatdb.property_list import read_property_list
from agent.chatdb.records import Attachment, Kind

MAX_ATTACHMENTS: Final = 100
_MAX_GUID: Final = 200
_MAX_NAME: Final = 500
_MAX_TYPE: Final = 200
_MAX_TRANSCRIPTION: Final = 20_000
_LARGEST_USER_INFO: Final = 1_000_000

# Files of Messages' own that belong to a preview and that no person ever sent.
_INTERNAL_SUFFIX: Final = ".pluginPayloadAttachment"
_DOWNLOADED: Final = 5
_VOICE_UTI: Final = "com.apple.coreaudio-format"
_TRANSCRIPTION_KEY: Final = b"audio-transcription"

AttachmentRow = tuple[Any, ...]
"""message_id, guid, filename, transfer_name, mime_type, uti, total_bytes, transfer_state, is_sticker, hide, user_info"""


def rows_between(connection: sqlite3.Connection, query: str, first: int, last: int) -> dict[int, list[AttachmentRow]]:
    """Return the attachments of all messages in a range of rows, by message, with one look at the database's index."""
    return _by_message(connection.execute(query, (first, last)))


def rows_of(connection: sqlite3.Connection, query: str, rowids: Sequence[int]) -> dict[int, list[AttachmentRow]]:
    """Return the attachments of these messages, by message."""
    found: dict[int, list[AttachmentRow]] = {}
    for marks, values in in_lists(rowids):
        found |= _by_message(connection.execute(query.format(marks), values))
    return found


def attachments_of(
    rows: Iterable[AttachmentRow], order: Sequence[str] = (), transcriptions: dict[str, str] | None = None
) -> tuple[Attachment, ...]:
    """Return the attachments that a person would see.

    `order` holds the GUIDs as they stand in the text, and `transcriptions` what its runs say of voice messages, by GUID. A
    GUID may be written with a prefix on one side only: they are compared by what follows it.
    """
    places = {_bare(guid): place for place, guid in enumerate(order)}
    spoken = {_bare(guid): text for guid, text in (transcriptions or {}).items()}
    found = [attachment for row in rows if (attachment := _attachment(row, spoken)) is not None]
    found.sort(key=lambda attachment: places.get(_bare(attachment.guid), len(places)))
    return tuple(found[:MAX_ATTACHMENTS])


def kind_of(attachment: Attachment) -> Kind:
    """Return what an attachment is, by its MIME type, or by Apple's own identifier where that is missing."""
    if attachment.is_sticker:
        return Kind.STICKER
    family = attachment.mime_type.partition("/")[0]
    if family in ("image", "video", "audio"):
        return {"image": Kind.IMAGE, "video": Kind.VIDEO, "audio": Kind.AUDIO}[family]
    if attachment.uti == _VOICE_UTI:
        return Kind.AUDIO
    for word, kind in (("image", Kind.IMAGE), ("heic", Kind.IMAGE), ("jpeg", Kind.IMAGE), ("movie", Kind.VIDEO)):
        if word in attachment.uti:
            return kind
    return Kind.FILE


def _attachment(row: AttachmentRow, transcriptions: dict[str, str]) -> Attachment | None:
    _, guid, filename, transfer_name, mime_type, uti, size, transfer_state, is_sticker, hide, user_info = row
    name = transfer_name or (PurePosixPath(filename).name if filename else "")
    if hide or not guid or len(guid) > _MAX_GUID or (filename or name).endswith(_INTERNAL_SUFFIX):
        return None
    transcription = transcriptions.get(_bare(guid)) or _transcription(user_info)
    return Attachment(
        guid,
        name[:_MAX_NAME],
        (mime_type or "")[:_MAX_TYPE],
        (uti or "")[:_MAX_TYPE],
        max(0, size or 0),
        bool(is_sticker),
        transfer_state != _DOWNLOADED or not filename,
        transcription[:_MAX_TRANSCRIPTION],
    )


def _bare(guid: str) -> str:
    """The GUID without what may stand before it: `at_<n>_<GUID>`, `p:<n>/<GUID>`."""
    if guid.startswith("at_"):
        return guid.split("_", 2)[-1]
    return guid.rpartition("/")[2]


def _transcription(user_info: object) -> str:
    """What a voice message says, which some versions keep beside the file and not in the text."""
    if not isinstance(user_info, bytes) or _TRANSCRIPTION_KEY not in user_info:
        return ""
    info = read_property_list(user_info, _LARGEST_USER_INFO)
    text = info.get(_TRANSCRIPTION_KEY.decode()) if isinstance(info, dict) else None
    return text if isinstance(text, str) else ""


def _by_message(rows: Iterable[AttachmentRow]) -> dict[int, list[AttachmentRow]]:
    found: dict[int, list[AttachmentRow]] = {}
    for row in rows:
        found.setdefault(row[0], []).append(row)
    return found
