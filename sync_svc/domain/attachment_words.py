"""Words for what a message carries besides its text: `[photo]`, `[2 videos]`, `[voice message] see you at eight`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sync_svc.domain.messages import Json, MessageType

_PHOTO, _VIDEO, _VOICE, _STICKER, _FILE = "photo", "video", "voice message", "sticker", "file"

_BY_MIME_FAMILY = {"image": _PHOTO, "video": _VIDEO}
# For attachments without a MIME type, which Messages has not got of all.
_BY_UTI = {
    "com.apple.coreaudio-format": _VOICE,
    "com.apple.m4v-video": _VIDEO,
    "com.apple.quicktime-movie": _VIDEO,
    "com.compuserve.gif": _PHOTO,
    "org.webmproject.webp": _PHOTO,
    "public.3gpp": _VIDEO,
    "public.heic": _PHOTO,
    "public.heif": _PHOTO,
    "public.jpeg": _PHOTO,
    "public.mpeg-4": _VIDEO,
    "public.png": _PHOTO,
    "public.tiff": _PHOTO,
}
_BY_MESSAGE_TYPE: Mapping[int, str] = {
    MessageType.IMAGE: _PHOTO,
    MessageType.VIDEO: _VIDEO,
    MessageType.AUDIO: _VOICE,
    MessageType.STICKER: _STICKER,
}


def attachment_words(attachments: Json, message_type: int) -> str:
    """The attachments in words, each kind once; a voice message with what it says, where that is known."""
    kinds: dict[str, list[Mapping[str, Any]]] = {}
    for attachment in attachments:
        kinds.setdefault(_kind(attachment, message_type), []).append(attachment)
    return " ".join(_words(kind, alike) for kind, alike in kinds.items())


def _words(kind: str, alike: Sequence[Mapping[str, Any]]) -> str:
    marker = f"[{kind}]" if len(alike) == 1 else f"[{len(alike)} {kind}s]"
    said = (attachment["transcription"] for attachment in alike if attachment.get("transcription"))
    return " ".join([marker, *said])


def _kind(attachment: Mapping[str, Any], message_type: int) -> str:
    if attachment.get("is_sticker"):
        return _STICKER
    if attachment.get("transcription"):
        return _VOICE
    mime_type, uti = attachment.get("mime_type", ""), attachment.get("uti", "")
    known = _BY_MIME_FAMILY.get(mime_type.partition("/")[0]) or _BY_UTI.get(uti)
    return known or _BY_MESSAGE_TYPE.get(message_type, _FILE)
