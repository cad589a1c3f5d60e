"""Replies, events, balloons, attachments, services, receipts and flags."""

from pathlib import Path
from typing import Any

import pytest

from agent.chatdb.balloons import app_balloon
from agent.chatdb.records import AppBalloon, EventKind, GroupEvent, Kind
from tests.chatdb_builder import ANA, BEN, CLEO, ChatDb, MacOS
from tests.unit.agent.chatdb.reading import chats, extra_of, messages, only

# --- replies ----------------------------------------------------------------------------------------------------------


def test_a_reply_names_the_first_message_of_its_thread_and_the_part(db: ChatDb):
    chat = db.direct(ANA)
    db.message(chat, "on a part", thread_originator_guid="T", thread_originator_part="2:0:5")
    db.message(chat, "on the whole", thread_originator_guid="T", thread_originator_part="18446744073709551615:0:5")

    assert [(extra_of(one).reply_to_guid, extra_of(one).reply_to_part) for one in messages(db.path)] == [
        ("T", 2),
        ("T", -1),
    ]


def test_the_previous_message_is_no_reply(db: ChatDb):
    db.message(db.direct(ANA), "x", reply_to_guid="THE-ONE-BEFORE")

    assert only(db.path).extra is None


# --- events -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("columns", "kind"),
    [
        ({"item_type": 1, "group_action_type": 0}, EventKind.ADDED),
        ({"item_type": 1, "group_action_type": 1}, EventKind.REMOVED),
        ({"item_type": 1, "group_action_type": 7}, EventKind.UNKNOWN),
        ({"item_type": 2, "group_title": "New name"}, EventKind.RENAMED),
        ({"item_type": 3, "group_action_type": 0}, EventKind.LEFT),
        ({"item_type": 3, "group_action_type": 1}, EventKind.PHOTO_CHANGED),
        ({"item_type": 3, "group_action_type": 2}, EventKind.PHOTO_REMOVED),
        ({"item_type": 4, "share_direction": 1}, EventKind.LOCATION_STARTED),
        ({"item_type": 4, "share_direction": 1, "share_status": 1}, EventKind.LOCATION_STOPPED),
        ({"item_type": 5}, EventKind.AUDIO_KEPT),
        ({"item_type": 6}, EventKind.CALL),
        ({"item_type": 99}, EventKind.UNKNOWN),
    ],
)
def test_each_event_is_known_and_unknown_ones_keep_their_numbers(db: ChatDb, columns: dict[str, Any], kind: EventKind):
    db.message(db.group(ANA, BEN), "not said by anybody", sender=ANA, other_handle=db.handle(CLEO), **columns)

    message = only(db.path)

    assert (message.kind, message.text, message.sender) == (Kind.GROUP_EVENT, "", ANA)
    assert extra_of(message).group_event == GroupEvent(
        kind,
        CLEO,
        str(columns.get("group_title", "")),
        int(str(columns["item_type"])),
        int(str(columns.get("group_action_type", 0))),
    )


@pytest.mark.parametrize("action", [3, 4, 6])
def test_backgrounds_are_kept_by_their_number_because_readers_disagree_about_them(db: ChatDb, action: int):
    db.message(db.group(ANA, BEN), item_type=3, group_action_type=action)

    event = extra_of(only(db.path)).group_event

    assert event is not None
    assert (event.kind, event.action_type) == (EventKind.UNKNOWN, action)


def test_somebody_who_adds_themselves_has_a_new_number(db: ChatDb):
    db.message(db.group(ANA, BEN), sender=ANA, item_type=1, other_handle=db.handle(ANA))

    event = extra_of(only(db.path)).group_event

    assert event is not None
    assert event.kind is EventKind.NUMBER_CHANGED


# --- balloons ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bundle", "label"),
    [
        ("com.apple.messages.URLBalloonProvider", "Link"),
        ("com.apple.messages.MSMessageExtensionBalloonPlugin:0000000000:com.apple.messages.Polls", "Poll"),
        ("com.apple.Handwriting.HandwritingProvider", "Handwritten message"),
        ("com.apple.DigitalTouchBalloonProvider", "Digital Touch"),
        ("x:0000000000:com.apple.PassbookUIService.PeerPaymentMessagesExtension", "Apple Cash"),
        ("x:0000000000:com.apple.ActivityMessagesApp.MessagesExtension", "Fitness"),
        ("x:0000000000:com.apple.mobileslideshow.PhotosMessagesApp", "Photos"),
        ("x:0000000000:com.apple.SafetyMonitorApp.SafetyMonitorMessages", "Check In"),
        ("x:0000000000:com.apple.findmy.FindMyMessagesApp", "Find My"),
        ("x:0000000000:com.example.chess.MessagesExtension", "chess"),
        ("", ""),
    ],
)
def test_a_balloon_has_the_label_of_its_app(bundle: str, label: str):
    assert app_balloon(bundle).label == label


def test_an_extensions_own_id_is_the_third_part(db: ChatDb):
    bundle = "com.apple.messages.MSMessageExtensionBalloonPlugin:ABCDE12345:com.example.chess"
    db.message(db.direct(ANA), "\ufffd", balloon_bundle_id=bundle)

    message = only(db.path)

    assert (message.kind, extra_of(message).app) == (Kind.APP, AppBalloon("com.example.chess", "chess"))


def test_a_link_keeps_its_address_as_text(db: ChatDb):
    db.message(db.direct(ANA), "https://example.com", balloon_bundle_id="com.apple.messages.URLBalloonProvider")

    message = only(db.path)

    assert (message.kind, message.text) == (Kind.LINK, "https://example.com")


def test_a_link_with_a_payload_and_no_bundle_is_a_preview(db: ChatDb):
    chat = db.direct(ANA)
    db.message(chat, "https://example.com", payload_data=b"bplist00")
    db.message(chat, "see https://example.com", payload_data=b"bplist00")

    assert [message.kind for message in messages(db.path)] == [Kind.LINK, Kind.TEXT]


# --- attachments ------------------------------------------------------------------------------------------------------


def test_attachments_come_in_the_order_in_which_they_stand_in_the_text(db: ChatDb):
    runs = [
        (1, {"__kIMFileTransferGUIDAttributeName": "at_1_SECOND"}),
        (1, {"__kIMFileTransferGUIDAttributeName": "FIRST"}),
    ]
    sent = db.rich(db.direct(ANA), "\ufffc\ufffc", runs=runs)
    db.attach(sent, guid="p:0/FIRST")
    db.attach(sent, guid="SECOND")

    assert [file.guid for file in extra_of(only(db.path)).attachments] == ["SECOND", "p:0/FIRST"]


def test_an_attachment_is_described_and_never_opened(db: ChatDb):
    sent = db.message(db.direct(ANA), "\ufffc")
    db.attach(sent, total_bytes=2**33)

    (file,) = extra_of(only(db.path)).attachments

    assert (file.name, file.mime_type, file.uti, file.size) == ("IMG_0001.HEIC", "image/heic", "public.heic", 2**33)
    assert not file.is_offloaded


@pytest.mark.parametrize(
    ("columns", "kind"),
    [
        ({"mime_type": "image/png"}, Kind.IMAGE),
        ({"mime_type": "video/quicktime"}, Kind.VIDEO),
        ({"mime_type": "audio/amr"}, Kind.AUDIO),
        ({"mime_type": "application/pdf", "uti": "com.adobe.pdf"}, Kind.FILE),
        ({"mime_type": None, "uti": "com.apple.coreaudio-format"}, Kind.AUDIO),
        ({"mime_type": None, "uti": "public.heic"}, Kind.IMAGE),
        ({"mime_type": None, "uti": None}, Kind.FILE),
        ({"is_sticker": 1}, Kind.STICKER),
    ],
)
def test_a_message_that_is_only_a_file_is_of_the_files_kind(db: ChatDb, columns: dict[str, Any], kind: Kind):
    sent = db.message(db.direct(ANA), "\ufffc")
    db.attach(sent, **columns)

    assert only(db.path).kind is kind


@pytest.mark.parametrize("columns", [{"transfer_state": 0}, {"transfer_state": 3}, {"filename": None}])
def test_a_file_that_is_not_on_the_mac_says_so(db: ChatDb, columns: dict[str, Any]):
    sent = db.message(db.direct(ANA), "\ufffc")
    db.attach(sent, **columns)

    (file,) = extra_of(only(db.path)).attachments

    assert (file.is_offloaded, file.name) == (True, "IMG_0001.HEIC")


def test_files_of_a_preview_and_hidden_ones_are_nobodys(db: ChatDb):
    sent = db.message(db.direct(ANA), "https://example.com")
    db.attach(sent, filename="~/x/ABC.pluginPayloadAttachment", transfer_name=None)
    db.attach(sent, hide_attachment=1)

    assert only(db.path).extra is None


def test_a_text_with_a_file_is_a_text(db: ChatDb):
    sent = db.message(db.direct(ANA), "\ufffcLook")
    db.attach(sent)

    message = only(db.path)

    assert (message.kind, message.text) == (Kind.TEXT, "Look")


# --- services, receipts, flags ----------------------------------------------------------------------------------------


def test_the_service_is_the_messages_own_and_never_taken_from_a_guid(db: ChatDb):
    chat = db.direct(ANA, guid=f"any;-;{ANA}")
    for service in ("iMessage", "SMS", "rcs", "iMessageLite", "Jabber"):
        db.message(chat, "x", service=service)

    assert [message.service for message in messages(db.path)] == ["iMessage", "SMS", "rcs", "iMessageLite", "Jabber"]


@pytest.mark.parametrize(
    ("guid", "style", "group"),
    [("any;-;x", 45, False), ("any;+;chat1", 43, True), ("any;+;chat1", 0, True), ("iMessage;-;x", 43, True)],
)
def test_a_group_is_told_by_style_or_guid(db: ChatDb, guid: str, style: int, group: bool):
    db.direct(ANA, guid=guid, style=style)

    assert chats(db.path)[guid].is_group is group


def test_receipts_are_those_of_the_row(db: ChatDb):
    chat = db.direct(ANA)
    db.message(chat, "unread", sender=ANA)
    db.message(chat, "read by me", sender=ANA, is_read=1)
    db.message(chat, "delivered", is_delivered=1)
    db.message(chat, "failed", error=22)

    unread, read, delivered, failed = messages(db.path)

    assert [unread.is_read, read.is_read, delivered.is_delivered] == [False, True, True]
    assert extra_of(failed).error_code == 22


def test_a_scheduled_message_is_marked_until_it_is_sent(db: ChatDb):
    chat = db.direct(ANA)
    db.message(chat, "on Monday", schedule_type=2, is_sent=0)
    db.message(chat, "sent on Monday", schedule_type=2, is_sent=1)

    waiting, sent = messages(db.path)

    assert extra_of(waiting).is_scheduled
    assert sent.extra is None


@pytest.mark.parametrize("columns", [{"is_spam": 1}, {"filter_action": 2}])
def test_spam_is_marked(tmp_path: Path, columns: dict[str, Any]):
    with ChatDb(tmp_path / "chat.db", MacOS.NEXT) as db:
        db.message(db.direct(ANA), "you have won", sender=ANA, **columns)

        assert extra_of(only(db.path)).is_spam


@pytest.mark.parametrize(("action", "unknown"), [(1, ()), (3, ()), (4, ()), (9, (("filter_action", 9),))])
def test_an_unknown_filter_is_kept_with_its_number(tmp_path: Path, action: int, unknown: tuple[object, ...]):
    with ChatDb(tmp_path / "chat.db", MacOS.NEXT) as db:
        db.message(db.direct(ANA), "x", sender=ANA, filter_action=action)

        extra = only(db.path).extra

    assert (extra.unknown if extra else ()) == unknown


@pytest.mark.parametrize(
    ("columns", "filtered"), [({}, False), ({"is_filtered": 1}, True), ({"is_blackholed": 1}, True)]
)
def test_a_chat_with_an_unknown_sender_is_marked(db: ChatDb, columns: dict[str, Any], filtered: bool):
    db.direct(ANA, **columns)

    assert chats(db.path)[f"iMessage;-;{ANA}"].is_filtered is filtered


@pytest.mark.parametrize(
    ("address", "uncanonical", "machine"),
    [
        ("22000", None, True),
        ("AMAZON", None, True),
        ("+4922000", "22000", True),
        (ANA, None, False),
        (BEN, None, False),
        ("5550142", None, False),
    ],
)
def test_short_codes_and_named_senders_are_marked(db: ChatDb, address: str, uncanonical: str | None, machine: bool):
    db.handle(address, uncanonicalized_id=uncanonical)
    db.direct(address)

    assert chats(db.path)[f"iMessage;-;{address}"].is_short_code is machine
