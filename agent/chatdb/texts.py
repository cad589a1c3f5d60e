"""The text of a message, and what stands in it besides words."""

from collections.abc import Callable
from typing import Final, NamedTuple

from agent.chatdb.records import Mention
from agent.chatdb.typedstream import AttributedText, decode

# The limits of the contract (proto/assistant/sync/v1/sync.proto); the server refuses what is longer.
MAX_TEXT: Final = 100_000
MAX_HANDLE: Final = 300
_MAX_MENTIONS: Final = 100

_ATTACHMENT_MARK: Final = "\ufffc"
_BALLOON_MARK: Final = "\ufffd"
_FILE: Final = "__kIMFileTransferGUIDAttributeName"
_MENTION: Final = "__kIMMentionConfirmedMention"
_ONE_TIME_CODE: Final = "__kIMOneTimeCodeAttributeName"
_TRANSCRIPTION: Final = "IMAudioTranscription"
_ONE_TIME_CODE_BYTES: Final = _ONE_TIME_CODE.encode()


class Body(NamedTuple):
    """What a message says."""

    text: str = ""
    undecodable: bool = False
    """There is a body, it could not be read, and there is no plain text either."""
    has_one_time_code: bool = False
    mentions: tuple[Mention, ...] = ()
    files: tuple[str, ...] = ()
    """GUIDs of attachments in the order in which they stand in the text."""
    transcriptions: dict[str, str] | None = None
    """What voice messages say, by the GUID of their attachment."""


def body_of(text: str | None, attributed: object, *, is_balloon: bool = False) -> Body | str:
    """Return the body in the two columns that can hold one; most are a text and nothing else, and come as one.

    `attributedBody` counts before `text`, because only it knows of attachments and mentions. A blob that cannot be decoded
    whole gives its text if that is framed exactly, else the plain column, else nothing: never something that was not said.
    """
    if not isinstance(attributed, bytes):
        return clean(text, is_balloon=is_balloon) if text else ""
    decoded = decode(attributed)
    if decoded is None:
        # What cannot be read may hold a code all the same.
        said = clean(text, is_balloon=is_balloon) if text else ""
        return Body(said, not text, _ONE_TIME_CODE_BYTES in attributed)
    if decoded.runs:
        return _body_of_runs(decoded, is_balloon)
    said = clean(decoded.text, is_balloon=is_balloon)
    return Body(said, False, _ONE_TIME_CODE_BYTES in attributed) if decoded.is_damaged else said


def clean(text: str, *, is_balloon: bool = False) -> str:
    """Take out what stands for attachments and balloons, and the zero bytes that no database takes."""
    if _ATTACHMENT_MARK in text or "\0" in text or (is_balloon and _BALLOON_MARK in text):
        text = text.replace(_ATTACHMENT_MARK, "").replace("\0", "")
        if is_balloon:
            text = text.replace(_BALLOON_MARK, "")
        text = text.strip()
    return text[:MAX_TEXT]


def _body_of_runs(decoded: AttributedText, is_balloon: bool) -> Body | str:
    files: list[str] = []
    transcriptions: dict[str, str] = {}
    has_code = False
    for run in decoded.runs:
        guid = run.attributes.get(_FILE)
        if isinstance(guid, str):
            files.append(guid)
            spoken = run.attributes.get(_TRANSCRIPTION)
            if isinstance(spoken, str) and spoken:
                transcriptions[guid] = spoken
        has_code = has_code or _ONE_TIME_CODE in run.attributes
    text = clean(decoded.text, is_balloon=is_balloon)
    mentions = _mentions(decoded, text, is_balloon)
    if not (has_code or mentions or files):
        return text  # links, dates, styles and the direction of writing
    return Body(text, False, has_code, mentions, tuple(dict.fromkeys(files)), transcriptions or None)


def _mentions(decoded: AttributedText, text: str, is_balloon: bool) -> tuple[Mention, ...]:
    """The mentions, at their places in the text as it is sent."""
    named = [run for run in decoded.runs if isinstance(run.attributes.get(_MENTION), str)]
    if not named:
        return ()
    place = _places(decoded.text, text, is_balloon)
    end = place(_units(decoded.text))
    found = []
    for run in named[:_MAX_MENTIONS]:
        handle, start = run.attributes[_MENTION], place(run.start)
        length = min(place(run.start + run.length), end) - start
        if 0 < len(handle) <= MAX_HANDLE and length > 0:
            found.append(Mention(handle, start, length))
    return tuple(found)


def _places(raw: str, text: str, is_balloon: bool) -> Callable[[int], int]:
    """Map places in the raw text to those in the cleaned one, both in UTF-16 code units."""
    marks = {_ATTACHMENT_MARK, "\0"} | ({_BALLOON_MARK} if is_balloon else set())
    if not any(mark in raw for mark in marks):
        limit = _units(text)
        return lambda place: min(place, limit)
    units = raw.encode("utf-16-le")

    def place_in_text(place: int) -> int:
        before = units[: 2 * place].decode("utf-16-le", errors="ignore")
        kept = "".join(character for character in before if character not in marks)
        stripped = len(kept) - len(kept.lstrip()) if text and kept.lstrip() else 0
        return max(0, min(_units(kept[stripped:]), _units(text)))

    return place_in_text


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", errors="surrogatepass")) // 2
