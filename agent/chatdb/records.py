"""What the reader makes of the database's rows."""

from dataclasses import dataclass, field
from enum import IntEnum, auto
from typing import NamedTuple


class Kind(IntEnum):
    """What a message carries."""

    TEXT = auto()
    IMAGE = auto()
    VIDEO = auto()
    AUDIO = auto()
    FILE = auto()
    STICKER = auto()
    LINK = auto()
    APP = auto()
    GROUP_EVENT = auto()
    OTHER = auto()


class EventKind(IntEnum):
    """What a group event says happened; UNKNOWN for numbers that nobody has documented."""

    UNKNOWN = auto()
    ADDED = auto()
    REMOVED = auto()
    LEFT = auto()
    NUMBER_CHANGED = auto()
    RENAMED = auto()
    PHOTO_CHANGED = auto()
    PHOTO_REMOVED = auto()
    BACKGROUND_CHANGED = auto()
    BACKGROUND_REMOVED = auto()
    LOCATION_STARTED = auto()
    LOCATION_STOPPED = auto()
    AUDIO_KEPT = auto()
    CALL = auto()


class Attachment(NamedTuple):
    """What is known of a file; the file itself is never opened."""

    guid: str
    name: str
    mime_type: str
    uti: str
    size: int
    is_sticker: bool
    is_offloaded: bool
    transcription: str


class Reaction(NamedTuple):
    """A tapback that stands."""

    sender: str
    """A handle; empty for the owner."""
    kind: str
    reacted_at: int
    part: int


class Edit(NamedTuple):
    """An earlier version of a part, and when it was replaced."""

    text: str
    replaced_at: int
    part: int


class Mention(NamedTuple):
    """Somebody named in a text; the place counts UTF-16 code units of the text as it is sent."""

    handle: str
    start: int
    length: int


class GroupEvent(NamedTuple):
    """Something that happened to a conversation."""

    kind: EventKind
    handle: str
    title: str
    item_type: int
    action_type: int


class AppBalloon(NamedTuple):
    """An app's balloon."""

    bundle_id: str
    label: str


class Extra(NamedTuple):
    """What most messages do not have. Times are nanoseconds since 1970. A tuple for the same reason as Message."""

    subject: str = ""
    edited_at: int | None = None
    unsent_at: int | None = None
    edits: tuple[Edit, ...] = ()
    unsent_parts: tuple[int, ...] = ()
    reply_to_guid: str = ""
    reply_to_part: int = 0
    attachments: tuple[Attachment, ...] = ()
    reactions: tuple[Reaction, ...] = ()
    mentions: tuple[Mention, ...] = ()
    group_event: GroupEvent | None = None
    app: AppBalloon | None = None
    error_code: int = 0
    is_scheduled: bool = False
    is_spam: bool = False
    has_one_time_code: bool = False
    undecodable: bool = False
    unknown: tuple[tuple[str, int], ...] = ()
    """Columns whose values are not documented, as they are."""


class Message(NamedTuple):
    """A message. A tuple, because a first sync makes a million of them and frozen dataclasses cost four times as much."""

    guid: str
    chat_guid: str
    sender: str
    """The sender's handle; empty for the owner, and where Messages does not know."""
    from_me: bool
    kind: Kind
    text: str
    sent_at: int
    """Nanoseconds since 1970."""
    service: str
    destination: str
    """Which of the owner's addresses received or sent it."""
    read_at: int | None
    delivered_at: int | None
    is_read: bool
    is_delivered: bool
    extra: Extra | None


@dataclass(frozen=True, slots=True)
class Chat:
    """A conversation as Messages has it."""

    guid: str
    display_name: str = ""
    is_group: bool = False
    is_self: bool = False
    service: str = ""
    identifier: str = ""
    participants: tuple[str, ...] = ()
    merge_key: str = ""
    """Chats with the same key are one conversation to a person."""
    is_orphaned: bool = False
    is_filtered: bool = False
    is_short_code: bool = False


class RowState(NamedTuple):
    """A row in short: enough to notice that it changed."""

    rowid: int
    signature: int
    """Equal for equal contents, in this process."""
    target: str
    """The message that it is a reaction on, or empty."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What some rows hold."""

    messages: list[Message] = field(default_factory=list)
    chats: list[Chat] = field(default_factory=list)
    """The chats of these rows, of those too that are no messages."""
    targets: list[str] = field(default_factory=list)
    """GUIDs of the messages that tapbacks among the rows are on."""
    held: list[int] = field(default_factory=list)
    """Rows that have no chat yet and may get one in a moment."""
    last_rowid: int = 0
    """The last of the rows."""
    states: list[RowState] = field(default_factory=list)
    """Those of the rows that are recent, where it was asked for."""
