"""What a model reads of messages."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from assistant.sync.v1 import messages_pb2

from sync_svc.domain.messages import Direction, Flag, Message, MessageType
from sync_svc.domain.reading import draft_context, training_history

PHOTO = {"guid": "p", "mime_type": "image/heic"}
VIDEO = {"guid": "v", "mime_type": "video/quicktime"}


def _message(text: str = "", seconds: float = 0, **fields) -> Message:
    known: dict[str, Any] = {
        "id": UUID(int=int(seconds * 1000)),
        "conversation_id": UUID(int=0),
        "chat_id": UUID(int=0),
        "imessage_guid": "g",
        "sender_id": "+1",
        "direction": Direction.INCOMING,
        "message_type": MessageType.TEXT,
        "sent_at": datetime(2024, 5, 1, tzinfo=UTC) + timedelta(seconds=seconds),
    }
    return Message(text=text, **(known | fields))


def _mine(text: str = "", seconds: float = 0, **fields) -> Message:
    return _message(text, seconds, direction=Direction.OUTGOING, sender_id="", **fields)


def _link(seconds: float, **fields) -> Message:
    return _message("https://example.com", seconds, message_type=MessageType.LINK, **fields)


def _texts(messages) -> list[str]:
    return [message.text for message in messages]


def _drafted(*messages: Message, size: int = 10) -> list[str]:
    return _texts(draft_context(messages, size))


@pytest.mark.parametrize(
    ("attachments", "kind", "words"),
    [
        ([PHOTO], MessageType.IMAGE, "[photo]"),
        ([PHOTO, PHOTO], MessageType.IMAGE, "[2 photos]"),
        ([PHOTO, VIDEO, PHOTO], MessageType.IMAGE, "[2 photos] [video]"),
        ([{"guid": "a", "mime_type": "audio/amr"}], MessageType.AUDIO, "[voice message]"),
        ([{"guid": "a", "uti": "com.apple.coreaudio-format"}], MessageType.TEXT, "[voice message]"),
        ([{"guid": "a", "transcription": "see you"}], MessageType.AUDIO, "[voice message] see you"),
        ([{"guid": "a", "mime_type": "audio/mpeg"}], MessageType.FILE, "[file]"),
        ([PHOTO | {"is_sticker": True}], MessageType.STICKER, "[sticker]"),
        ([{"guid": "a", "mime_type": "application/pdf"}], MessageType.FILE, "[file]"),
        ([{"guid": "a", "uti": "public.heic"}], MessageType.TEXT, "[photo]"),
        ([{"guid": "a"}], MessageType.VIDEO, "[video]"),
        ([{"guid": "a"}], MessageType.TEXT, "[file]"),
    ],
)
def test_what_others_send_without_text_stands_as_a_word_for_it(attachments, kind, words):
    assert _drafted(_message(attachments=attachments, message_type=kind)) == [words]


def test_the_word_stands_before_the_text():
    assert _drafted(_message("look", attachments=[PHOTO])) == ["[photo] look"]


def test_the_owners_attachments_leave_no_word_that_a_draft_could_learn():
    messages = [_mine(attachments=[PHOTO]), _mine("look", 1, attachments=[PHOTO])]

    assert _drafted(*messages) == ["look"]


def test_training_reads_real_texts_only():
    messages = [_message(attachments=[PHOTO]), _message("look", 1, attachments=[PHOTO]), _mine("nice", 2)]

    assert _texts(training_history(messages)) == ["look", "nice"]


@pytest.mark.parametrize(
    "hidden",
    [
        {"flags": Flag.ONE_TIME_CODE},
        {"flags": Flag.SCHEDULED | Flag.READ},
        {"flags": Flag.SPAM},
        {"unsent_at": datetime(2024, 5, 1, tzinfo=UTC)},
        {"message_type": MessageType.GROUP_EVENT},
        {"message_type": MessageType.GROUP_EVENT, "attachments": [PHOTO]},
        {"flags": Flag.SPAM, "attachments": [PHOTO]},
    ],
)
def test_what_was_not_said_or_is_nobody_elses_business_is_left_out(hidden):
    messages = [_message("before"), _message("hidden", 1, **hidden), _message("after", 2)]

    assert _drafted(*messages) == ["before", "after"]
    assert _texts(training_history(messages)) == ["before", "after"]


@pytest.mark.parametrize("flags", [Flag.BACKFILL, Flag.READ, Flag.DELIVERED, Flag.TEXT_UNDECODABLE])
def test_the_other_flags_hide_nothing(flags):
    assert _drafted(_message("said", flags=flags)) == ["said"]


def test_a_subject_line_stands_before_the_text():
    subject = {"subject": "Dinner"}

    assert _drafted(_message("at eight?", extra=subject)) == ["Dinner: at eight?"]
    assert _drafted(_message("", extra=subject)) == ["Dinner"]
    assert _drafted(_message("at eight?", extra=subject, attachments=[PHOTO])) == ["[photo] Dinner: at eight?"]
    assert _texts(training_history([_mine("at eight?", extra=subject)])) == ["Dinner: at eight?"]


def test_the_preview_of_a_link_is_left_out():
    messages = [_message("https://example.com"), _message("see?", 1), _link(90)]

    assert _drafted(*messages) == ["https://example.com", "see?"]
    assert _texts(training_history(messages)) == ["https://example.com", "see?"]


@pytest.mark.parametrize(
    "other",
    [
        _link(91),
        _link(1, sender_id="+2"),
        _link(1, direction=Direction.OUTGOING),
        _message("https://example.com", 1),
        _message("https://example.com/else", 1, message_type=MessageType.LINK),
    ],
)
def test_what_only_looks_like_a_preview_stays(other):
    assert len(_drafted(_message("https://example.com"), other)) == 2


def test_a_link_without_text_is_nobodys_preview():
    link = _message("", 2, message_type=MessageType.LINK, attachments=[PHOTO])

    assert _drafted(_message(attachments=[PHOTO]), link) == ["[photo]", "[photo]"]


def test_the_preview_of_a_link_that_no_model_may_see_is_read():
    assert _drafted(_message("https://example.com", flags=Flag.SPAM), _link(1)) == ["https://example.com"]


def test_a_preview_is_known_by_what_came_before_the_page():
    page, before = [_link(30), _mine("thanks", 31)], [_message("https://example.com")]

    assert _texts(training_history(page, before)) == ["thanks"]


def test_a_context_is_the_newest_that_there_are_words_for():
    messages = [_message("one"), _message("two", 1), _message("", 2), _mine("three", 3)]

    assert _drafted(*messages, size=2) == ["two", "three"]


def test_nothing_but_the_text_is_changed():
    message = _message("at eight?", extra={"subject": "Dinner"}, attachments=[PHOTO])

    (read,) = draft_context([message], 1)

    assert (read.id, read.attachments, read.extra) == (message.id, message.attachments, message.extra)


def test_the_numbers_are_the_contracts():
    types = {f"MESSAGE_TYPE_{one.name}": one.value for one in MessageType}
    directions = {f"DIRECTION_{one.name}": one.value for one in Direction}

    assert types.items() <= dict(messages_pb2.MessageType.items()).items()
    assert directions.items() <= dict(messages_pb2.Direction.items()).items()
