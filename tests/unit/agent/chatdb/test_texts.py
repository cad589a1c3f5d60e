"""The text of a message: from attributedBody first, never garbage."""

import plistlib
from typing import Any

import pytest

from agent.chatdb.records import Attachment, Kind, Mention
from stack.demo_data.typedstream_writer import attributed_body
from tests.chatdb_builder import ANA, BEN, ChatDb
from tests.unit.agent.chatdb.reading import extra_of, messages, only, texts

MENTION = "__kIMMentionConfirmedMention"
FILE = "__kIMFileTransferGUIDAttributeName"


def test_attributed_body_wins_over_text(db: ChatDb):
    db.message(db.direct(ANA), "old text", attributedBody=attributed_body("new text"))

    assert texts(db.path) == ["new text"]


def test_a_corrupt_body_falls_back_to_the_text(db: ChatDb):
    db.message(db.direct(ANA), "plain", attributedBody=b"\x04\x0bstreamtyped garbage")

    message = only(db.path)

    assert (message.text, message.extra) == ("plain", None)


def test_a_corrupt_body_without_text_is_sent_empty_and_says_so(db: ChatDb):
    db.message(db.direct(ANA), None, attributedBody=attributed_body("half of it")[:80])

    message = only(db.path)

    assert (message.text, message.kind) == ("", Kind.OTHER)
    assert extra_of(message).undecodable


def test_a_body_that_is_whole_up_to_its_text_gives_the_text(db: ChatDb):
    body = attributed_body("whole")
    db.message(db.direct(ANA), None, attributedBody=body[: body.index(b"whole") + 6] + b"\xff\xff")

    assert texts(db.path) == ["whole"]


def test_no_text_and_no_body_is_an_empty_message(db: ChatDb):
    db.message(db.direct(ANA), None)

    message = only(db.path)

    assert (message.text, message.kind, message.extra) == ("", Kind.OTHER, None)


def test_a_text_of_ten_megabytes_is_cut_to_what_the_contract_takes(db: ChatDb):
    chat = db.direct(ANA)
    db.message(chat, None, attributedBody=attributed_body("ä" * 5_000_000))
    db.message(chat, "next")

    assert texts(db.path) == ["ä" * 100_000, "next"]


def test_places_of_attachments_and_zero_bytes_are_not_text(db: ChatDb):
    chat = db.direct(ANA)
    db.message(chat, "\ufffc look at this ")
    db.message(chat, "a\0b")

    assert texts(db.path) == ["look at this", "ab"]


def test_the_place_of_a_balloon_is_no_text_and_elsewhere_the_character_is_kept(db: ChatDb):
    chat = db.direct(ANA)
    db.message(chat, "\ufffd", balloon_bundle_id="com.apple.messages.Polls")
    db.message(chat, "what is \ufffd?")

    assert texts(db.path) == ["", "what is \ufffd?"]


def test_a_subject_is_kept_apart_from_the_text(db: ChatDb):
    db.message(db.direct(ANA), "the text", subject="The subject")

    message = only(db.path)

    assert (message.text, extra_of(message).subject) == ("the text", "The subject")


def test_a_mention_names_somebody_at_a_place_of_the_text(db: ChatDb):
    runs = [(3, {}), (3, {MENTION: BEN}), (7, {})]
    db.rich(db.group(ANA, BEN), "🙂, Ben, hello", sender=ANA, runs=runs)

    message = only(db.path)

    # 🙂 counts twice, as in UTF-16.
    assert extra_of(message).mentions == (Mention(BEN, 4, 3),)


def test_a_mention_behind_an_attachment_is_at_its_place_in_the_text_that_is_sent(db: ChatDb):
    runs = [(1, {FILE: "at_0_F"}), (3, {MENTION: BEN}), (5, {})]
    db.rich(db.group(ANA, BEN), "\ufffcBen look", sender=ANA, runs=runs)

    message = only(db.path)

    assert (message.text, extra_of(message).mentions) == ("Ben look", (Mention(BEN, 0, 3),))


def test_a_one_time_code_is_marked(db: ChatDb):
    chat = db.direct("22000")
    db.rich(
        chat,
        "123456 is your code",
        sender="22000",
        runs=[(6, {"__kIMOneTimeCodeAttributeName": {"code": "123456"}}), (13, {})],
    )
    db.rich(chat, "no code here", sender="22000")

    coded, plain = messages(db.path)

    assert extra_of(coded).has_one_time_code
    assert plain.extra is None


def test_a_one_time_code_is_marked_even_in_a_body_that_cannot_be_read(db: ChatDb):
    db.message(db.direct(ANA), "123456", attributedBody=b"broken __kIMOneTimeCodeAttributeName")

    assert extra_of(only(db.path)).has_one_time_code


def test_links_dates_and_styles_in_a_text_change_nothing_about_it(db: ChatDb):
    runs = [(4, {"__kIMTextBoldAttributeName": 1}), (6, {"__kIMDataDetectedAttributeName": b"bplist00"}), (5, {})]
    db.rich(db.direct(ANA), "Come today, yes", runs=runs)

    message = only(db.path)

    assert (message.text, message.extra) == ("Come today, yes", None)


def test_what_a_voice_message_says_is_read_from_the_text_or_from_the_file(db: ChatDb):
    chat = db.direct(ANA)
    voice: dict[str, Any] = {"is_audio_message": 1}
    heard: dict[str, Any] = {
        "filename": "~/Audio Message.caf",
        "transfer_name": "Audio Message.caf",
        "mime_type": None,
        "uti": "com.apple.coreaudio-format",
    }
    first = db.rich(chat, "\ufffc", runs=[(1, {FILE: "at_0_V", "IMAudioTranscription": "Call me back"})], **voice)
    db.attach(first, guid="at_0_V", **heard)
    second = db.message(chat, "\ufffc", **voice)
    db.attach(second, **heard, user_info=_plist({"audio-transcription": "Or write"}))

    found = [_only_attachment(extra_of(message).attachments) for message in messages(db.path)]

    assert [file.transcription for file in found] == ["Call me back", "Or write"]
    assert [message.kind for message in messages(db.path)] == [Kind.AUDIO, Kind.AUDIO]


@pytest.mark.parametrize("text", ["ↄ", "aↄb", "x" * 127, "x" * 128, "ж" * 16_384, "🙂" * 20_000])
def test_every_length_and_character_comes_through_whole(db: ChatDb, text: str):
    db.rich(db.direct(ANA), text)

    assert texts(db.path) == [text]


def _only_attachment(attachments: tuple[Attachment, ...]) -> Attachment:
    (attachment,) = attachments
    return attachment


def _plist(value: dict[str, str]) -> bytes:
    return plistlib.dumps(value, fmt=plistlib.FMT_BINARY)
