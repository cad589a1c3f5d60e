"""Makes a message of one row of the database."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from agent.chatdb.attachments import AttachmentRow, attachments_of, kind_of
from agent.chatdb.balloons import LINK, app_balloon, bundle_id_of
from agent.chatdb.dates import APPLE_EPOCH_NS, unix_nanoseconds
from agent.chatdb.group_events import group_event, is_own_location
from agent.chatdb.records import AppBalloon, Attachment, Chat, Extra, Kind, Message, Reaction
from agent.chatdb.summary_info import History, history_of
from agent.chatdb.tapbacks import is_tapback
from agent.chatdb.texts import MAX_HANDLE, Body, body_of

_MAX_GUID: Final = 200
_MAX_SERVICE: Final = 50
_MAX_SUBJECT: Final = 1_000
_MAX_TITLE: Final = 500
_MAX_PARTS: Final = 100
_INT32: Final = 2**31 - 1

# Places in a row of `Schema`. From RARE on, most rows hold nothing.
ROWID, GUID, TEXT, BODY, DATE, FROM_ME, HANDLE, SERVICE, DESTINATION, READ, DELIVERED, IS_READ, IS_DELIVERED = range(13)
IS_SENT, ROOM, RARE = 13, 14, 15
CHAT: Final = -1

# `associated_message_type` outside of the tapbacks: 2 and 3 go with an app's balloon, and a poll's votes are rows of their own.
_APP_ROWS: Final = {2, 3}
_POLL_VOTE: Final = 4000
_VOTE: Final = AppBalloon("com.apple.messages.Polls", "Poll vote")
# `filter_action` (macOS 27): 0 unfiltered, 1 allowed, 2 junk, 3 promotion, 4 transaction.
_JUNK: Final = 2
_LAST_FILTER_ACTION: Final = 4

Row = tuple[Any, ...]


class Rare(NamedTuple):
    """The columns from RARE on, in the order of `Schema`."""

    subject: str | None
    date_edited: int
    date_retracted: int
    was_detonated: int
    message_summary_info: bytes | None
    thread_originator_guid: str | None
    thread_originator_part: str | None
    associated_message_guid: str | None
    associated_message_type: int
    associated_message_emoji: str | None
    item_type: int
    group_action_type: int
    group_title: str | None
    other_handle: int
    share_status: int
    share_direction: int
    balloon_bundle_id: str | None
    has_payload: int
    is_audio_message: int
    schedule_type: int
    is_spam: int
    filter_action: int
    error: int
    cache_has_attachments: int


_TARGET: Final = RARE + Rare._fields.index("associated_message_guid")
_ASSOCIATED: Final = RARE + Rare._fields.index("associated_message_type")
SUMMARY_INFO: Final = RARE + Rare._fields.index("message_summary_info")
_BALLOON: Final = RARE + Rare._fields.index("balloon_bundle_id")
OTHER_HANDLE: Final = RARE + Rare._fields.index("other_handle")


def tapback_on(row: Row) -> str | None:
    """Return the `associated_message_guid` of a row that is a reaction, and None of all others."""
    associated = row[_ASSOCIATED]
    return (row[_TARGET] or "") if associated and is_tapback(associated) else None


def is_guid(guid: str | None) -> bool:
    """Return whether the server takes a message with this GUID."""
    return guid is not None and 0 < len(guid) <= _MAX_GUID and "\0" not in guid


def message_of(
    row: Row,
    chat: Chat,
    handles: Mapping[int, str],
    attachments: Sequence[AttachmentRow] = (),
    reactions: tuple[Reaction, ...] = (),
) -> Message:
    """Return the message in a row of `Schema` that is no reaction."""
    from_me = bool(row[FROM_ME])
    body = body_of(row[TEXT], row[BODY], is_balloon=bool(row[_BALLOON]))
    if isinstance(body, str):
        # One look at all of the rare columns: this runs for every message, and most are plain.
        if not (any(row[RARE:CHAT]) or attachments or reactions):
            return _message(row, chat, handles, from_me, Kind.TEXT if body else Kind.OTHER, body, None)
        body = Body(body)
    rare = Rare._make(
        [value or 0 for value in row[RARE:CHAT]]
    )  # NULL, an empty text and 0 say the same in each of them
    from_me = from_me or is_own_location(rare.item_type, rare.other_handle, rare.share_direction)
    if rare.item_type:
        return _message(row, chat, handles, from_me, Kind.GROUP_EVENT, "", _event(row, rare, handles))
    text, extra, kind = _content(row, rare, body, attachments, reactions)
    return _message(row, chat, handles, from_me, kind, text, None if extra == _NO_EXTRA else extra)


def _message(
    row: Row, chat: Chat, handles: Mapping[int, str], from_me: bool, kind: Kind, text: str, extra: Extra | None
) -> Message:
    handle, read, delivered = row[HANDLE], row[READ], row[DELIVERED]
    # As a tuple: what a NamedTuple's own constructor adds to it is a tenth of reading a message.
    return _NEW(
        Message,
        (
            row[GUID],
            chat.guid,
            "" if from_me else (handles.get(handle) or _silent_sender(chat))[:MAX_HANDLE],
            from_me,
            kind,
            text,
            unix_nanoseconds(row[DATE]) or APPLE_EPOCH_NS,
            (row[SERVICE] or "").replace("\0", "")[:_MAX_SERVICE],
            (row[DESTINATION] or "").replace("\0", "")[:MAX_HANDLE],
            unix_nanoseconds(read) if read else None,
            unix_nanoseconds(delivered) if delivered else None,
            bool(row[IS_READ]),
            bool(row[IS_DELIVERED]),
            extra,
        ),
    )


_NEW: Final = tuple.__new__


def _plain(text: str | None, longest: int) -> str:
    """As much of a text as the contract takes, without zero characters, which no database takes."""
    return (text or "").replace("\0", "")[:longest]


def _silent_sender(chat: Chat) -> str:
    """The sender where the row does not say: in a one-to-one chat there is only one."""
    return "" if chat.is_group else chat.identifier


def _event(row: Row, rare: Rare, handles: Mapping[int, str]) -> Extra:
    event = group_event(
        item_type=rare.item_type,
        action=rare.group_action_type,
        title=_plain(rare.group_title, _MAX_TITLE),
        handle_id=row[HANDLE] or 0,
        other_handle=rare.other_handle,
        other=handles.get(rare.other_handle, "")[:MAX_HANDLE],
        share_status=rare.share_status,
    )
    return Extra(group_event=event)


_NO_EXTRA: Final = Extra()


def _content(
    row: Row, rare: Rare, body: Body, attachments: Sequence[AttachmentRow], reactions: tuple[Reaction, ...]
) -> tuple[str, Extra, Kind]:
    history = history_of(rare.message_summary_info)
    text = body.text or history.current or ""
    files = attachments_of(attachments, body.files, body.transcriptions) if attachments else ()
    if _is_gone(rare, history, text, files):
        return "", _gone(row, rare, history, reactions), Kind.TEXT
    extra = Extra(
        subject=_plain(rare.subject, _MAX_SUBJECT),
        edited_at=unix_nanoseconds(rare.date_edited) or history.edited_at,
        edits=history.edits,
        unsent_parts=history.unsent_parts[:_MAX_PARTS],
        reply_to_guid=_plain(rare.thread_originator_guid, _MAX_GUID),
        reply_to_part=_reply_part(rare),
        attachments=files,
        reactions=reactions,
        mentions=body.mentions,
        app=_app(rare),
        error_code=rare.error,
        is_scheduled=bool(rare.schedule_type) and not (row[IS_SENT] or row[IS_DELIVERED] or row[DELIVERED]),
        is_spam=bool(rare.is_spam) or rare.filter_action == _JUNK,
        has_one_time_code=body.has_one_time_code,
        undecodable=body.undecodable and not text,
        unknown=_unknown(rare),
    )
    return "" if rare.associated_message_type == _POLL_VOTE else text, extra, _kind(rare, text, files)


def _is_gone(rare: Rare, history: History, text: str, files: Sequence[Attachment]) -> bool:
    """Whether the message was unsent as a whole, or has destroyed itself. `date_retracted` alone is not always set."""
    if history.is_unsent or rare.was_detonated:
        return True
    return not text and not files and bool(history.unsent_parts or rare.date_retracted)


def _gone(row: Row, rare: Rare, history: History, reactions: tuple[Reaction, ...]) -> Extra:
    """What stays of a message that was unsent: that it was, and when."""
    at = unix_nanoseconds(rare.date_retracted) or unix_nanoseconds(rare.date_edited) or history.edited_at
    return Extra(
        unsent_at=at or unix_nanoseconds(row[DATE]) or APPLE_EPOCH_NS,
        reply_to_guid=_plain(rare.thread_originator_guid, _MAX_GUID),
        reply_to_part=_reply_part(rare),
        reactions=reactions,
    )


def _reply_part(rare: Rare) -> int:
    """The first number of `part:start:length`; -1, the whole message, is written as the largest number of 64 bits."""
    part = (rare.thread_originator_part or "").partition(":")[0]
    if not rare.thread_originator_guid or not part.isdecimal():
        return 0
    return int(part) if len(part) < 10 and int(part) <= _INT32 else -1


def _app(rare: Rare) -> AppBalloon | None:
    if rare.associated_message_type == _POLL_VOTE:
        return _VOTE
    return app_balloon(rare.balloon_bundle_id) if rare.balloon_bundle_id else None


def _kind(rare: Rare, text: str, files: Sequence[Attachment]) -> Kind:
    if rare.is_audio_message:
        return Kind.AUDIO
    if rare.balloon_bundle_id:
        return Kind.LINK if bundle_id_of(rare.balloon_bundle_id) == LINK else Kind.APP
    if rare.associated_message_type in _APP_ROWS or rare.associated_message_type == _POLL_VOTE:
        return Kind.APP
    if text:
        # A preview whose row does not say so: Messages keeps what it shows of a link in the payload.
        return Kind.LINK if rare.has_payload and _is_link(text) else Kind.TEXT
    return kind_of(files[0]) if files else Kind.OTHER


def _is_link(text: str) -> bool:
    return text.startswith(("http://", "https://")) and len(text.split()) == 1


def _unknown(rare: Rare) -> tuple[tuple[str, int], ...]:
    unknown = []
    associated = rare.associated_message_type
    if associated and associated not in _APP_ROWS and associated != _POLL_VOTE:
        unknown.append(("associated_message_type", associated))
    if rare.filter_action > _LAST_FILTER_ACTION:
        unknown.append(("filter_action", rare.filter_action))
    return tuple(unknown)
