"""GetDigests and ListMessageStates: how a device finds what it missed."""

import functools
import operator
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
import pytest
from assistant.sync.v1 import conversations_pb2 as pb
from assistant.sync.v1 import messages_pb2, sync_pb2
from google.protobuf.timestamp_pb2 import Timestamp

from tests.sync_service import CHAT, Caller, SyncService, at, chat, conversations_of, incoming, synced

GUIDS = ("any;+;chat1", "iMessage;-;+1", "iMessage;-;Z", "iMessage;-;a", "iMessage;-;é")


async def _digests(me: Caller, size: int = 0, **fields) -> list[sync_pb2.ConversationDigest]:
    digests, token = [], ""
    while True:
        asked = sync_pb2.GetDigestsRequest(page_size=size, page_token=token, **fields)
        answer = await me.sync.GetDigests(asked)
        assert len(answer.digests) <= (size or 500)
        digests += answer.digests
        token = answer.next_page_token
        if not token:
            return digests


async def _states(me: Caller, guid: str = CHAT, size: int = 0, **fields) -> list[tuple[str, int]]:
    states, token = [], ""
    while True:
        asked = sync_pb2.ListMessageStatesRequest(conversation_id=guid, page_size=size, page_token=token, **fields)
        answer = await me.sync.ListMessageStates(asked)
        states += [(one.imessage_guid, one.state_hash) for one in answer.states]
        token = answer.next_page_token
        if not token:
            return states


async def _delete(me: Caller, guid: str) -> None:
    conversation_id = next(one.conversation_id for one in await conversations_of(me) if one.imessage_id == guid)
    await me.owner.DeleteConversation(pb.DeleteConversationRequest(conversation_id=conversation_id))


def _messages() -> list[sync_pb2.SyncedMessage]:
    """Some of each chat, with hashes of both signs."""
    return [
        incoming(
            f"{guid}/{n}", minutes=n, conversation_id=guid, state_hash=(n * 0x9E3779B97F4A7C15 + place) % 2**64 - 2**63
        )
        for place, guid in enumerate(GUIDS)
        for n in range(place + 2)
    ]


def _expected(messages: Iterable[sync_pb2.SyncedMessage]) -> list[tuple[str, int, int]]:
    by_guid: dict[str, list[int]] = {}
    for message in messages:
        by_guid.setdefault(message.conversation_id, []).append(message.state_hash)
    return [
        (guid, len(hashes), functools.reduce(operator.xor, hashes))
        for guid, hashes in sorted(by_guid.items(), key=lambda item: item[0].encode())
    ]


def _told(digests: Iterable[sync_pb2.ConversationDigest]) -> list[tuple[str, int, int]]:
    return [(one.conversation_id, one.message_count, one.hash) for one in digests]


async def test_the_sync_state_brings_digests_when_asked(me: Caller):
    await synced(me, *_messages(), cursor="here")

    plain = await me.sync.GetSyncState(sync_pb2.GetSyncStateRequest())
    asked = await me.sync.GetSyncState(sync_pb2.GetSyncStateRequest(digests_since=at(2)))

    assert not plain.digests
    assert (asked.cursor, asked.digests_page_token) == ("here", "")
    assert list(asked.digests) == await _digests(me, since=at(2)) != await _digests(me)


async def test_a_sync_state_with_more_digests_than_a_page_says_where_they_go_on(me: Caller):
    await synced(me, *(incoming(str(n), conversation_id=f"chat-{n:04}") for n in range(501)))

    state = await me.sync.GetSyncState(sync_pb2.GetSyncStateRequest(digests_since=at(0)))
    rest = await me.sync.GetDigests(sync_pb2.GetDigestsRequest(since=at(0), page_token=state.digests_page_token))

    assert len(state.digests) == 500
    assert [one.conversation_id for one in rest.digests] == ["chat-0500"]


@pytest.mark.parametrize("size", [0, 1, 2, 5])
async def test_digests_are_those_of_the_messages(me: Caller, size: int):
    messages = _messages()
    await synced(me, *messages)

    digests = await _digests(me, size)

    assert _told(digests) == _expected(messages)
    assert not any(one.HasField("deleted_up_to") for one in digests)


async def test_digests_may_be_of_the_newest_messages_only(me: Caller):
    messages = _messages()
    await synced(me, *messages)

    digests = await _digests(me, 2, since=at(3))

    assert _told(digests) == _expected(one for one in messages if one.sent_at.seconds >= at(3).seconds)
    assert len(digests) == 3


async def test_digests_see_what_is_not_listed_as_newest(me: Caller):
    event = {"message_type": messages_pb2.MESSAGE_TYPE_GROUP_EVENT, "group_event": {"kind": 3}}
    messages = [
        incoming("said", minutes=1, state_hash=1),
        incoming("event", "", 2, state_hash=2, **event),
        incoming("scheduled", "later", 100, state_hash=4, is_scheduled=True, conversation_id="other"),
    ]
    await synced(me, *messages)

    assert _told(await _digests(me, since=at(2))) == [(CHAT, 1, 2), ("other", 1, 4)]


async def test_merged_chats_have_digests_of_their_own(me: Caller):
    await synced(me, *_messages(), conversations=[chat(guid, "one") for guid in GUIDS])

    assert _told(await _digests(me)) == _expected(_messages())


async def test_chats_without_messages_have_no_digest(me: Caller):
    await synced(me, conversations=[chat()])

    assert await _digests(me) == []


async def test_deleted_conversations_say_until_when(me: Caller):
    await synced(me, *_messages())
    await _delete(me, GUIDS[2])
    await synced(me, incoming("new", minutes=9, conversation_id=GUIDS[3], state_hash=5))
    await _delete(me, GUIDS[3])
    await synced(me, incoming("newer", minutes=10, conversation_id=GUIDS[3], state_hash=6))

    digests = {one.conversation_id: one for one in await _digests(me, 2)}
    recent = {one.conversation_id: one for one in await _digests(me, 2, since=at(10))}

    deleted, back = digests[GUIDS[2]], digests[GUIDS[3]]
    assert list(digests) == list(GUIDS)
    assert (deleted.message_count, deleted.hash, deleted.deleted_up_to) == (0, 0, at(3))
    assert (back.message_count, back.hash, back.deleted_up_to) == (1, 6, at(9))
    assert recent == {GUIDS[2]: deleted, GUIDS[3]: back}


async def test_every_chat_that_a_deletion_concerns_is_told_of_it(me: Caller):
    await synced(
        me,
        incoming("a", minutes=1, conversation_id="a"),
        incoming("b", minutes=2, conversation_id="b"),
        conversations=[chat("a", "k"), chat("b", "k"), chat("empty", "k")],
    )
    await _delete(me, "a")
    renamed = incoming("a", minutes=1, conversation_id="renamed")
    await synced(me, renamed, conversations=[chat("renamed", "k")])

    digests = await _digests(me)

    assert [(one.conversation_id, one.message_count, one.deleted_up_to) for one in digests] == [
        (guid, 0, at(2)) for guid in ("a", "b", "empty", "renamed")
    ]


async def test_what_is_scheduled_does_not_move_a_deletion_into_the_future(me: Caller):
    await synced(me, incoming("a", minutes=1), incoming("later", minutes=1000, is_scheduled=True))
    await _delete(me, CHAT)

    (digest,) = await _digests(me)
    again = await synced(me, incoming("b", minutes=2))

    assert digest.deleted_up_to == at(1)
    assert again.inserted == 1


@pytest.mark.parametrize("before", [[], [incoming("a", minutes=1)]])
async def test_a_date_ahead_does_not_move_a_deletion_into_the_future(
    me: Caller, service: SyncService, before: list[sync_pb2.SyncedMessage]
):
    ahead, later = incoming("ahead", state_hash=1), incoming("later")
    ahead.sent_at.FromDatetime(datetime.now(UTC) + timedelta(days=365))
    later.sent_at.FromDatetime(datetime.now(UTC))
    await synced(me, ahead, *before)
    await _delete(me, CHAT)

    digests = await _digests(me)
    again = await synced(me, ahead, *before, later)
    other = await synced(service.caller(me.account_id), ahead)

    (conversation,) = await conversations_of(me)
    assert [one.deleted_up_to for one in digests] == [one.sent_at for one in before]
    assert (again.inserted, other.inserted) == (1, 0)
    assert (conversation.message_count, conversation.last_message.imessage_guid) == (1, "later")


async def test_what_the_owner_deleted_comes_back_by_no_device_that_deleted_it_too(me: Caller):
    ahead = incoming("ahead")
    ahead.sent_at.FromDatetime(datetime.now(UTC) + timedelta(days=365))
    await synced(me, ahead)
    await _delete(me, CHAT)
    await me.sync.DeleteMessages(sync_pb2.DeleteMessagesRequest(imessage_guids=["ahead"]))

    assert (await synced(me, ahead)).inserted == 0


async def test_a_deletion_reaches_to_the_newest_row_of_any_kind(me: Caller):
    event = incoming("event", "", 5, message_type=messages_pb2.MESSAGE_TYPE_GROUP_EVENT)
    await synced(me, incoming("a", minutes=1), event)
    await _delete(me, CHAT)

    again = await synced(me, incoming("a", minutes=1), event)

    assert (await _digests(me))[0].deleted_up_to == at(5)
    assert again.inserted == 0


@pytest.mark.parametrize("size", [0, 1, 3])
async def test_states_come_newest_first(me: Caller, size: int):
    await synced(me, *(incoming(f"g{n}", minutes=n // 2, state_hash=n + 1) for n in range(7)))

    states = await _states(me, size=size)

    assert dict(states) == {f"g{n}": n + 1 for n in range(7)}
    assert [int(guid[1:]) // 2 for guid, _ in states] == [3, 2, 2, 1, 1, 0, 0]


async def test_states_may_be_of_the_newest_messages_only(me: Caller):
    await synced(me, *(incoming(f"g{n}", minutes=n, state_hash=n + 1) for n in range(5)))

    assert await _states(me, size=1, since=at(3)) == [("g4", 5), ("g3", 4)]


async def test_states_are_of_one_chat(me: Caller):
    await synced(
        me,
        incoming("a", conversation_id="a", state_hash=1),
        incoming("b", conversation_id="b", state_hash=2),
        conversations=[chat("a", "k"), chat("b", "k")],
    )

    assert await _states(me, "b") == [("b", 2)]
    assert await _states(me, "unknown") == []


async def test_another_account_sees_nothing_of_either(service: SyncService, me: Caller):
    await synced(me, *_messages())
    await _delete(me, GUIDS[0])
    other = service.caller()

    assert await _digests(other) == []
    assert await _states(other, GUIDS[1]) == []


@pytest.mark.parametrize(
    ("request_type", "fields", "field"),
    [
        ("GetDigests", {"page_token": "bogus"}, "page_token"),
        ("GetDigests", {"page_size": 501}, "page_size"),
        ("GetDigests", {"since": Timestamp(seconds=10**12)}, "since"),
        ("ListMessageStates", {"conversation_id": "c", "page_token": "bogus"}, "page_token"),
        ("ListMessageStates", {"conversation_id": ""}, "conversation_id"),
        ("ListMessageStates", {"conversation_id": "c", "since": Timestamp(seconds=-(10**12))}, "since"),
    ],
)
async def test_a_wrong_request_names_the_field(me: Caller, request_type: str, fields: dict[str, Any], field: str):
    request = getattr(sync_pb2, f"{request_type}Request")(**fields)

    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await getattr(me.sync, request_type)(request)

    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert (refused.value.details() or "").startswith(field)


async def test_an_owner_does_not_ask_for_digests(me: Caller, service: SyncService):
    token = service.devices.token(me.account_id, "owner", me.account_id)

    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await me.sync._stub.GetDigests(sync_pb2.GetDigestsRequest(), metadata=(("authorization", f"Bearer {token}"),))

    assert refused.value.code() is grpc.StatusCode.PERMISSION_DENIED
