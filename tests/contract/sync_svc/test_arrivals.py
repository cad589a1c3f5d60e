"""What arrives is told to inference_svc: the newest message of each conversation and the owner's own, until it was taken note of."""

from typing import Any

import pytest
from assistant.inference.v1 import responses_pb2
from assistant.sync.v1 import conversations_pb2 as pb
from assistant.sync.v1 import messages_pb2, sync_pb2

from tests.conftest import DatabaseAddress
from tests.deadline import eventually, eventually_answers
from tests.sync_service import (
    CHAT,
    Caller,
    DraftingService,
    SyncService,
    ago,
    at,
    chat,
    conversations_of,
    incoming,
    messages_of,
    outgoing,
    running_sync_service,
    synced,
)

OTHER_CHAT = "SMS;-;+15550199"
PHOTO = messages_pb2.Attachment(guid="photo", mime_type="image/jpeg")


async def _arrivals(service: SyncService, me: Caller, count: int = 1) -> list[responses_pb2.Arrival]:
    """What was noted, as soon as there are so many."""
    await eventually(lambda: len(service.drafts.of(me)) >= count)
    return service.drafts.of(me)


async def _ids(me: Caller) -> dict[str, str]:
    """The ids of all messages, by GUID."""
    shown = [await messages_of(me, one.conversation_id) for one in await conversations_of(me)]
    return {one.imessage_guid: one.message_id for messages in shown for one in messages}


async def _waiting(service: SyncService, me: Caller) -> list[Any]:
    return await service.rows("SELECT message_id FROM sync.arrivals WHERE account_id = $1", me.account_id)


async def _all_told(service: SyncService, me: Caller) -> None:
    async def none_waits() -> bool:
        return not await _waiting(service, me)

    await eventually_answers(none_waits)


async def _told_beside(service: SyncService, me: Caller, guid: str) -> list[str]:
    """The GUIDs of all that was told, as soon as a plain message was that is brought now, in another chat."""
    await synced(me, incoming(guid, minutes=ago(0), conversation_id=OTHER_CHAT, sender_id="+15550199"))
    await _arrivals(service, me)
    await _all_told(service, me)
    guids = {message_id: known for known, message_id in (await _ids(me)).items()}
    return [guids[one.message_id] for one in service.drafts.of(me)]


async def test_a_message_that_arrives_is_told_and_then_forgotten(service: SyncService, me: Caller):
    await synced(me, incoming("a", minutes=ago(1)))

    (arrival,) = await _arrivals(service, me)

    (conversation,) = await conversations_of(me)
    assert arrival == responses_pb2.Arrival(
        conversation_id=conversation.conversation_id, message_id=(await _ids(me))["a"]
    )
    await _all_told(service, me)


async def test_what_the_owner_wrote_is_told_with_its_text(service: SyncService, me: Caller):
    await synced(me, incoming("a", minutes=ago(2)), outgoing("b", "on my way", minutes=ago(1)))

    (arrival,) = await _arrivals(service, me)

    assert (arrival.message_id, arrival.is_own, arrival.own_text) == ((await _ids(me))["b"], True, "on my way")


async def test_what_the_owner_wrote_is_told_also_when_it_was_answered_at_once(service: SyncService, me: Caller):
    await synced(
        me,
        incoming("a", minutes=ago(5)),
        outgoing("b", "on my way", minutes=ago(4)),
        outgoing("photo", "", minutes=ago(3.5), attachments=[PHOTO]),
        outgoing("c", "ten minutes", minutes=ago(3)),
        incoming("d", minutes=ago(2)),
    )

    arrivals = await _arrivals(service, me, 3)

    ids = await _ids(me)
    assert [one.message_id for one in arrivals] == [ids["b"], ids["c"], ids["d"]]
    assert [(one.is_own, one.own_text) for one in arrivals] == [
        (True, "on my way"),
        (True, "ten minutes"),
        (False, ""),
    ]
    await _all_told(service, me)
    assert len(service.drafts.of(me)) == 3


async def test_what_the_owner_wrote_while_inference_svc_was_away_is_told_before_the_newest(
    service: SyncService, me: Caller
):
    service.drafts.away = True
    await synced(me, incoming("a", minutes=ago(4)), outgoing("b", "on my way", minutes=ago(3)))
    await synced(me, incoming("c", minutes=ago(2)))
    await synced(me, outgoing("d", "nearly there", minutes=ago(1)), incoming("e", minutes=ago(0)))
    service.drafts.away = False

    told = [one.message_id for one in await _arrivals(service, me, 3)]

    ids = await _ids(me)
    assert told == [ids["b"], ids["d"], ids["e"]]


async def test_of_very_many_own_messages_the_first_ones_and_the_newest_are_told(service: SyncService, me: Caller):
    service.drafts.away = True
    for number in range(6):
        await synced(me, *[outgoing(f"{number}/{each}", minutes=ago(9 - number - each / 2)) for each in range(2)])
    service.drafts.away = False

    told = [one.message_id for one in await _arrivals(service, me, 9)]

    ids = await _ids(me)
    assert told == [ids[f"{number}/{each}"] for number in range(4) for each in range(2)] + [ids["5/1"]]


async def test_an_own_message_that_comes_after_a_newer_one_is_not_told(service: SyncService, me: Caller):
    await synced(me, incoming("b", minutes=ago(1)))
    await _arrivals(service, me)

    await synced(me, outgoing("a", "on my way", minutes=ago(2)))

    await _all_told(service, me)
    assert [one.message_id for one in service.drafts.of(me)] == [(await _ids(me))["b"]]


async def test_one_batch_for_rest_is_told_too(service: SyncService, me: Caller):
    batch = sync_pb2.SyncMessageBatchRequest(conversation_id=CHAT, messages=[incoming("a", minutes=ago(1))])
    batch.messages[0].conversation_id = ""
    stored = await me.sync.SyncMessageBatch(batch)

    (arrival,) = await _arrivals(service, me)

    assert [arrival.message_id] == list(stored.message_ids)


@pytest.mark.parametrize(
    "fields",
    [
        {"sent_ago": 11},
        {"sent_ago": 60 * 24 * 365},
        {"sent_ago": -11},
        {"is_backfill": True},
        {"is_scheduled": True},
        {"is_spam": True},
        {"has_one_time_code": True},
        {"text": "", "unsent_at": at(0)},
        {"text": ""},
        {"text": "", "sender_id": "", "direction": messages_pb2.DIRECTION_OUTGOING, "attachments": [PHOTO]},
    ],
)
async def test_what_is_no_news_is_not_told(service: SyncService, me: Caller, fields: dict[str, Any]):
    said = {name: value for name, value in fields.items() if name != "sent_ago"}
    await synced(me, incoming("a", **{"minutes": ago(fields.get("sent_ago", 1)), **said}))

    assert await _told_beside(service, me, "b") == ["b"]


async def test_a_photo_from_somebody_is_news(service: SyncService, me: Caller):
    await synced(me, incoming("a", "", minutes=ago(1), attachments=[PHOTO]))

    assert (await _arrivals(service, me))[0].message_id == (await _ids(me))["a"]


async def test_a_change_of_a_message_is_no_arrival(service: SyncService, me: Caller):
    await synced(me, incoming("a", minutes=ago(1), state_hash=1))
    await _arrivals(service, me)
    await _all_told(service, me)

    changed = await synced(me, incoming("a", "edited", minutes=ago(1), state_hash=2, edited_at=at(0)))

    assert (changed.updated, await _waiting(service, me), len(service.drafts.of(me))) == (1, [], 1)


async def test_what_is_older_than_the_newest_is_not_told(service: SyncService, me: Caller):
    await synced(me, incoming("b", minutes=ago(1)))
    await _arrivals(service, me)

    await synced(me, incoming("a", minutes=ago(5)))

    await _all_told(service, me)
    assert [one.message_id for one in service.drafts.of(me)] == [(await _ids(me))["b"]]


async def test_a_preview_of_a_link_stands_back_behind_the_link(service: SyncService, me: Caller):
    link = "https://example.org"
    preview = incoming("b", link, minutes=ago(1), message_type=messages_pb2.MESSAGE_TYPE_LINK)
    await synced(me, incoming("a", link, minutes=ago(1.1)), preview)

    assert (await _arrivals(service, me))[0].message_id == (await _ids(me))["a"]


async def test_a_note_to_self_is_not_told(service: SyncService, me: Caller):
    await synced(
        me, incoming("a", minutes=ago(1)), conversations=[chat(CHAT, participants=["+15550100"], is_self=True)]
    )

    assert await _told_beside(service, me, "b") == ["b"]


async def _wish_drafts(me: Caller) -> None:
    (conversation,) = await conversations_of(me)
    wish = pb.ConversationSettings(auto_draft=True)
    await me.owner.UpdateConversation(
        pb.UpdateConversationRequest(conversation_id=conversation.conversation_id, settings=wish)
    )


@pytest.mark.parametrize(
    ("description", "wanted"), [({}, True), ({"is_filtered": True}, False), ({"is_short_code": True}, False)]
)
async def test_a_draft_is_wanted_where_the_owner_said_so_and_a_person_is_there(
    service: SyncService, me: Caller, description: dict[str, Any], wanted: bool
):
    described = chat(CHAT, participants=["+15550100"], **description)
    await synced(me, incoming("old"), conversations=[described])
    await _wish_drafts(me)

    await synced(me, incoming("a", minutes=ago(1)))

    assert [one.auto_draft for one in await _arrivals(service, me)] == [wanted]


async def test_merged_chats_are_one_conversation(service: SyncService, me: Caller):
    chats = [chat(CHAT, "person", participants=["+15550100"]), chat(OTHER_CHAT, "person", participants=["+15550199"])]
    await synced(
        me,
        incoming("a", minutes=ago(2)),
        incoming("b", minutes=ago(1), conversation_id=OTHER_CHAT, sender_id="+15550199"),
        conversations=chats,
    )

    (arrival,) = await _arrivals(service, me)

    (conversation,) = await conversations_of(me)
    await _all_told(service, me)
    assert (arrival.conversation_id, arrival.message_id) == (conversation.conversation_id, (await _ids(me))["b"])
    assert len(service.drafts.of(me)) == 1


async def test_each_account_is_told_by_itself(service: SyncService, me: Caller):
    other = service.caller()
    await synced(me, incoming("a", minutes=ago(1)))
    await synced(other, incoming("a", minutes=ago(1)))

    assert len(await _arrivals(service, me)) == len(await _arrivals(service, other)) == 1


async def test_while_inference_svc_is_away_the_newest_waits(service: SyncService, me: Caller):
    service.drafts.away = True
    before = service.drafts.calls
    await synced(me, incoming("a", minutes=ago(2)))
    await eventually(lambda: service.drafts.calls > before)
    await synced(me, incoming("b", minutes=ago(1)))
    service.drafts.away = False

    arrivals = await _arrivals(service, me)

    await _all_told(service, me)
    assert [one.message_id for one in arrivals] == [(await _ids(me))["b"]]


async def test_what_was_not_acknowledged_is_told_again_and_then_forgotten(service: SyncService, me: Caller):
    service.drafts.breaks = True
    await synced(me, incoming("a", minutes=ago(1)))
    await _arrivals(service, me, 2)
    service.drafts.breaks = False

    await _all_told(service, me)

    assert {one.message_id for one in service.drafts.of(me)} == {(await _ids(me))["a"]}


async def test_one_that_is_refused_holds_up_no_other(service: SyncService, me: Caller):
    service.drafts.away = True
    await synced(
        me,
        incoming("a", minutes=ago(2)),
        incoming("b", minutes=ago(1), conversation_id=OTHER_CHAT, sender_id="+15550199"),
    )
    ids = await _ids(me)
    service.drafts.refused.add(ids["a"])
    service.drafts.away = False

    told = [one.message_id for one in await _arrivals(service, me)]

    waiting = [str(row["message_id"]) for row in await _waiting(service, me)]
    service.drafts.refused.clear()
    await _arrivals(service, me, 2)
    assert (told, waiting) == ([ids["b"]], [ids["a"]])


async def test_what_waited_for_too_long_is_dropped(service: SyncService, me: Caller):
    service.drafts.away = True
    await synced(me, incoming("a", minutes=ago(1)))
    await service.change_rows("UPDATE sync.arrivals SET arrived_at = now() - interval '16 minutes'")

    await _all_told(service, me)

    service.drafts.away = False
    assert service.drafts.of(me) == []


async def test_what_was_deleted_before_it_was_told_is_not_told(service: SyncService, me: Caller):
    service.drafts.away = True
    await synced(me, incoming("a", minutes=ago(1)))
    await me.sync.DeleteMessages(sync_pb2.DeleteMessagesRequest(imessage_guids=["a"]))
    service.drafts.away = False

    await _all_told(service, me)

    assert service.drafts.of(me) == []


async def test_the_next_process_tells_what_the_one_before_could_not(service: SyncService, database: DatabaseAddress):
    # The process of this module shares the database, and is to leave the arrival alone.
    service.drafts.away = True
    away, there = DraftingService(away=True), DraftingService()
    async with running_sync_service(database, devices=service.devices, drafts=away) as first:
        me = first.caller()
        await synced(me, incoming("a", minutes=ago(1)))

    async with running_sync_service(database, devices=service.devices, drafts=there) as second:
        (arrival,) = await _arrivals(second, me)

    service.drafts.away = False
    assert arrival.message_id == (await _ids(service.caller(me.account_id)))["a"]
    assert away.noted == []


async def test_no_log_has_what_the_owner_wrote(service: SyncService, me: Caller, capfd: pytest.CaptureFixture[str]):
    service.drafts.away = True
    await synced(me, outgoing("a", "a secret canary", minutes=ago(1)))
    ids = await _ids(me)
    service.drafts.refused.add(ids["a"])
    service.drafts.away = False
    before = service.drafts.calls
    await eventually(lambda: service.drafts.calls > before)
    service.drafts.refused.clear()

    (arrival,) = await _arrivals(service, me)

    written = capfd.readouterr()
    assert arrival.own_text == "a secret canary"
    assert "arrivals" in written.out + written.err
    assert "canary" not in written.out + written.err
