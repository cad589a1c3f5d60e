"""What is deleted or unsent is erased by inference_svc and training_svc: in rows of the same transaction, until each answered."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest
from assistant.common.v1 import erasure_pb2
from assistant.sync.v1 import conversations_pb2 as pb
from assistant.sync.v1 import sync_pb2

from sync_svc.storage.upsert_messages import COPY_FROM_ROWS
from tests.conftest import DatabaseAddress
from tests.deadline import eventually, eventually_answers
from tests.sync_service import (
    CHAT,
    Caller,
    DraftingService,
    LearningService,
    SyncService,
    at,
    chat,
    conversations_of,
    incoming,
    messages_of,
    running_sync_service,
    synced,
)

OTHER_CHAT = "SMS;-;+15550199"
THIRD_CHAT = "iMessage;-;third@example.org"


@pytest.fixture(autouse=True)
async def all_is_delivered(service: SyncService) -> AsyncIterator[None]:
    """No test leaves an erasure, or a peer that is away, to the next."""
    yield
    service.drafts.away = service.samples.away = False
    await eventually_answers(lambda: _none_waits(service))


async def _none_waits(service: SyncService) -> bool:
    return not await service.rows("SELECT FROM sync.erasures")


def _of(erasures: list[tuple[UUID, erasure_pb2.Erasure]], me: Caller) -> list[erasure_pb2.Erasure]:
    return [erasure for account, erasure in erasures if account == me.account_id]


async def _erasures(service: SyncService, me: Caller, count: int = 1) -> list[erasure_pb2.Erasure]:
    """What both were told, in the order in which it was told, as soon as all was acknowledged."""
    await eventually(
        lambda: all(len(_of(one, me)) >= count for one in (service.drafts.erasures, service.samples.erasures))
    )
    await eventually_answers(lambda: _none_waits(service))
    of_inference, of_training = _of(service.drafts.erasures, me), _of(service.samples.erasures, me)
    by_id = {one.erasure_id: one for one in of_inference}
    assert len(by_id) == len(of_inference) == len(of_training) == count
    assert {one.erasure_id: one for one in of_training} == by_id
    return of_inference


async def _waiting(service: SyncService, me: Caller) -> list[Any]:
    return await service.rows("SELECT * FROM sync.erasures WHERE account_id = $1", me.account_id)


async def _only_inference_waits(service: SyncService, me: Caller) -> bool:
    return [row["destination"] for row in await _waiting(service, me)] == ["inference"]


async def _ids(me: Caller) -> dict[str, str]:
    """The ids of all messages, by GUID."""
    shown = [await messages_of(me, one.conversation_id) for one in await conversations_of(me)]
    return {one.imessage_guid: one.message_id for messages in shown for one in messages}


async def _delete(me: Caller, *guids: str) -> None:
    await me.sync.DeleteMessages(sync_pb2.DeleteMessagesRequest(imessage_guids=guids))


async def test_a_deleted_conversation_is_erased_with_its_messages(service: SyncService, me: Caller):
    await synced(me, incoming("a"), incoming("b"), incoming("c", conversation_id=THIRD_CHAT))
    ids = await _ids(me)
    (conversation,) = [one for one in await conversations_of(me) if one.message_count == 2]

    await me.owner.DeleteConversation(pb.DeleteConversationRequest(conversation_id=conversation.conversation_id))

    (erasure,) = await _erasures(service, me)
    assert list(erasure.conversation_ids) == [conversation.conversation_id]
    assert sorted(erasure.message_ids) == sorted([ids["a"], ids["b"]])
    assert list(erasure.touched_conversation_ids) == []


async def test_of_a_merged_conversation_all_chats_are_erased(service: SyncService, me: Caller):
    await synced(
        me,
        incoming("a"),
        incoming("b", conversation_id=OTHER_CHAT),
        conversations=[chat(CHAT, "person"), chat(OTHER_CHAT, "person")],
    )
    ids = await _ids(me)
    (conversation,) = await conversations_of(me)

    await me.owner.DeleteConversation(pb.DeleteConversationRequest(conversation_id=conversation.conversation_id))

    (erasure,) = await _erasures(service, me)
    assert sorted(erasure.conversation_ids) == sorted(one.chat_id for one in conversation.chats)
    assert conversation.conversation_id in erasure.conversation_ids
    assert sorted(erasure.message_ids) == sorted(ids.values())


async def test_deleted_messages_are_erased_with_where_they_were_shown(service: SyncService, me: Caller):
    await synced(
        me,
        incoming("a"),
        incoming("b", minutes=1, conversation_id=OTHER_CHAT),
        incoming("c", conversation_id=THIRD_CHAT),
        incoming("stays", conversation_id=THIRD_CHAT),
        conversations=[chat(CHAT, "person"), chat(OTHER_CHAT, "person")],
    )
    ids, shown = await _ids(me), [one.conversation_id for one in await conversations_of(me)]

    await _delete(me, "a", "b", "c", "unknown")

    (erasure,) = await _erasures(service, me)
    assert list(erasure.conversation_ids) == []
    assert sorted(erasure.message_ids) == sorted(ids[guid] for guid in "abc")
    assert sorted(erasure.touched_conversation_ids) == sorted(shown)


async def test_many_messages_are_erased_in_several_parts(service: SyncService, me: Caller):
    for start in (0, 1_250):
        await synced(me, *(incoming(f"m{start + number}") for number in range(1_250)))
    rows = await service.rows("SELECT id FROM sync.messages WHERE account_id = $1", me.account_id)
    (conversation,) = await conversations_of(me)

    await me.owner.DeleteConversation(pb.DeleteConversationRequest(conversation_id=conversation.conversation_id))

    erasures = await _erasures(service, me, 3)
    assert sorted(len(one.message_ids) for one in erasures) == [500, 1_000, 1_000]
    assert {each for one in erasures for each in one.message_ids} == {str(row["id"]) for row in rows}
    assert [each for one in erasures for each in one.conversation_ids] == [conversation.conversation_id]


@pytest.mark.parametrize("others", [0, COPY_FROM_ROWS])
async def test_a_message_that_is_unsent_is_erased_once(service: SyncService, me: Caller, others: int):
    await synced(me, incoming("a", state_hash=1), incoming("b"))
    ids, (conversation,) = await _ids(me), await conversations_of(me)
    unsent = incoming("a", "", state_hash=2, unsent_at=at(1))
    beside = [incoming(f"other{number}") for number in range(others)]

    await synced(me, unsent, *beside)
    await synced(me, unsent, *beside)
    await synced(me, incoming("a", "", state_hash=3, unsent_at=at(2)), *beside)

    (erasure,) = await _erasures(service, me)
    assert list(erasure.message_ids) == [ids["a"]]
    assert list(erasure.touched_conversation_ids) == [conversation.conversation_id]


async def test_a_message_of_which_a_part_is_unsent_is_erased(service: SyncService, me: Caller):
    await synced(me, incoming("a", "hello and a photo", state_hash=1))
    ids = await _ids(me)

    await synced(me, incoming("a", "hello", state_hash=2, unsent_parts=[1]))
    await synced(me, incoming("a", "hello", state_hash=3, unsent_parts=[1], read_at=at(3)))

    (erasure,) = await _erasures(service, me)
    assert list(erasure.message_ids) == [ids["a"]]


async def test_what_changes_nothing_writes_nothing(service: SyncService, me: Caller):
    service.drafts.away = service.samples.away = True
    await synced(me, incoming("new", "", state_hash=1, unsent_at=at(1)), incoming("a", state_hash=1))
    await synced(me, incoming("new", "", state_hash=2, unsent_at=at(1)), incoming("a", "edited", state_hash=2))
    await _delete(me, "unknown")

    assert await _waiting(service, me) == []


async def test_another_account_keeps_its_messages(service: SyncService, me: Caller):
    other = service.caller()
    await synced(me, incoming("a"))
    await synced(other, incoming("a"))

    await _delete(me, "a")

    await _erasures(service, me)
    assert _of(service.drafts.erasures, other) == _of(service.samples.erasures, other) == []
    assert len(await _ids(other)) == 1


async def test_each_is_told_by_itself_and_later_when_it_was_away(service: SyncService, me: Caller):
    service.samples.away = True
    await synced(me, incoming("a"))

    await _delete(me, "a")
    await eventually(lambda: len(_of(service.drafts.erasures, me)) == 1)
    meanwhile = _of(service.samples.erasures, me)
    service.samples.away = False

    await _erasures(service, me)
    assert meanwhile == []


async def test_what_inference_erased_late_is_erased_in_training_once_more(service: SyncService, me: Caller):
    service.drafts.away = True
    await synced(me, incoming("a"))
    await _delete(me, "a")
    await eventually_answers(lambda: _only_inference_waits(service, me))
    # Its drafts may have become feedback after training_svc's tombstone ended.
    await service.change_rows("UPDATE sync.erasures SET created_at = now() - interval '2 days'")

    service.drafts.away = False

    await eventually(lambda: len(_of(service.samples.erasures, me)) == 2)
    await eventually_answers(lambda: _none_waits(service))
    first, again = _of(service.samples.erasures, me)
    assert first == again
    assert _of(service.drafts.erasures, me) == [first]


async def test_the_next_process_delivers_what_was_committed_before_the_one_before_died(
    service: SyncService, database: DatabaseAddress
):
    # The process of this module shares the database, and is to leave the erasure alone.
    service.drafts.away = service.samples.away = True
    away, learner_away = DraftingService(away=True), LearningService(away=True)  # type: ignore[abstract]
    async with running_sync_service(database, devices=service.devices, drafts=away, samples=learner_away) as first:
        me = first.caller()
        await synced(me, incoming("a"))
        await _delete(me, "a")
    # As a process leaves it that was killed while it delivered.
    await service.change_rows("UPDATE sync.erasures SET attempts = 1, next_attempt_at = now() + interval '1 second'")

    async with running_sync_service(database, devices=service.devices) as second:
        (erasure,) = await _erasures(second, me)

    assert len(erasure.message_ids) == 1
    assert away.erasures == learner_away.erasures == []


async def test_an_arrival_goes_with_its_message(service: SyncService, me: Caller):
    service.drafts.away = True
    await synced(me, incoming("a"), incoming("b", conversation_id=OTHER_CHAT))
    rows = await service.rows("SELECT id, conversation_id FROM sync.messages WHERE account_id = $1", me.account_id)
    for row in rows:
        await service.change_rows(
            "INSERT INTO sync.arrivals (account_id, conversation_id, message_id) VALUES ($1, $2, $3)",
            me.account_id,
            row["conversation_id"],
            row["id"],
        )

    await _delete(me, "a")
    (left,) = await _with_messages(me)
    await me.owner.DeleteConversation(pb.DeleteConversationRequest(conversation_id=left))

    assert await service.rows("SELECT FROM sync.arrivals WHERE account_id = $1", me.account_id) == []


async def _with_messages(me: Caller) -> list[str]:
    """The conversations that have messages."""
    return [one.conversation_id for one in await conversations_of(me) if one.message_count]
