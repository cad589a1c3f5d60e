"""WatchConversations tells what changed, whichever process changed it; AnnounceDraft tells of drafts."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import Any
from uuid import uuid4

import grpc
import pytest
from assistant.sync.v1 import conversations_pb2 as pb
from assistant.sync.v1 import sync_pb2

from svc_kit.clients import channel_to
from sync_svc.domain.watching import WatchIntervals
from sync_svc.wiring import Intervals
from tests.conftest import DatabaseAddress
from tests.grpc_errors import described, failure_of
from tests.sync_service import (
    CHAT,
    Caller,
    SyncService,
    chat,
    conversations_of,
    incoming,
    running_sync_service,
    synced,
)

OTHER_CHAT = "SMS;-;+15550199"
PATIENCE_S = 30


class Stream:
    """A stream that was begun; events are read one by one."""

    def __init__(self, call: Any) -> None:
        self.call = call

    async def event(self) -> pb.WatchConversationsResponse:
        """The next one."""
        async with asyncio.timeout(PATIENCE_S):
            event = await self.call.read()
        assert event is not grpc.aio.EOF
        return event

    async def changed(self, **wanted: Any) -> pb.Conversation:
        """The next conversation with these values; what is not yet so, or anymore, is passed over."""
        while True:
            event = await self.event()
            seen = event.conversation_changed
            if event.HasField("conversation_changed") and all(getattr(seen, name) == wanted[name] for name in wanted):
                return seen


@asynccontextmanager
async def watching(caller: Caller) -> AsyncIterator[Stream]:
    """A stream that hears of whatever happens from here on."""
    call = caller.owner.WatchConversations(pb.WatchConversationsRequest())
    stream = Stream(call)
    assert (await stream.event()).HasField("heartbeat")
    yield stream
    call.cancel()


async def _update(caller: Caller, conversation_id: str, **settings: Any) -> None:
    request = pb.UpdateConversationRequest(
        conversation_id=conversation_id, settings=pb.ConversationSettings(**settings)
    )
    await caller.owner.UpdateConversation(request)


async def test_a_message_is_told_as_the_list_shows_it(me: Caller):
    async with watching(me) as stream:
        await synced(me, incoming("a", "hello"))

        changed = await stream.changed(message_count=1)

        assert [changed] == await conversations_of(me)
        assert changed.last_message.text == "hello"


async def test_settings_and_deletions_are_told(me: Caller):
    await synced(me, incoming("a"), incoming("b", minutes=1))
    (conversation,) = await conversations_of(me)

    async with watching(me) as stream:
        await _update(me, conversation.conversation_id, auto_draft=True)
        updated = await stream.changed(message_count=2)
        await me.sync.DeleteMessages(sync_pb2.DeleteMessagesRequest(imessage_guids=["b"]))
        deleted = await stream.changed(message_count=1)

    assert updated.settings.auto_draft
    assert deleted.last_message.imessage_guid == "a"


async def test_a_deleted_conversation_is_told_by_each_id_that_named_it(service: SyncService, me: Caller):
    await synced(
        me,
        incoming("a"),
        incoming("b", minutes=1, conversation_id=OTHER_CHAT, sender_id="+15550199"),
        incoming("c", conversation_id="SMS;-;+15550111", sender_id="+15550111"),
        conversations=[
            chat(CHAT, "person", participants=["+15550100"]),
            chat(OTHER_CHAT, "person", participants=["+15550199"]),
        ],
    )
    (shown,) = [one for one in await conversations_of(me) if len(one.chats) == 2]
    stranger = service.caller()

    async with watching(stranger) as other, watching(me) as stream:
        request = pb.DeleteConversationRequest(conversation_id=shown.conversation_id)
        await me.owner.DeleteConversation(request)
        told = [(await stream.event()).conversation_deleted.conversation_id for _ in shown.chats]
        await synced(stranger, incoming("x"))

        assert {*told} == {one.chat_id for one in shown.chats}
        assert shown.conversation_id in told
        assert (await other.event()).HasField("conversation_changed")


async def test_a_name_from_the_address_book_is_told(me: Caller):
    await synced(me, incoming("a"))

    async with watching(me) as stream:
        ana = sync_pb2.SyncedContact(apple_id="A", display_name="Ana", handles=["+15550100"])
        await me.sync.SyncContacts(iter([sync_pb2.SyncContactsRequest(contacts=[ana])]))

        assert (await stream.changed(display_name="Ana")).message_count == 1


async def test_chats_that_are_merged_are_told_as_one(me: Caller):
    async with watching(me) as stream:
        await synced(
            me,
            incoming("a"),
            incoming("b", minutes=1, conversation_id=OTHER_CHAT, sender_id="+15550199"),
            conversations=[
                chat(CHAT, "person", participants=["+15550100"]),
                chat(OTHER_CHAT, "person", participants=["+15550199"]),
            ],
        )
        both = await stream.changed(message_count=2)
        await synced(me, incoming("c", minutes=2, conversation_id=OTHER_CHAT, sender_id="+15550199"))

        changed = await stream.changed(message_count=3)

        assert [changed] == await conversations_of(me)
        assert changed.conversation_id == both.conversation_id
        assert len(changed.chats) == 2


async def test_more_than_can_be_named_are_told_as_the_newest(me: Caller):
    many = [
        incoming(f"m{number}", minutes=number, conversation_id=f"iMessage;-;+1555{number:04}") for number in range(300)
    ]
    async with watching(me) as stream:
        await synced(me, *many)

        first = await stream.changed()

    assert first.last_message.imessage_guid == "m299"


async def test_nothing_is_told_of_what_did_not_change_or_is_anothers(service: SyncService, me: Caller):
    stranger = service.caller()
    await synced(me, incoming("a", state_hash=1))

    async with watching(me) as stream:
        await synced(stranger, incoming("x", "not for me"))
        await synced(me, incoming("a", state_hash=1))
        await synced(me, incoming("b", minutes=1))

        event = await stream.event()

    assert event.conversation_changed.message_count == 2


async def test_another_process_is_heard_and_all_watchers_are_told(service: SyncService, database: DatabaseAddress):
    async with running_sync_service(database, devices=service.devices) as other:
        me = service.caller()
        there = other.caller(me.account_id)
        async with watching(me) as first, watching(me) as second, watching(there) as third:
            await synced(there, incoming("a"))

            told = [await one.changed(message_count=1) for one in (first, second, third)]

    assert told[0] == told[1] == told[2]


async def test_a_draft_is_told_under_the_id_that_is_shown(me: Caller):
    await synced(
        me,
        incoming("a"),
        incoming("b", minutes=1, conversation_id=OTHER_CHAT),
        conversations=[chat(CHAT, "person"), chat(OTHER_CHAT, "person")],
    )
    (conversation,) = await conversations_of(me)
    response_id = str(uuid4())
    other_id = conversation.chats[1].chat_id

    async with watching(me) as stream:
        await me.service.AnnounceDraft(pb.AnnounceDraftRequest(conversation_id=other_id, response_id=response_id))
        event = await stream.event()
        while not event.HasField("draft_ready"):  # what was synced before may be told late
            event = await stream.event()

    assert event.draft_ready == pb.DraftReady(conversation_id=conversation.conversation_id, response_id=response_id)


async def test_a_draft_for_no_conversation_of_the_account_is_refused(service: SyncService, me: Caller):
    await synced(me, incoming("a"))
    (conversation,) = await conversations_of(me)
    request = pb.AnnounceDraftRequest(conversation_id=conversation.conversation_id, response_id=str(uuid4()))

    unknown = await failure_of(service.caller().service.AnnounceDraft(request))
    from_outside = await failure_of(me.owner.AnnounceDraft(request))

    assert (unknown.code, from_outside.code) == (grpc.StatusCode.NOT_FOUND, grpc.StatusCode.PERMISSION_DENIED)


@pytest.mark.parametrize("field", ["conversation_id", "response_id"])
async def test_a_draft_is_announced_by_ids(me: Caller, field: str):
    ids = {"conversation_id": str(uuid4()), "response_id": str(uuid4())} | {field: "x"}

    failure = await failure_of(me.service.AnnounceDraft(pb.AnnounceDraftRequest(**ids)))

    assert (failure.code, failure.fields) == (grpc.StatusCode.INVALID_ARGUMENT, [field])


async def test_a_session_that_ended_hears_nothing_more(service: SyncService, me: Caller):
    call = me.owner.WatchConversations(pb.WatchConversationsRequest())
    stream = Stream(call)
    await stream.event()

    service.devices.revoked.add(str(me.account_id))
    event = await stream.event()

    with pytest.raises(grpc.aio.AioRpcError) as ended:
        await call.read()
    assert (event.error.reason, described(ended.value).reason) == ("TOKEN_REVOKED", "TOKEN_REVOKED")


async def test_silence_has_heartbeats(database: DatabaseAddress, service: SyncService):
    intervals = Intervals(watch=WatchIntervals(heartbeat=0.05))
    async with (
        running_sync_service(database, devices=service.devices, intervals=intervals) as quick,
        watching(quick.caller()) as stream,
    ):
        assert [(await stream.event()).WhichOneof("event") for _ in range(3)] == ["heartbeat"] * 3


async def test_a_service_that_stops_says_so(database: DatabaseAddress, service: SyncService):
    async with AsyncExitStack() as outlives_it:
        async with running_sync_service(database, devices=service.devices) as stopping:
            channel = await outlives_it.enter_async_context(channel_to(f"127.0.0.1:{stopping.port}"))
            call = replace(stopping, channel=channel).caller().owner.WatchConversations(pb.WatchConversationsRequest())
            stream = Stream(call)
            await stream.event()

        last = await stream.event()
        with pytest.raises(grpc.aio.AioRpcError) as ended:
            await call.read()

    unavailable = grpc.StatusCode.UNAVAILABLE
    assert (last.error.code, ended.value.code()) == (unavailable.value[0], unavailable)


async def test_what_was_missed_while_the_database_dropped_the_listener_is_told(service: SyncService, me: Caller):
    async with watching(me) as stream:
        await synced(me, incoming("a"))
        await stream.changed(message_count=1)
        await service.rows(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE application_name = 'sync_svc listens' AND datname = current_database()"
        )
        await synced(me, incoming("b", minutes=1))

        assert (await stream.changed(message_count=2)).last_message.imessage_guid == "b"


async def test_what_is_told_between_processes_has_no_text(service: SyncService, me: Caller):
    heard: list[str] = []
    connection = await service.connect()
    await connection.add_listener("sync_changes", lambda *event: heard.append(event[-1]))

    async with watching(me) as stream:
        await synced(me, incoming("a", "a secret canary"))
        await stream.changed(message_count=1)
    await connection.execute("SELECT 1")
    await connection.close()

    assert any(me.account_id.hex in payload for payload in heard)
    assert not any("canary" in payload for payload in heard)
