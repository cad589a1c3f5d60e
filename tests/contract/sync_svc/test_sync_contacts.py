"""SyncContacts, its unary twin, and the names that come of them."""

import asyncio

import grpc
import pytest
from assistant.sync.v1 import conversations_pb2 as pb
from assistant.sync.v1 import sync_pb2

from tests.sync_service import CHAT, Caller, SyncService, conversations_of, incoming, synced


def _ana(**fields) -> sync_pb2.SyncedContact:
    fields = {"apple_id": "A1", "display_name": "Ana", "handles": ["+1 (555) 0100", "Ana@Example.com"]} | fields
    return sync_pb2.SyncedContact(**fields)


async def _bring(me: Caller, *contacts: sync_pb2.SyncedContact) -> sync_pb2.SyncContactsResponse:
    answer: sync_pb2.SyncContactsResponse = await me.sync.SyncContacts(
        iter([sync_pb2.SyncContactsRequest(contacts=[contact]) for contact in contacts])
    )
    return answer


async def _bring_all(me: Caller, *contacts: sync_pb2.SyncedContact) -> sync_pb2.SyncContactsResponse:
    """As the device does that has no others."""
    requests = [sync_pb2.SyncContactsRequest(contacts=[contact]) for contact in contacts]
    answer: sync_pb2.SyncContactsResponse = await me.sync.SyncContacts(
        iter([*requests, sync_pb2.SyncContactsRequest(is_complete=True)])
    )
    return answer


async def _only_conversation(me: Caller) -> pb.Conversation:
    conversation: pb.Conversation
    (conversation,) = (await me.owner.ListConversations(pb.ListConversationsRequest())).conversations
    return conversation


async def test_a_stream_of_contacts_is_idempotent(me: Caller):
    first = await _bring(me, _ana(), _ana(apple_id="B2", display_name="Ben", handles=["+2"]))
    again = await _bring(me, _ana())
    changed = await _bring(me, _ana(display_name="Ana B."))

    assert (first.received, first.inserted, first.updated) == (2, 2, 0)
    assert (again.received, again.inserted, again.updated) == (1, 0, 0)
    assert (changed.inserted, changed.updated) == (0, 1)


async def test_a_contact_gives_its_name_to_conversations_and_messages(me: Caller):
    await synced(
        me, incoming("a"), incoming("b", sender_id="ana@example.com", minutes=1), incoming("c", sender_id="+9")
    )

    await _bring(me, _ana())

    conversation = await _only_conversation(me)
    listed = await me.owner.ListMessages(pb.ListMessagesRequest(conversation_id=conversation.conversation_id))
    assert conversation.display_name == "Ana"
    assert [(one.handle, one.display_name) for one in conversation.participants] == [("+15550100", "Ana")]
    assert {message.imessage_guid: message.sender_name for message in listed.messages} == {
        "a": "Ana",
        "b": "Ana",
        "c": "+9",
    }


async def test_a_handle_that_a_contact_lost_is_no_longer_their_name(me: Caller):
    await synced(me, incoming("a"))
    await _bring(me, _ana())

    await _bring(me, _ana(handles=["+1999"]))

    assert (await _only_conversation(me)).display_name == "+15550100"


async def test_a_group_without_a_name_is_named_by_its_people(me: Caller):
    await _bring(me, _ana())
    group = sync_pb2.SyncedConversation(conversation_id=CHAT, is_group=True, participants=["+15550100", "+9"])
    await synced(me, incoming("a"), conversations=[group])

    assert (await _only_conversation(me)).display_name == "Ana, +9"


async def test_main_handles_count_without_being_repeated(me: Caller):
    await synced(me, incoming("a"))

    await me.sync.SyncContactBatch(
        sync_pb2.SyncContactBatchRequest(contacts=[_ana(handles=[], phone_number="001 555 0100")])
    )

    assert (await _only_conversation(me)).display_name == "Ana"


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"apple_id": ""}, "contacts[0].apple_id"),
        ({"handles": ["+1", ""]}, "contacts[0].handles[1]"),
        ({"handles": ["+1\0"]}, "contacts[0].handles[0]"),
        ({"display_name": "x" * 301}, "contacts[0].display_name"),
    ],
)
async def test_a_wrong_contact_names_the_field(me: Caller, fields, field):
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await me.sync.SyncContactBatch(sync_pb2.SyncContactBatchRequest(contacts=[_ana(**fields)]))

    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert (refused.value.details() or "").startswith(field)


async def test_an_empty_batch_is_refused(me: Caller):
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await me.sync.SyncContactBatch(sync_pb2.SyncContactBatchRequest())

    assert (refused.value.details() or "").startswith("contacts")


BEN = _ana(apple_id="B2", display_name="Ben", handles=["+2"])


async def test_a_complete_stream_removes_what_it_did_not_name(me: Caller):
    await synced(me, incoming("a"))
    await _bring_all(me, _ana(), BEN)

    answer = await _bring_all(me, BEN)
    again = await _bring_all(me, BEN)

    assert (answer.received, answer.updated, answer.removed, again.removed) == (1, 0, 1, 0)
    assert (await _only_conversation(me)).display_name == "+15550100"


async def test_a_device_without_contacts_removes_all_of_its_own(me: Caller):
    await _bring_all(me, _ana(), BEN)

    assert (await _bring_all(me)).removed == 2


async def test_a_removed_contact_may_come_back(me: Caller):
    await synced(me, incoming("a"))
    await _bring_all(me, _ana())
    await _bring_all(me)

    answer = await _bring_all(me, _ana())

    assert answer.inserted == 1
    assert (await _only_conversation(me)).display_name == "Ana"


async def test_only_the_last_stream_message_says_that_the_stream_is_complete(me: Caller):
    await _bring_all(me, _ana(), BEN)
    requests = [sync_pb2.SyncContactsRequest(is_complete=True), sync_pb2.SyncContactsRequest(contacts=[BEN])]

    assert (await me.sync.SyncContacts(iter(requests))).removed == 0


async def test_contacts_of_another_device_stay(service: SyncService, me: Caller):
    other = service.caller(me.account_id)
    await _bring_all(me, _ana())
    await _bring_all(other, BEN)

    mine = await _bring_all(me)
    theirs = await _bring_all(other)

    assert (mine.removed, theirs.removed) == (1, 1)


async def test_a_contact_goes_when_no_device_has_it_any_more(service: SyncService, me: Caller):
    other = service.caller(me.account_id)
    await synced(me, incoming("a"))
    await _bring_all(me, _ana())
    shared = await _bring_all(other, _ana())

    theirs = await _bring_all(other)
    after_theirs = (await _only_conversation(me)).display_name
    mine = await _bring_all(me)

    assert (shared.inserted, shared.updated) == (0, 0)
    assert (theirs.removed, after_theirs) == (0, "Ana")
    assert (mine.removed, (await _only_conversation(me)).display_name) == (1, "+15550100")


async def test_what_a_device_says_again_does_not_undo_what_another_changed(service: SyncService, me: Caller):
    other = service.caller(me.account_id)
    await synced(me, incoming("a"))
    await _bring_all(other, _ana())
    await _bring_all(me, _ana(display_name="Ana Lund"))

    again = await _bring_all(other, _ana(), BEN)
    said_again = (await _only_conversation(me)).display_name
    changed = await _bring_all(other, _ana(display_name="Ana Maria"), BEN)

    assert (again.inserted, again.updated, said_again) == (1, 0, "Ana Lund")
    assert (changed.updated, (await _only_conversation(me)).display_name) == (1, "Ana Maria")


async def test_a_contact_of_the_version_before_is_its_devices(service: SyncService, me: Caller):
    other = service.caller(me.account_id)
    await _bring_all(me, _ana())
    await service.change_rows(
        "UPDATE sync.contacts SET device_id = $2 WHERE account_id = $1", me.account_id, me.device_id
    )
    await service.change_rows("DELETE FROM sync.contact_devices WHERE account_id = $1", me.account_id)

    theirs = await _bring_all(other)
    mine = [await _bring_all(me, _ana()), await _bring_all(me)]

    assert (theirs.removed, [one.removed for one in mine]) == (0, [0, 1])


async def test_a_batch_brings_contacts_of_the_device_too(me: Caller):
    await me.sync.SyncContactBatch(sync_pb2.SyncContactBatchRequest(contacts=[_ana()]))

    assert (await _bring_all(me)).removed == 1


async def test_a_stream_that_breaks_removes_nothing(me: Caller):
    await _bring_all(me, _ana(), BEN)
    wrong = sync_pb2.SyncContactsRequest(contacts=[_ana(apple_id="")], is_complete=True)

    with pytest.raises(grpc.aio.AioRpcError):
        await me.sync.SyncContacts(iter([sync_pb2.SyncContactsRequest(is_complete=True), wrong]))

    assert (await _bring_all(me)).removed == 2


async def test_a_stream_that_is_given_up_removes_nothing(me: Caller):
    await synced(me, incoming("a"), incoming("b", conversation_id="iMessage;-;+2"))
    await _bring_all(me, _ana())

    async def names() -> set[str]:
        return {one.display_name for one in await conversations_of(me)}

    async def until_taken():
        yield sync_pb2.SyncContactsRequest(contacts=[BEN], is_complete=True)
        while "Ben" not in await names():
            await asyncio.sleep(0.01)
        call.cancel()
        await asyncio.Event().wait()

    call = me.sync.SyncContacts(until_taken())
    with pytest.raises(asyncio.CancelledError):
        await call

    assert await names() == {"Ana", "Ben"}
