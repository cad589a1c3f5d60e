"""Two devices of one account that know different things of the same messages."""

from typing import Any
from uuid import UUID

import pytest
from assistant.sync.v1 import conversations_pb2 as pb
from assistant.sync.v1 import messages_pb2, sync_pb2

from tests.sync_service import (
    CHAT,
    Caller,
    SyncService,
    at,
    chat,
    conversations_of,
    incoming,
    messages_of,
    synced,
)

BEFORE: dict[str, Any] = {"text": "regretted", "state_hash": 1}
UNSENT: dict[str, Any] = {"state_hash": 2, "unsent_at": at(1)}


@pytest.fixture
def other(service: SyncService, me: Caller) -> Caller:
    """Another device of the same account."""
    return service.caller(me.account_id)


async def _a(me: Caller) -> pb.Message:
    (conversation,) = await conversations_of(me)
    return next(one for one in await messages_of(me, conversation.conversation_id) if one.imessage_guid == "a")


def _loved(minutes: float) -> messages_pb2.Reaction:
    return messages_pb2.Reaction(sender_id="+1", kind="love", reacted_at=at(minutes))


async def _age_syncs(service: SyncService, device_id: UUID, days: float) -> None:
    await service.change_rows(
        "UPDATE sync.sync_states SET last_sync_at = last_sync_at - $2 * interval '1 day' WHERE device_id = $1",
        device_id,
        days,
    )


async def test_what_one_device_unsent_another_does_not_bring_back(me: Caller, other: Caller):
    await synced(other, incoming("a", **BEFORE))
    await synced(me, incoming("a", **UNSENT))

    answer = await synced(other, incoming("a", **BEFORE))

    message = await _a(me)
    assert (answer.received, answer.inserted, answer.updated) == (1, 0, 0)
    assert (message.text, message.unsent_at) == ("", at(1))


async def test_what_was_unsent_in_part_stays_so(me: Caller):
    await synced(me, incoming("a", "the rest", state_hash=2, unsent_parts=[1]))

    answer = await synced(me, incoming("a", **BEFORE))

    assert (answer.updated, (await _a(me)).text) == (0, "the rest")


@pytest.mark.parametrize("silent", [False, True])
async def test_an_unsending_is_not_taken_back_by_its_own_device_either(service: SyncService, me: Caller, silent: bool):
    await synced(me, incoming("a", **UNSENT))
    if silent:
        await _age_syncs(service, me.device_id, 8)

    answer = await synced(me, incoming("a", **BEFORE))

    assert (answer.updated, (await _a(me)).text) == (0, "")


@pytest.mark.parametrize(
    ("newer", "older"),
    [
        ({"edited_at": at(2)}, {}),
        ({"edited_at": at(3)}, {"edited_at": at(2)}),
        ({"edited_at": at(2)}, {"read_at": at(9)}),
        ({"read_at": at(2)}, {}),
        ({"read_at": at(2)}, {"delivered_at": at(1)}),
        ({"delivered_at": at(2)}, {}),
        ({"reactions": [_loved(5)]}, {"read_at": at(4)}),
        ({"reactions": [_loved(5), _loved(2)]}, {"reactions": [_loved(4)]}),
        ({"unsent_at": at(2)}, {"edited_at": at(9), "read_at": at(9)}),
        ({"unsent_parts": [1]}, {"edited_at": at(9), "read_at": at(9)}),
        ({"unsent_parts": [0, 1]}, {"unsent_parts": [1]}),
        ({"unsent_at": at(2)}, {"unsent_parts": [0, 1]}),
        ({}, {"is_scheduled": True}),
    ],
)
async def test_an_older_state_of_another_device_replaces_no_newer_one(
    me: Caller, other: Caller, newer: dict[str, Any], older: dict[str, Any]
):
    await synced(other, incoming("a", "older", state_hash=1, **older))

    raised = await synced(me, incoming("a", "newer", state_hash=2, **newer))
    kept = [await synced(other, incoming("a", "older", state_hash=1, **older)) for _ in range(2)]

    stored = await _a(me)
    assert (raised.updated, [one.updated for one in kept]) == (1, [0, 0])
    assert stored.text == ("" if "unsent_at" in newer else "newer")


async def test_many_rows_by_copy_obey_the_same_order(me: Caller, other: Caller):
    many = [incoming(f"m{number}", minutes=-number, state_hash=1) for number in range(1, 600)]
    await synced(me, incoming("a", **UNSENT), *many)

    answer = await synced(other, incoming("a", **BEFORE), *many)

    assert (answer.updated, (await _a(me)).text) == (0, "")


async def test_of_equal_states_the_one_that_is_there_stays(me: Caller, other: Caller):
    await synced(me, incoming("a", "mine", state_hash=1))

    theirs = [await synced(other, incoming("a", "theirs", state_hash=2)) for _ in range(2)]
    mine = await synced(me, incoming("a", "mine", state_hash=1))

    assert [one.updated for one in (*theirs, mine)] == [0, 0, 0]
    assert (await _a(me)).text == "mine"


async def test_the_device_that_wrote_a_message_last_may_change_it(me: Caller, other: Caller):
    await synced(me, incoming("a", "mine", state_hash=1, read_at=at(1)))
    await synced(other, incoming("a", "theirs", state_hash=2, read_at=at(2)))

    again = await synced(other, incoming("a", "theirs, read better", state_hash=3))

    assert (again.updated, (await _a(me)).text) == (1, "theirs, read better")


async def test_a_reaction_that_was_taken_away_is_not_brought_back_by_who_has_not_heard_of_it(me: Caller, other: Caller):
    loved = incoming("a", state_hash=1, reactions=[_loved(5)])
    await synced(me, loved)
    await synced(me, incoming("a", state_hash=2))

    late = await synced(other, loved)
    new = await synced(other, incoming("a", state_hash=3, reactions=[_loved(6)]))

    assert (late.updated, new.updated) == (0, 1)
    assert [one.reacted_at for one in (await _a(me)).reactions] == [at(6)]


@pytest.mark.parametrize(("days", "updated"), [(6, 0), (8, 1)])
async def test_a_device_that_is_silent_for_a_week_has_no_claim_any_more(
    service: SyncService, me: Caller, other: Caller, days: float, updated: int
):
    await synced(other, incoming("a", "theirs", state_hash=1))
    await _age_syncs(service, other.device_id, days)

    answer = await synced(me, incoming("a", "mine", state_hash=2))

    assert answer.updated == updated


async def test_what_was_written_before_its_device_was_kept_is_anybodys(service: SyncService, me: Caller, other: Caller):
    await synced(other, incoming("a", "theirs", state_hash=1, read_at=at(5)))
    await service.change_rows("UPDATE sync.messages SET written_by = NULL WHERE account_id = $1", me.account_id)

    first = await synced(me, incoming("a", "mine", state_hash=2))
    then = await synced(other, incoming("a", "theirs", state_hash=3))

    assert (first.updated, then.updated, (await _a(me)).text) == (1, 0, "mine")


async def _delete(device: Caller, *guids: str) -> int:
    answer = await device.sync.DeleteMessages(sync_pb2.DeleteMessagesRequest(imessage_guids=guids))
    return int(answer.deleted)


async def test_what_one_device_deleted_another_does_not_bring_back(me: Caller, other: Caller):
    messages = [incoming("a", state_hash=1), incoming("b", minutes=1, state_hash=2)]
    await synced(me, *messages)

    deleted = await _delete(me, "a")
    answer = await synced(other, *messages)

    digest = (await other.sync.GetDigests(sync_pb2.GetDigestsRequest())).digests[0]
    states = (await other.sync.ListMessageStates(sync_pb2.ListMessageStatesRequest(conversation_id=CHAT))).states
    assert (deleted, answer.received, answer.inserted, answer.updated) == (1, 2, 0, 0)
    assert (digest.message_count, digest.hash, [one.imessage_guid for one in states]) == (1, 2, ["b"])


async def test_what_was_deleted_before_another_device_brought_it_does_not_come(me: Caller, other: Caller):
    assert await _delete(me, "a") == 0

    answer = await synced(other, incoming("a"))

    assert answer.inserted == 0
    assert await conversations_of(me) == []


async def test_the_device_that_deleted_a_message_may_take_it_back(me: Caller, other: Caller):
    await synced(me, incoming("a", state_hash=1))
    await _delete(me, "a")

    back = await synced(me, incoming("a", state_hash=1))
    theirs = await synced(other, incoming("a", "read", state_hash=2, read_at=at(1)))

    assert (back.inserted, theirs.updated, (await _a(me)).text) == (1, 1, "read")


async def test_each_device_that_deleted_a_message_may_take_it_back(me: Caller, other: Caller):
    await synced(me, incoming("a"))
    await _delete(me, "a")
    await _delete(other, "a")

    back = await synced(me, incoming("a"))
    again = await synced(other, incoming("a"))

    assert (back.inserted, again.inserted, again.updated) == (1, 0, 0)


async def test_a_batch_has_no_id_for_what_another_device_deleted(me: Caller, other: Caller):
    await _delete(me, "a")
    batch = sync_pb2.SyncMessageBatchRequest(conversation_id=CHAT, messages=[incoming("a"), incoming("b")])

    answer = await other.sync.SyncMessageBatch(batch)

    assert (answer.received, answer.inserted) == (2, 1)
    assert [bool(one) for one in answer.message_ids] == [False, True]


async def test_a_deletion_concerns_its_account_alone(service: SyncService, me: Caller):
    await _delete(me, "a")

    assert (await synced(service.caller(), incoming("a"))).inserted == 1


MAIL = "iMessage;-;ana@example.com"


async def _merged_by(device: Caller) -> None:
    chats = [chat(CHAT, "ana"), chat(MAIL, "ana")]
    await synced(device, incoming("a"), incoming("m", minutes=1, conversation_id=MAIL), conversations=chats)


async def _sizes(me: Caller) -> list[int]:
    return [len(one.chats) for one in await conversations_of(me)]


@pytest.mark.parametrize("key", ["", "by mail"])
async def test_a_device_that_knows_nobody_parts_no_conversation(me: Caller, other: Caller, key: str):
    await _merged_by(me)

    await synced(other, conversations=[chat(MAIL, key)])

    assert await _sizes(me) == [2]


async def test_a_device_that_knows_somebody_joins_what_another_has_apart(me: Caller, other: Caller):
    apart = [chat(CHAT, "by phone"), chat(MAIL, "by mail")]
    await synced(other, incoming("a"), incoming("m", minutes=1, conversation_id=MAIL), conversations=apart)

    await synced(me, conversations=[chat(CHAT, "ana"), chat(MAIL, "ana")])
    together = await _sizes(me)
    await synced(other, conversations=apart)
    after_other = await _sizes(me)
    await synced(me, conversations=[chat(MAIL, "somebody else")])

    assert (together, after_other, await _sizes(me)) == ([2], [2], [1, 1])


@pytest.mark.parametrize(("days", "sizes"), [(6, [2]), (8, [1, 1])])
async def test_the_keys_of_a_device_that_is_silent_for_a_week_may_be_changed(
    service: SyncService, me: Caller, other: Caller, days: float, sizes: list[int]
):
    await _merged_by(other)
    await _age_syncs(service, other.device_id, days)

    await synced(me, conversations=[chat(MAIL, "by mail")])

    assert await _sizes(me) == sizes


async def test_two_devices_that_join_differently_do_not_take_turns(me: Caller, other: Caller):
    await _merged_by(me)
    await synced(me, incoming("c", minutes=2, conversation_id="c"), conversations=[chat("c", "carl")])

    await synced(other, conversations=[chat(MAIL, "carl")])

    assert await _sizes(me) == [1, 2]


async def test_a_device_that_knows_no_name_takes_none_away(me: Caller, other: Caller):
    await synced(me, incoming("a"), conversations=[chat(CHAT, display_name="Choir", is_group=True)])

    await synced(other, conversations=[chat(CHAT, is_group=True)])
    kept = (await conversations_of(me))[0].display_name
    await synced(other, conversations=[chat(CHAT, display_name="The choir", is_group=True)])
    renamed = (await conversations_of(me))[0].display_name
    await synced(other, conversations=[chat(CHAT, is_group=True)])

    assert (kept, renamed, (await conversations_of(me))[0].display_name) == ("Choir", "The choir", CHAT)
