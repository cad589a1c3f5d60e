"""SyncMessages and its unary twin."""

import asyncio
from typing import Any

import grpc
import pytest
from assistant.sync.v1 import conversations_pb2 as pb
from assistant.sync.v1 import messages_pb2, sync_pb2

from tests.deadline import eventually, eventually_answers
from tests.sync_service import CHAT, Caller, SyncService, at, incoming, outgoing, request, synced

EMPTY = sync_pb2.GetSyncStateRequest()


async def _list(me: Caller, conversation_id: str) -> list[pb.Message]:
    return list((await me.owner.ListMessages(pb.ListMessagesRequest(conversation_id=conversation_id))).messages)


async def _conversations(me: Caller) -> list[pb.Conversation]:
    return list((await me.owner.ListConversations(pb.ListConversationsRequest())).conversations)


async def _id_of(me: Caller) -> str:
    return next(str(one.conversation_id) for one in await _conversations(me) if one.imessage_id == CHAT)


async def has_cursor(me: Caller) -> bool:
    """Whether a request with a cursor is committed."""
    return bool((await me.sync.GetSyncState(EMPTY)).cursor)


async def test_what_a_stream_brought_is_there_after_its_answer(me: Caller):
    answer = await synced(me, incoming("a", "first", 1), outgoing("b", "second", 2), cursor="42")

    (conversation,) = await _conversations(me)
    messages = await _list(me, conversation.conversation_id)
    assert (answer.received, answer.inserted, answer.updated, answer.cursor) == (2, 2, 0, "42")
    assert [message.text for message in messages] == ["second", "first"]
    assert (conversation.message_count, conversation.last_message.text) == (2, "second")
    assert conversation.last_message_at == at(2)


async def test_sending_again_changes_nothing(me: Caller):
    messages = [incoming(f"g{number}", minutes=number, state_hash=number + 1) for number in range(5)]
    await synced(me, *messages)

    again = await synced(me, *messages)

    (conversation,) = await _conversations(me)
    assert (again.received, again.inserted, again.updated) == (5, 0, 0)
    assert conversation.message_count == 5


async def test_a_changed_state_hash_updates_the_message(me: Caller):
    await synced(me, incoming("a", "befor", state_hash=1))

    answer = await synced(me, incoming("a", "before", state_hash=2, edited_at=at(3)))

    (conversation,) = await _conversations(me)
    (message,) = await _list(me, conversation.conversation_id)
    assert (answer.inserted, answer.updated) == (0, 1)
    assert (message.text, message.edited_at) == ("before", at(3))
    assert conversation.message_count == 1


async def test_without_a_state_hash_the_content_decides(me: Caller):
    await synced(me, incoming("a", "one"))

    same = await synced(me, incoming("a", "one"))
    other = await synced(me, incoming("a", "two"))

    assert (same.updated, other.updated) == (0, 1)


async def test_many_rows_go_by_copy_with_the_same_result(me: Caller):
    requests = [
        request(
            *(incoming(f"m{part}-{number}", minutes=part * 400 + number) for number in range(400)), cursor=str(part)
        )
        for part in range(5)
    ]

    first = await me.sync.SyncMessages(iter(requests))
    again = await me.sync.SyncMessages(iter(requests))

    (conversation,) = await _conversations(me)
    assert (first.received, first.inserted, first.cursor) == (2000, 2000, "4")
    assert (again.received, again.inserted, again.updated) == (2000, 0, 0)
    assert (conversation.message_count, conversation.last_message_at) == (2000, at(1999))


async def test_a_guid_that_comes_twice_counts_by_its_last(me: Caller):
    answer = await synced(me, incoming("a", "old"), incoming("a", "new"))

    (conversation,) = await _conversations(me)
    assert (answer.received, answer.inserted) == (2, 1)
    assert [message.text for message in await _list(me, conversation.conversation_id)] == ["new"]


async def test_a_wrong_stream_message_stores_nothing_of_itself_and_all_before_it(me: Caller):
    good = request(incoming("a"), cursor="1")
    bad = request(incoming("b"), incoming("", "no guid"), cursor="2")

    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await me.sync.SyncMessages(iter([good, bad]))

    state = await me.sync.GetSyncState(EMPTY)
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "messages[1].imessage_guid" in (refused.value.details() or "")
    assert (state.message_count, state.cursor) == (1, "1")


async def test_an_error_names_no_text(me: Caller):
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await synced(me, incoming("a", "canary" * 20_000))

    assert "messages[0].text" in (refused.value.details() or "")
    assert "canary" not in str(refused.value)


async def test_a_broken_stream_keeps_what_was_committed(me: Caller):
    async def until_committed():
        yield request(incoming("a"), cursor="1")
        await eventually_answers(lambda: has_cursor(me))
        call.cancel()
        await asyncio.Event().wait()

    call = me.sync.SyncMessages(until_committed())
    with pytest.raises(asyncio.CancelledError):
        await call

    assert (await me.sync.GetSyncState(EMPTY)).cursor == "1"


async def test_a_lone_request_is_committed_while_the_stream_stays_open(me: Caller):
    seen = asyncio.Event()

    async def slow():
        yield request(incoming("a"), cursor="1")
        await seen.wait()

    call = me.sync.SyncMessages(slow())
    await eventually_answers(lambda: has_cursor(me))
    seen.set()

    assert (await call).inserted == 1


async def test_an_empty_stream_is_an_empty_sync(me: Caller):
    answer = await me.sync.SyncMessages(iter([]))

    assert (answer.received, answer.cursor) == (0, "")


async def test_a_cursor_left_out_keeps_the_old_one(me: Caller):
    await synced(me, incoming("a"), cursor="7")

    answer = await synced(me, incoming("b"))

    assert answer.cursor == "7"


async def test_each_device_has_its_own_cursor(service: SyncService, me: Caller):
    other = service.caller(me.account_id)
    await synced(me, incoming("a"), cursor="mine")

    state = await other.sync.GetSyncState(EMPTY)

    assert (state.cursor, state.message_count, state.conversation_count) == ("", 1, 1)


async def test_two_devices_of_an_account_sync_at_once(service: SyncService, me: Caller):
    devices = [me, service.caller(me.account_id)]

    def requests(step: int):
        numbers = range(600)[::step]
        return iter(
            [request(*(incoming(f"g{n}", f"from {step}", n) for n in numbers[i : i + 50])) for i in range(0, 600, 50)]
        )

    answers = await asyncio.gather(
        *(device.sync.SyncMessages(requests(s)) for device, s in zip(devices, (1, -1), strict=True))
    )

    assert sum(answer.inserted for answer in answers) == 600
    assert (await me.sync.GetSyncState(EMPTY)).message_count == 600


async def test_a_conversation_may_be_named_by_its_uuid(me: Caller):
    await synced(me, incoming("a"))
    (conversation,) = await _conversations(me)

    await synced(me, incoming("b", conversation_id=conversation.conversation_id))

    assert {message.imessage_guid for message in await _list(me, conversation.conversation_id)} == {"a", "b"}


async def test_a_stranger_conversation_is_not_found_and_all_before_it_is_kept(service: SyncService, me: Caller):
    stranger = service.caller()
    await synced(stranger, incoming("theirs"))
    (theirs,) = await _conversations(stranger)
    requests = [request(incoming(f"g{n}"), cursor=str(n)) for n in range(3)]
    requests.append(request(incoming("g3"), incoming("x", conversation_id=theirs.conversation_id), cursor="3"))

    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await me.sync.SyncMessages(iter(requests))

    assert refused.value.code() is grpc.StatusCode.NOT_FOUND
    assert (await me.sync.GetSyncState(EMPTY)).cursor == "2"
    assert (await stranger.sync.GetSyncState(EMPTY)).message_count == 1


async def test_an_unsent_message_loses_its_text(me: Caller):
    await synced(me, incoming("a", "regretted", state_hash=1))

    regretted: dict[str, Any] = {
        "edits": [{"text": "regretted"}],
        "subject": "regretted",
        "mentions": [{"handle": "+1"}],
        "attachments": [{"guid": "x", "transcription": "regretted"}],
    }
    await synced(me, incoming("a", "regretted", state_hash=2, unsent_at=at(1), unsent_parts=[0], **regretted))

    (conversation,) = await _conversations(me)
    (message,) = await _list(me, conversation.conversation_id)
    assert (message.text, message.unsent_at, list(message.unsent_parts)) == ("", at(1), [0])
    assert (list(message.edits), message.subject, list(message.mentions)) == ([], "", [])
    assert [one.transcription for one in message.attachments] == [""]


async def test_a_nul_in_a_text_is_replaced_and_in_an_id_refused(me: Caller):
    rare: dict[str, Any] = {
        "subject": "s\0",
        "mentions": [{"handle": "h\0"}],
        "app": {"label": "l\0"},
        "group_event": {"title": "t\0"},
    }
    await synced(me, incoming("a", "a\0b", attachments=[{"guid": "x", "name": "n\0", "transcription": "t\0"}], **rare))

    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await synced(me, incoming("b\0"))

    (conversation,) = await _conversations(me)
    (message,) = await _list(me, conversation.conversation_id)
    assert (message.text, message.attachments[0].name) == ("a\ufffdb", "n\ufffd")
    assert (message.attachments[0].transcription, message.subject) == ("t\ufffd", "s\ufffd")
    assert (message.app.label, message.group_event.title, message.mentions[0].handle) == (
        "l\ufffd",
        "t\ufffd",
        "h\ufffd",
    )
    assert "messages[0].imessage_guid" in (refused.value.details() or "")


ATTACHMENT: dict[str, Any] = {
    "guid": "at_0",
    "name": 'a "b" \\u0000.heic',
    "mime_type": "image/heic",
    "size_bytes": 1 << 40,
    "uti": "public.heic",
    "is_sticker": True,
    "is_offloaded": True,
    "transcription": "see you",
}
EVENT: dict[str, Any] = {"kind": 2, "handle": "+15550100", "title": "Choir", "item_type": 1, "action_type": 1 << 40}
EVERYTHING: dict[str, Any] = {
    "attachments": [ATTACHMENT, {"guid": "at_1"}],
    "reactions": [
        {"sender_id": "", "kind": "❤️", "reacted_at": at(2), "part": -1},
        {"sender_id": "+1", "kind": "like"},
    ],
    "edits": [{"text": "hallo", "edited_at": at(1), "part": 1}, {"text": "hullo"}],
    "reply_to_guid": "b",
    "reply_to_part": -1,
    "service": "SMS",
    "read_at": at(5),
    "delivered_at": at(4),
    "edited_at": at(3),
    "subject": "Dinner",
    "destination": "me@example.com",
    "is_read": True,
    "is_delivered": True,
    "error_code": -(1 << 40),
    "is_scheduled": True,
    "is_spam": True,
    "is_backfill": True,
    "has_one_time_code": True,
    "text_undecodable": True,
    "app": {"bundle_id": "com.apple.messages.Polls", "label": "Poll"},
    "mentions": [{"handle": "+1", "start": 3, "length": 4}],
    "unsent_parts": [0, 2],
    "unknown_values": [{"column": "item_type", "value": 99}, {"column": "x", "value": -(2**63)}],
}
_SAME_IN_BOTH = {field.name for field in pb.Message.DESCRIPTOR.fields} & {
    field.name for field in sync_pb2.SyncedMessage.DESCRIPTOR.fields
} - {"conversation_id"}


async def test_everything_comes_back_as_it_was_sent(me: Caller):
    sent = incoming("a", message_type=messages_pb2.MESSAGE_TYPE_APP, **EVERYTHING)

    await synced(me, sent, incoming("said", minutes=-1))

    message, _ = await _list(me, await _id_of(me))
    for name in _SAME_IN_BOTH:
        assert getattr(message, name) == getattr(sent, name), name


def test_every_field_of_a_message_that_can_come_back_is_tried():
    tried = EVERYTHING.keys() | {"imessage_guid", "sender_id", "direction", "message_type", "text", "sent_at"}

    assert tried | {"unsent_at", "group_event"} == _SAME_IN_BOTH


@pytest.mark.parametrize("flag", ["is_read", "is_delivered", "is_scheduled", "is_spam", "is_backfill"])
async def test_each_flag_is_kept_by_itself(me: Caller, flag: str):
    flags: dict[str, Any] = {flag: True}
    await synced(me, incoming("said"), incoming("a", minutes=1, **flags))

    message, _ = await _list(me, await _id_of(me))

    assert [name for name in _SAME_IN_BOTH if getattr(message, name) is True] == [flag]


async def test_a_group_event_names_whom_it_happened_to_as_they_are_called_now(me: Caller):
    event = incoming(
        "a", "", message_type=messages_pb2.MESSAGE_TYPE_GROUP_EVENT, group_event={**EVENT, "name": "not kept"}
    )
    stranger = incoming("b", "", message_type=messages_pb2.MESSAGE_TYPE_GROUP_EVENT, group_event={"handle": "+9"})
    await synced(me, incoming("c"), event, stranger)
    before = {one.imessage_guid: one.group_event for one in await _list(me, await _id_of(me))}
    ana = sync_pb2.SyncedContact(apple_id="A", display_name="Ana", handles=["+1 555 0100"])
    await me.sync.SyncContactBatch(sync_pb2.SyncContactBatchRequest(contacts=[ana]))

    after = {one.imessage_guid: one.group_event for one in await _list(me, await _id_of(me))}

    assert before["a"] == messages_pb2.GroupEvent(**EVENT, name="+15550100")
    assert after["a"] == messages_pb2.GroupEvent(**EVENT, name="Ana")
    assert after["b"].name == "+9"


async def test_what_is_rare_goes_with_an_update(me: Caller):
    await synced(me, incoming("a", state_hash=1, subject="Dinner", mentions=[{"handle": "+1"}]))

    await synced(me, incoming("a", state_hash=2, is_read=True))

    (message,) = await _list(me, await _id_of(me))
    assert (message.subject, list(message.mentions), message.is_read) == ("", [], True)


async def test_what_came_late_stays_late(me: Caller):
    await synced(me, incoming("a", state_hash=1, is_backfill=True, is_spam=True), incoming("b", state_hash=1))

    await synced(me, incoming("a", state_hash=2), incoming("b", state_hash=2, is_backfill=True))

    messages = {one.imessage_guid: one for one in await _list(me, await _id_of(me))}
    assert (messages["a"].is_backfill, messages["a"].is_spam, messages["b"].is_backfill) == (True, False, True)


@pytest.mark.parametrize("late_first", [True, False])
async def test_what_came_late_once_in_a_transaction_stays_late(me: Caller, late_first: bool):
    twice = [incoming("a", "first", is_backfill=late_first), incoming("a", "last", is_backfill=not late_first)]

    await synced(me, *twice, incoming("b", minutes=1))

    messages = {one.imessage_guid: one for one in await _list(me, await _id_of(me))}
    assert (messages["a"].text, messages["a"].is_backfill, messages["b"].is_backfill) == ("last", True, False)


async def test_coming_late_is_no_change_of_a_message(me: Caller):
    await synced(me, incoming("a", is_backfill=True))

    assert (await synced(me, incoming("a"))).updated == 0


async def test_a_message_that_moves_is_counted_where_it_is(me: Caller):
    await synced(
        me,
        *(incoming(f"g{n}", minutes=n, state_hash=1) for n in range(4)),
        incoming("other", minutes=1, conversation_id="other"),
    )

    answer = await synced(
        me,
        incoming("g2", minutes=2, state_hash=2, conversation_id="other"),
        incoming("g3", minutes=3, state_hash=2, conversation_id="new"),
        incoming("g1", "changed", minutes=1, state_hash=2),
        incoming("g4", minutes=4, conversation_id="other"),
    )

    found = {one.imessage_id: one for one in await _conversations(me)}
    assert (answer.inserted, answer.updated) == (1, 3)
    assert {guid: one.message_count for guid, one in found.items()} == {CHAT: 2, "other": 3, "new": 1}
    assert {guid: one.last_message.imessage_guid for guid, one in found.items()} == {
        CHAT: "g1",
        "other": "g4",
        "new": "g3",
    }


async def test_a_conversation_whose_only_message_moved_is_not_listed(me: Caller):
    await synced(me, incoming("a", state_hash=1))

    await synced(me, incoming("a", state_hash=2, conversation_id="other"))

    (conversation,) = await _conversations(me)
    state = await me.sync.GetSyncState(EMPTY)
    assert (conversation.imessage_id, conversation.message_count) == ("other", 1)
    assert (state.message_count, state.conversation_count) == (1, 1)


async def test_many_messages_move_by_copy_too(me: Caller):
    def rows(guid: str, state_hash: int):
        numbers = range(600)
        return [incoming(f"g{n}", minutes=n, conversation_id=guid, state_hash=state_hash) for n in numbers]

    await synced(me, *rows("a", 1), incoming("stays", conversation_id="a"))

    answer = await synced(me, *rows("b", 2))

    found = {one.imessage_id: one.message_count for one in await _conversations(me)}
    assert (answer.inserted, answer.updated, found) == (0, 600, {"a": 1, "b": 600})


LEFT = {"message_type": messages_pb2.MESSAGE_TYPE_GROUP_EVENT, "group_event": {"kind": 3}}


async def test_what_is_scheduled_and_what_nobody_said_is_not_the_newest(me: Caller):
    await synced(
        me,
        incoming("said", minutes=1),
        incoming("event", "", 2, **LEFT),
        outgoing("later", minutes=100, state_hash=1, is_scheduled=True),
    )
    (before,) = await _conversations(me)

    await synced(me, outgoing("later", minutes=50, state_hash=2))

    (after,) = await _conversations(me)
    assert (before.message_count, before.last_message.imessage_guid, before.needs_reply) == (3, "said", True)
    assert (after.last_message.imessage_guid, after.last_message_at, after.needs_reply) == ("later", at(50), False)


async def test_a_conversation_in_which_nobody_has_said_anything_is_shown_and_needs_no_reply(me: Caller):
    await synced(me, incoming("event", "", 2, **LEFT))

    (conversation,) = await _conversations(me)

    assert (conversation.last_message.imessage_guid, conversation.last_message_at) == ("event", at(2))
    assert not conversation.needs_reply


async def test_a_revoked_device_is_cut_off_in_the_middle_of_a_stream(service: SyncService, me: Caller):
    async def until_refused():
        yield request(incoming("kept"), cursor="1")
        await eventually_answers(lambda: has_cursor(me))
        service.devices.revoked.add(str(me.device_id))
        while True:
            yield request(incoming("dropped, or from before the next check"))
            await asyncio.sleep(0.05)

    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await me.sync.SyncMessages(until_refused())

    assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED
    assert (await me.owner.ListConversations(pb.ListConversationsRequest())).conversations[0].message_count >= 1


async def test_a_sync_is_told_to_device_svc(service: SyncService, me: Caller):
    await synced(me, incoming("a"), incoming("b"))

    def told():
        return [one for one in service.devices.activities if one.device_id == str(me.device_id)]

    await eventually(lambda: bool(told()))
    assert (told()[0].message_count, told()[0].conversation_count) == (2, 1)
    assert told()[0].HasField("last_sync_at")


async def test_a_description_replaces_the_last_one(me: Caller):
    def described(**fields):
        return sync_pb2.SyncedConversation(conversation_id="iMessage;+;chat1", is_group=True, **fields)

    message = incoming("a", conversation_id="iMessage;+;chat1")
    await synced(me, message, conversations=[described(display_name="Choir", participants=["+1", "+2"], service="SMS")])
    await synced(me, conversations=[described(display_name="The choir", participants=["+1"])])

    (conversation,) = await _conversations(me)
    assert (conversation.display_name, conversation.is_group, conversation.service) == ("The choir", True, "")
    assert [one.handle for one in conversation.participants] == ["+1"]


async def test_a_chat_that_was_never_described_is_guessed_from_its_guid(me: Caller):
    await synced(me, incoming("a"))

    (conversation,) = await _conversations(me)
    assert (conversation.display_name, conversation.is_group, conversation.service) == ("+15550100", False, "iMessage")


async def test_one_batch_answers_with_its_ids(me: Caller):
    batch = sync_pb2.SyncMessageBatchRequest(
        conversation_id="iMessage;-;+15550100",
        messages=[incoming("b", minutes=2, conversation_id=""), incoming("a", minutes=1, conversation_id="")],
    )

    answer = await me.sync.SyncMessageBatch(batch)
    again = await me.sync.SyncMessageBatch(batch)

    messages = {message.imessage_guid: message.message_id for message in await _list(me, answer.conversation_id)}
    assert (answer.received, answer.inserted, again.inserted) == (2, 2, 0)
    assert list(answer.message_ids) == list(again.message_ids) == [messages["b"], messages["a"]]


async def test_one_batch_keeps_what_it_does_not_say(me: Caller):
    batch = sync_pb2.SyncMessageBatchRequest(conversation_id="c", display_name="Name", participants=["+1"])
    batch.messages.append(incoming("a", conversation_id=""))
    await me.sync.SyncMessageBatch(batch)

    answer = await me.sync.SyncMessageBatch(
        sync_pb2.SyncMessageBatchRequest(conversation_id="c", messages=[incoming("b", conversation_id="")])
    )

    found = await me.owner.GetConversation(pb.GetConversationRequest(conversation_id=answer.conversation_id))
    assert (found.conversation.display_name, len(found.conversation.participants)) == ("Name", 1)


@pytest.mark.parametrize(
    ("batch", "field"),
    [
        ({"conversation_id": "", "messages": [incoming("a")]}, "conversation_id"),
        ({"conversation_id": "c", "messages": []}, "messages"),
        ({"conversation_id": "c", "messages": [incoming("a", conversation_id="d")]}, "messages[0].conversation_id"),
        (
            {"conversation_id": "c", "messages": [incoming("a", conversation_id="", direction=0)]},
            "messages[0].direction",
        ),
        (
            {"conversation_id": "c", "participants": [""], "messages": [incoming("a", conversation_id="")]},
            "participants[0]",
        ),
    ],
)
async def test_a_wrong_batch_names_the_field(me: Caller, batch, field):
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await me.sync.SyncMessageBatch(sync_pb2.SyncMessageBatchRequest(**batch))

    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert (refused.value.details() or "").startswith(field)


async def test_an_owner_may_not_sync(me: Caller, service: SyncService):
    token = service.devices.token(me.account_id, "owner", me.account_id)
    call = me.sync._stub.GetSyncState

    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await call(EMPTY, metadata=(("authorization", f"Bearer {token}"),))

    assert refused.value.code() is grpc.StatusCode.PERMISSION_DENIED


async def test_messages_deleted_on_the_mac_are_deleted_here(me: Caller):
    await synced(me, incoming("a", "first", 1), incoming("b", "last", 2))

    deleting = sync_pb2.DeleteMessagesRequest(imessage_guids=["b", "never stored", "with\0nul"])
    answer = await me.sync.DeleteMessages(deleting)

    (conversation,) = await _conversations(me)
    assert (answer.deleted, conversation.message_count, conversation.last_message.text) == (1, 1, "first")


async def test_a_deletion_keeps_its_cursor(service: SyncService, me: Caller):
    await synced(me, incoming("a"), incoming("b"), cursor="1")

    await me.sync.DeleteMessages(sync_pb2.DeleteMessagesRequest(imessage_guids=["a"]))
    before = await me.sync.GetSyncState(EMPTY)
    await me.sync.DeleteMessages(sync_pb2.DeleteMessagesRequest(imessage_guids=["b"], cursor="2"))
    after = await me.sync.GetSyncState(EMPTY)

    other = await service.caller(me.account_id).sync.GetSyncState(EMPTY)
    assert (before.cursor, after.cursor, after.message_count, other.cursor) == ("1", "2", 0, "")


async def test_a_cursor_that_cannot_be_kept_deletes_nothing(me: Caller):
    await synced(me, incoming("a"))

    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await me.sync.DeleteMessages(sync_pb2.DeleteMessagesRequest(imessage_guids=["a"], cursor="\0"))

    assert (refused.value.details() or "").startswith("cursor")
    assert (await me.sync.GetSyncState(EMPTY)).message_count == 1


async def test_a_heartbeat_reaches_device_svc(service: SyncService, me: Caller):
    health = sync_pb2.AGENT_HEALTH_WARNING
    beat = sync_pb2.ReportHeartbeatRequest(agent_version="1.2", health=health, health_message="slow disk")

    answer = await me.sync.ReportHeartbeat(beat)

    (told,) = [one for one in service.devices.activities if one.device_id == str(me.device_id)]
    assert (told.agent_version, told.health, told.health_message) == ("1.2", int(health), "slow disk")
    assert not told.HasField("last_sync_at")  # who is not well may have brought nothing
    assert answer.HasField("server_time")


async def test_a_heartbeat_that_all_is_well_counts_as_a_sync(service: SyncService, me: Caller):
    await synced(me, incoming("a"), incoming("b"))

    before = await me.sync.GetSyncState(EMPTY)

    await me.sync.ReportHeartbeat(sync_pb2.ReportHeartbeatRequest(health=sync_pb2.AGENT_HEALTH_OK))

    after = await me.sync.GetSyncState(EMPTY)
    assert after.last_sync_at.ToNanoseconds() > before.last_sync_at.ToNanoseconds()
    assert after.cursor == before.cursor
    (told,) = [one for one in service.devices.activities if one.device_id == str(me.device_id) and one.health]
    assert told.HasField("last_sync_at")
    assert (told.message_count, told.conversation_count) == (2, 1)


async def test_no_log_line_holds_what_people_wrote(me: Caller, capfd: pytest.CaptureFixture[str]):
    await synced(me, incoming("a", "canary", edits=[{"text": "canary"}]))
    for wrong in (incoming("", "canary"), incoming("b", "canary", conversation_id=str(me.account_id))):
        with pytest.raises(grpc.aio.AioRpcError):
            await synced(me, wrong)
    await me.owner.SearchMessages(pb.SearchMessagesRequest(query="canary"))

    logged = "".join(capfd.readouterr())
    assert "SearchMessages" in logged
    assert "canary" not in logged
