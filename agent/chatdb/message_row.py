"""Makes a message of one row of the database, or nothing of rows that are no messages."""

from typing import Any, Final

from agent.chatdb.dates import unix_nanoseconds
from agent.chatdb.records import Chat, Kind, Message
from agent.chatdb.typedstream import decode_text

# The limits of the contract (proto/assistant/sync/v1/sync.proto); the server refuses what is longer.
MAX_TEXT: Final = 100_000
MAX_GUID: Final = 200
MAX_HANDLE: Final = 300
MAX_SERVICE: Final = 50

_FIRST_ASSOCIATED: Final = 1000  # from here on a row belongs to another message: stickers, tapbacks, poll votes
_APPLE_EPOCH_NS: Final = 978_307_200_000_000_000
_ONE_TIME_CODE: Final = b"__kIMOneTimeCodeAttributeName"
_LINK_BALLOON: Final = "URLBalloonProvider"
_ATTACHMENT: Final = "\ufffc"
_BALLOON: Final = "\ufffd"


def message_of(row: tuple[Any, ...], chat: Chat, handle: str) -> Message | None:
    """Return the message in a row of `Schema.messages`.

    None for tapbacks, group events and scheduled messages, which are not part of what was said (yet).
    """
    (
        _, guid, text, body, date, from_me, _, service, item_type, associated_type, schedule_type, is_audio, balloon,
        reply_to, date_edited, _,
    ) = row  # fmt: skip
    if item_type or schedule_type or (associated_type or 0) >= _FIRST_ASSOCIATED or not 0 < len(guid) <= MAX_GUID:
        return None
    undecodable = False
    if body is not None:
        decoded = decode_text(body)
        if decoded is not None:
            text = decoded
        else:
            undecodable = not text
    text = _clean(text) if text else ""
    return Message(
        guid,
        chat.guid,
        "" if from_me else _sender(handle, chat),
        bool(from_me),
        Kind.TEXT if text and not balloon and not is_audio else _kind(text, balloon, is_audio),
        text,
        unix_nanoseconds(date) or _APPLE_EPOCH_NS,
        (service or "")[:MAX_SERVICE],
        unix_nanoseconds(date_edited) if date_edited else None,
        (reply_to or "")[:MAX_GUID],
        body is not None and _ONE_TIME_CODE in body,
        undecodable,
    )


def _sender(handle: str, chat: Chat) -> str:
    """The sender, who in a one-to-one chat is known even where the row does not say."""
    if not handle and not chat.is_group:
        handle = chat.identifier
    return handle[:MAX_HANDLE]


def _clean(text: str) -> str:
    """Take out what stands for attachments and balloons, and the zero bytes that no database takes."""
    if _ATTACHMENT in text or _BALLOON in text or "\0" in text:
        text = text.replace(_ATTACHMENT, "").replace(_BALLOON, "").replace("\0", "").strip()
    return text[:MAX_TEXT] if len(text) > MAX_TEXT else text


def _kind(text: str, balloon: str | None, is_audio: int) -> Kind:
    if is_audio:
        return Kind.AUDIO
    if balloon:
        return Kind.LINK if balloon.endswith(_LINK_BALLOON) else Kind.APP
    return Kind.TEXT if text else Kind.OTHER
