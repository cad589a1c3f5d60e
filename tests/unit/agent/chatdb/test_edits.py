"""Edits and unsends, with their history."""

import plistlib
from unittest.mock import patch

import pytest

from agent.chatdb import summary_info
from agent.chatdb.reader import BYTES_PER_BATCH
from agent.chatdb.records import Edit, Kind
from agent.chatdb.summary_info import NO_HISTORY, history_of
from agent.chatdb.typedstream import decode_text
from agent.sync.requests import requests_of
from stack.demo_data.summary_info import edited_info, unsent_info
from stack.demo_data.typedstream_writer import attributed_body
from tests.chatdb_builder import ANA, DATE, ChatDb
from tests.unit.agent.chatdb.reading import extra_of, only, readings

SENT = 770_000_000.0  # seconds since 2001
UNIX_NS = 978_307_200_000_000_000


def unix(seconds: float) -> int:
    return int(seconds * 10**9) + UNIX_NS


def test_an_edited_message_has_its_last_text_and_all_earlier_ones(db: ChatDb):
    sent = db.rich(db.direct(ANA), "first")
    db.edit(sent.guid, [("first", SENT), ("second", SENT + 5), ("third", SENT + 9.5)])

    message = only(db.path)
    extra = extra_of(message)

    assert message.text == "third"
    assert extra.edited_at == unix(SENT + 9.5)
    assert extra.edits == (Edit("first", unix(SENT + 5), 0), Edit("second", unix(SENT + 9.5), 0))


def test_an_edit_is_seen_although_date_edited_does_not_say_so(db: ChatDb):
    sent = db.rich(db.direct(ANA), "first")
    db.edit(sent.guid, [("first", SENT), ("second", SENT + 5)])
    db.update(sent.guid, date_edited=0)

    extra = extra_of(only(db.path))

    assert (extra.edited_at, extra.edits) == (unix(SENT + 5), (Edit("first", unix(SENT + 5), 0),))


def test_the_last_version_stands_in_for_a_text_that_is_missing(db: ChatDb):
    sent = db.rich(db.direct(ANA), "first")
    db.edit(sent.guid, [("first", SENT), ("second", SENT + 5)])
    db.update(sent.guid, text=None, attributedBody=None)

    assert only(db.path).text == "second"


def test_of_many_long_versions_the_newest_are_kept(db: ChatDb):
    sent = db.rich(db.direct(ANA), "last")
    versions = [(str(number) * 60_000, SENT + number) for number in range(6)]
    db.update(sent.guid, message_summary_info=edited_info({0: versions}))

    extra = extra_of(only(db.path))

    assert [edit.text for edit in extra.edits] == [str(number) * 60_000 for number in (2, 3, 4)]
    assert extra.edited_at == unix(SENT + 5)


def test_of_many_versions_the_newest_fifty_are_kept_in_their_order():
    versions = {part: [(f"{part}.{number}", SENT + number) for number in range(40)] for part in range(2)}

    edits = history_of(edited_info(versions)).edits

    assert len(edits) == 50
    assert [edit.text for edit in edits[-3:]] == ["1.37", "0.38", "1.38"]
    assert edits[0].text == "0.14"


def test_versions_that_share_one_text_are_not_longer_together_than_the_list(db: ChatDb):
    chat, text = db.direct(ANA), "中" * 100_000
    info = edited_info({0: [(text, SENT + number) for number in range(51)]})
    for _ in range(30):
        db.message(chat, "x", message_summary_info=info)

    requests = [one.ByteSize() for reading in readings(db.path) for one in requests_of(reading, set())]

    assert len(info) < 310_000  # the writer puts the text into it once
    assert max(requests) <= 2 * BYTES_PER_BATCH


def test_versions_that_share_a_short_text_are_all_kept():
    info = edited_info({0: [("yes" if number % 2 else "no", SENT + number) for number in range(6)]})

    assert [edit.text for edit in history_of(info).edits] == ["no", "yes", "no", "yes", "no"]


def test_a_version_in_every_part_many_times_over_is_looked_at_a_bounded_number_of_times():
    versions = [{"d": SENT, "t": attributed_body("x" * 300_000)}] * 9_000
    info = plistlib.dumps({"ec": {str(part): versions for part in range(9_000)}}, fmt=plistlib.FMT_BINARY)

    with patch.object(summary_info, "decode_text", side_effect=decode_text) as decode:
        history = history_of(info)

    assert len(history.edits) == 2
    assert decode.call_count == 3  # the last one was too much


def test_large_histories_make_small_batches(db: ChatDb):
    chat = db.direct(ANA)
    for number in range(60):
        info = edited_info({0: [(f"{number}" * 12_000, SENT), (f"{number} " * 12_000, SENT + 1)]})
        db.message(chat, str(number), message_summary_info=info)

    sizes = [sum(len(edit.text) for m in one.messages for edit in extra_of(m).edits) for one in readings(db.path)]

    assert sum(sizes) == (10 + 2 * 50) * 12_000
    assert max(sizes) <= BYTES_PER_BATCH


def test_an_unsent_message_keeps_nothing_of_what_it_said(db: ChatDb):
    sent = db.rich(db.direct(ANA), "a secret", sender=ANA)
    db.attach(sent)
    db.unsend(sent.guid, at=DATE + 77)

    message = only(db.path)
    extra = extra_of(message)

    assert (message.text, message.kind, extra.unsent_at) == ("", Kind.TEXT, DATE + 77 + UNIX_NS)
    assert (extra.edits, extra.attachments, extra.undecodable) == ((), (), False)


def test_text_that_is_still_there_after_all_was_unsent_is_dropped_too(db: ChatDb):
    sent = db.rich(db.direct(ANA), "a secret")
    info = edited_info({0: [("a secret", SENT), ("another", SENT + 1)]}, unsent=[0])
    db.update(sent.guid, message_summary_info=info)

    message = only(db.path)

    assert (message.text, extra_of(message).edits) == ("", ())
    assert extra_of(message).unsent_at == unix(SENT + 1)


def test_of_a_message_that_was_unsent_in_part_the_rest_stays(db: ChatDb):
    sent = db.rich(db.direct(ANA), "what is left")
    db.attach(sent)
    db.update(sent.guid, date_edited=DATE + 1, message_summary_info=unsent_info(parts=2, unsent=[1]))

    message = only(db.path)
    extra = extra_of(message)

    assert (message.text, extra.unsent_at, extra.unsent_parts) == ("what is left", None, (1,))
    assert len(extra.attachments) == 1


def test_earlier_versions_of_an_unsent_part_are_dropped(db: ChatDb):
    sent = db.rich(db.direct(ANA), "kept")
    versions = {0: [("kept once", SENT), ("kept", SENT + 1)], 1: [("secret", SENT), ("secret too", SENT + 2)]}
    db.update(sent.guid, message_summary_info=edited_info(versions, unsent=[1]))

    assert [edit.text for edit in extra_of(only(db.path)).edits] == ["kept once"]


def test_a_message_that_destroyed_itself_is_gone(db: ChatDb):
    db.message(db.direct(ANA), "was invisible ink", was_detonated=1)

    message = only(db.path)

    assert message.text == ""
    assert extra_of(message).unsent_at is not None


def test_date_retracted_counts_where_it_is_set(db: ChatDb):
    db.message(db.direct(ANA), None, date_retracted=DATE + 3)

    assert extra_of(only(db.path)).unsent_at == DATE + 3 + UNIX_NS


def test_a_summary_without_edits_is_no_edit(db: ChatDb):
    db.message(db.direct(ANA), "x", message_summary_info=plistlib.dumps({"ust": True}, fmt=plistlib.FMT_BINARY))

    message = only(db.path)

    assert (message.text, message.extra) == ("x", None)


def _nested(depth: int) -> object:
    value: object = "Rec"
    for _ in range(depth):
        value = [value]
    return value


BOMB_OBJECTS = (10**9).to_bytes(8, "big")
WHOLE = edited_info({0: [("a", SENT), ("b", SENT + 1)]})


@pytest.mark.parametrize(
    "blob",
    [
        b"",
        b"Rec",
        b"bplist00 Rec Rrp",
        WHOLE[:-1],
        WHOLE[:-24] + BOMB_OBJECTS + WHOLE[-16:],
        b"bplist00" + b"\x52ec" * 2_000_000,
        plistlib.dumps(["ec", "rp"], fmt=plistlib.FMT_BINARY),
        plistlib.dumps({"ec": _nested(400), "rp": 7}, fmt=plistlib.FMT_BINARY),
        plistlib.dumps({"ec": [1], "otr": "x", "rp": ["a", -1, 2**40]}, fmt=plistlib.FMT_BINARY),
        plistlib.dumps({"ec": {"0": [{"d": "x", "t": 5}, 7, {"t": b"junk"}], "x": []}}, fmt=plistlib.FMT_BINARY),
    ],
    ids=["none", "short", "junk", "cut", "bomb", "huge", "a list", "deep", "odd types", "odd versions"],
)
def test_a_damaged_or_hostile_property_list_is_no_history_and_harms_nobody(blob: bytes):
    assert history_of(blob).edits == ()
    assert history_of(blob).unsent_parts == ()


def test_a_property_list_that_names_itself_does_no_harm():
    # An array of one object, which is the array.
    blob = b"bplist00" + b"\xd1\x01\x00" + b"\x52ec" + bytes([8, 11]) + bytes(6) + bytes([1, 1])
    blob += (2).to_bytes(8, "big") + (0).to_bytes(8, "big") + (14).to_bytes(8, "big")

    assert history_of(blob) == NO_HISTORY


def test_a_version_without_a_time_or_text_is_left_out():
    info = {
        "ec": {
            "0": [
                {"d": SENT, "t": attributed_body("a")},
                {"t": attributed_body("b")},
                {"d": SENT + 2, "t": attributed_body("c")},
            ]
        }
    }

    assert [edit.text for edit in history_of(plistlib.dumps(info, fmt=plistlib.FMT_BINARY)).edits] == ["b"]
