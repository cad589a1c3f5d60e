"""Chats of Messages with one merge key, which are shown as one conversation."""

import itertools
from typing import Any

import grpc
import pytest
from assistant.sync.v1 import conversations_pb2 as pb
from assistant.sync.v1 import sync_pb2
from google.protobuf.field_mask_pb2 import FieldMask

from tests.sync_service import Caller, at, chat, conversations_of, incoming, messages_of, outgoing, synced

PHONE, MAIL, SMS = "iMessage;-;+15550100", "iMessage;-;ana@example.com", "SMS;-;+15550100"


async def _bring_ana(me: Caller, key: str = "ana") -> None:
    """Two chats of one person, the second of which has the newest message."""
    await synced(
        me,
        incoming("p1", "by phone", 1),
        incoming("p3", "by phone again", 3),
        conversations=[chat(PHONE, key, participants=["+15550100"], service="iMessage")],
    )
    await synced(
        me,
        outgoing("m2", "by mail", 2, conversation_id=MAIL),
        incoming("m4", "by mail again", 4, conversation_id=MAIL, sender_id="ana@example.com"),
        conversations=[chat(MAIL, key, participants=["ana@example.com"], service="SMS")],
    )


async def _only(me: Caller) -> pb.Conversation:
    (conversation,) = await conversations_of(me)
    return conversation


async def _set(me: Caller, conversation_id: str, **settings) -> pb.Conversation:
    answer = await me.owner.UpdateConversation(
        pb.UpdateConversationRequest(
            conversation_id=conversation_id,
            settings=pb.ConversationSettings(**settings),
            update_mask=FieldMask(paths=list(settings)),
        )
    )
    changed: pb.Conversation = answer.conversation
    return changed


async def _by_guid(me: Caller) -> dict[str, pb.Conversation]:
    return {one.imessage_id: one for one in await conversations_of(me)}


async def test_chats_with_one_key_are_one_conversation(me: Caller):
    await _bring_ana(me)
    ana = sync_pb2.SyncedContact(apple_id="A", display_name="Ana", handles=["+15550100", "ana@example.com"])
    await me.sync.SyncContactBatch(sync_pb2.SyncContactBatchRequest(contacts=[ana]))

    conversation = await _only(me)

    assert [one.imessage_id for one in conversation.chats] == [PHONE, MAIL]
    assert [(one.service, one.message_count) for one in conversation.chats] == [("iMessage", 2), ("SMS", 2)]
    assert (conversation.conversation_id, conversation.imessage_id) == (conversation.chats[0].chat_id, PHONE)
    assert (conversation.message_count, conversation.last_message.text) == (4, "by mail again")
    assert (conversation.last_message_at, conversation.needs_reply) == (at(4), True)
    assert [one.handle for one in conversation.participants] == ["+15550100", "ana@example.com"]
    assert conversation.display_name == "Ana"


async def test_messages_of_all_chats_come_in_one_order_and_say_where_they_are(me: Caller):
    await _bring_ana(me)
    conversation = await _only(me)
    phone, mail = (one.chat_id for one in conversation.chats)

    seen, token = [], ""
    while True:
        asked = pb.ListMessagesRequest(conversation_id=mail, page_size=3, page_token=token)
        page = await me.owner.ListMessages(asked)
        seen.append(list(page.messages))
        token = page.next_page_token
        if not token:
            break

    messages = list(itertools.chain(*seen))
    assert [one.imessage_guid for one in messages] == ["m4", "p3", "m2", "p1"]
    assert [one.chat_id for one in messages] == [mail, phone, mail, phone]
    assert {one.conversation_id for one in messages} == {phone}
    assert [len(page) for page in seen] == [3, 1]
    assert (conversation.last_message.conversation_id, conversation.last_message.chat_id) == (phone, mail)


async def test_any_chats_id_names_the_conversation(me: Caller):
    await _bring_ana(me)
    conversation = await _only(me)
    phone, mail = (one.chat_id for one in conversation.chats)

    got = await me.owner.GetConversation(pb.GetConversationRequest(conversation_id=mail))
    changed = await _set(me, mail, tone="warm")
    found = await me.owner.SearchMessages(pb.SearchMessagesRequest(query="phone", conversation_id=mail))
    context = await me.owner.GetContext(pb.GetContextRequest(conversation_id=mail))
    of_message = await me.owner.GetContext(
        pb.GetContextRequest(conversation_id=mail, message_id=found.hits[0].message.message_id)
    )

    assert got.conversation == conversation
    assert (changed.conversation_id, changed.settings.tone) == (phone, "warm")
    assert [hit.message.imessage_guid for hit in found.hits] == ["p3", "p1"]
    assert {hit.message.conversation_id for hit in found.hits} == {phone}
    assert context.conversation.conversation_id == phone
    assert [one.imessage_guid for one in context.messages] == ["p1", "m2", "p3", "m4"]
    assert [one.imessage_guid for one in of_message.messages] == ["p1", "m2", "p3"]
    assert of_message.newest_message_id == context.newest_message_id == context.messages[-1].message_id


async def test_a_search_names_the_conversation_and_not_the_chat(me: Caller):
    await _bring_ana(me)
    await synced(me, conversations=[chat(PHONE, "ana", display_name="Ana's", is_group=True)])

    found = await me.owner.SearchMessages(pb.SearchMessagesRequest(query="mail"))

    assert [hit.conversation_name for hit in found.hits] == ["Ana's", "Ana's"]


async def test_pages_show_each_conversation_once_where_its_newest_message_is(me: Caller):
    chats = [chat(f"c{n}", f"k{n % 3}" if n < 6 else "") for n in range(9)]
    await synced(
        me,
        *(
            incoming(f"g{n}-{minute}", minutes=minute * 10 + n, conversation_id=f"c{n}")
            for n in range(9)
            for minute in (0, 1)
        ),
        conversations=chats,
    )

    for size in (1, 2, 4):
        seen, token = [], ""
        while True:
            page = await me.owner.ListConversations(pb.ListConversationsRequest(page_size=size, page_token=token))
            seen += list(page.conversations)
            token = page.next_page_token
            if not token:
                break

        newest = [one.last_message.imessage_guid for one in seen]
        assert newest == ["g8-1", "g7-1", "g6-1", "g5-1", "g4-1", "g3-1"]
        assert [one.message_count for one in seen] == [2, 2, 2, 4, 4, 4]


async def test_two_newest_messages_of_one_moment_show_the_conversation_once(me: Caller):
    await synced(
        me,
        incoming("a", minutes=1, conversation_id="a"),
        incoming("b", minutes=1, conversation_id="b"),
        conversations=[chat("a", "k"), chat("b", "k")],
    )

    assert (await _only(me)).message_count == 2


async def test_a_chat_without_messages_is_part_of_the_conversation_too(me: Caller):
    await synced(me, conversations=[chat("empty", "k")])
    await synced(me, incoming("a", conversation_id="other"), conversations=[chat("other", "k")])

    conversation = await _only(me)

    assert [one.imessage_id for one in conversation.chats] == ["empty", "other"]
    assert conversation.conversation_id == conversation.chats[0].chat_id


async def test_the_device_hears_of_conversations_as_they_are_shown(me: Caller):
    await _bring_ana(me)
    await synced(me, incoming("alone", conversation_id="alone"))

    state = await me.sync.GetSyncState(sync_pb2.GetSyncStateRequest())

    assert (state.message_count, state.conversation_count) == (5, 2)


async def test_losing_the_key_parts_them_with_all_that_was_set(me: Caller):
    await _bring_ana(me)
    await _set(me, (await _only(me)).conversation_id, train=True, tone="warm")

    await synced(me, conversations=[chat(MAIL, "somebody else", participants=["ana@example.com"])])

    parted = await _by_guid(me)
    assert {guid: len(one.chats) for guid, one in parted.items()} == {PHONE: 1, MAIL: 1}
    assert {guid: one.message_count for guid, one in parted.items()} == {PHONE: 2, MAIL: 2}
    assert {(one.settings.train, one.settings.tone) for one in parted.values()} == {(True, "warm")}
    assert {one.conversation_id for one in await messages_of(me, parted[MAIL].conversation_id)} == {
        parted[MAIL].conversation_id
    }


async def test_an_empty_key_parts_too(me: Caller):
    await _bring_ana(me)

    await synced(me, conversations=[chat(MAIL)])

    assert {guid: len(one.chats) for guid, one in (await _by_guid(me)).items()} == {PHONE: 1, MAIL: 1}


async def test_when_the_first_leaves_the_next_gives_the_id(me: Caller):
    await _bring_ana(me)
    await synced(me, incoming("s5", minutes=5, conversation_id=SMS), conversations=[chat(SMS, "ana")])
    before = await _only(me)

    await synced(me, conversations=[chat(PHONE, "other")])

    parted = await _by_guid(me)
    assert set(parted) == {PHONE, MAIL}
    assert [one.imessage_id for one in parted[MAIL].chats] == [MAIL, SMS]
    assert parted[MAIL].conversation_id == before.chats[1].chat_id
    assert parted[PHONE].conversation_id == before.chats[0].chat_id


async def test_a_key_that_is_not_said_is_kept(me: Caller):
    await _bring_ana(me)
    batch = sync_pb2.SyncMessageBatchRequest(conversation_id=MAIL, messages=[incoming("b", conversation_id="")])

    answer = await me.sync.SyncMessageBatch(batch)

    conversation = await _only(me)
    assert len(conversation.chats) == 2
    assert answer.conversation_id == conversation.chats[1].chat_id


async def test_a_new_chat_takes_over_what_was_set(me: Caller):
    await synced(me, incoming("p1"), conversations=[chat(PHONE, "ana")])
    settings = (await _set(me, (await _only(me)).conversation_id, auto_draft=True, train=True, tone="warm")).settings

    await synced(me, incoming("m2", conversation_id=MAIL), conversations=[chat(MAIL, "ana")])
    together = await _only(me)
    await synced(me, conversations=[chat(MAIL)])

    assert together.settings == settings
    assert (await _by_guid(me))[MAIL].settings == settings


async def _known_apart(me: Caller, phone: dict[str, Any], mail: dict[str, Any]) -> pb.ConversationSettings:
    """What is set for two conversations, each with its own settings, once they are one."""
    await synced(me, incoming("p1"), incoming("m2", conversation_id=MAIL))
    apart = await _by_guid(me)
    await _set(me, apart[PHONE].conversation_id, **phone)
    await _set(me, apart[MAIL].conversation_id, **mail)
    await synced(me, conversations=[chat(MAIL, "ana"), chat(PHONE, "ana")])
    return (await _only(me)).settings


async def test_merging_keeps_consent_only_where_both_gave_it(me: Caller):
    settings = await _known_apart(me, {"train": True, "auto_draft": True, "tone": ""}, {"train": True, "tone": "warm"})

    assert settings == pb.ConversationSettings(train=True, tone="warm")


async def test_merging_keeps_the_firsts_words(me: Caller):
    settings = await _known_apart(me, {"tone": "dry"}, {"tone": "warm", "relation": "sister"})

    assert settings == pb.ConversationSettings(tone="dry", relation="sister")


async def test_settings_are_written_to_all_chats(me: Caller):
    await _bring_ana(me)
    await _set(me, (await _only(me)).chats[1].chat_id, train=True)

    await synced(me, conversations=[chat(PHONE), chat(MAIL)])

    assert [one.settings.train for one in await conversations_of(me)] == [True, True]


async def test_deleting_deletes_all_chats(me: Caller):
    await _bring_ana(me)
    conversation = await _only(me)

    mail = conversation.chats[1].chat_id
    answer = await me.owner.DeleteConversation(pb.DeleteConversationRequest(conversation_id=mail))
    await _bring_ana(me)

    assert answer.deleted_messages == 4
    assert await conversations_of(me) == []
    for one in conversation.chats:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await me.owner.GetConversation(pb.GetConversationRequest(conversation_id=one.chat_id))
        assert refused.value.code() is grpc.StatusCode.NOT_FOUND


async def test_a_deleted_chat_under_another_guid_stays_deleted(me: Caller):
    await _bring_ana(me)
    await me.owner.DeleteConversation(pb.DeleteConversationRequest(conversation_id=(await _only(me)).conversation_id))

    renamed = "any;-;+15550100"
    old = [incoming(f"p{n}", minutes=n, conversation_id=renamed) for n in (1, 3, 4)]
    again = await synced(me, *old, conversations=[chat(renamed, "ana")])
    gone = await conversations_of(me)
    await synced(me, incoming("p5", minutes=5, conversation_id=renamed))
    await synced(me, *old, conversations=[chat(renamed, "other")])

    assert (again.received, again.inserted, gone) == (3, 0, [])
    assert [one.imessage_guid for one in await messages_of(me, (await _only(me)).conversation_id)] == ["p5"]


async def test_a_deleted_chat_stays_deleted_under_the_key_that_it_got_later(me: Caller):
    await synced(me, incoming("p1"))
    await me.owner.DeleteConversation(pb.DeleteConversationRequest(conversation_id=(await _only(me)).conversation_id))
    await synced(me, conversations=[chat(PHONE, "ana")])

    renamed = "any;-;+15550100"
    again = await synced(me, incoming("p1", conversation_id=renamed), conversations=[chat(renamed, "ana")])

    assert again.inserted == 0


async def test_what_another_chat_has_is_not_deleted_by_getting_a_deleted_ones_key(me: Caller):
    await synced(me, incoming("p1"), incoming("m2", "befor", conversation_id=MAIL), conversations=[chat(PHONE, "ana")])
    phone = (await _by_guid(me))[PHONE].conversation_id
    await me.owner.DeleteConversation(pb.DeleteConversationRequest(conversation_id=phone))

    await synced(me, incoming("m2", "before", conversation_id=MAIL), conversations=[chat(MAIL, "ana")])

    (message,) = await messages_of(me, (await _only(me)).conversation_id)
    assert message.text == "before"


async def test_what_is_said_after_the_deletion_is_shown_together_again(me: Caller):
    await _bring_ana(me)
    await me.owner.DeleteConversation(pb.DeleteConversationRequest(conversation_id=(await _only(me)).conversation_id))

    await synced(
        me,
        incoming("p5", minutes=5),
        incoming("m6", minutes=6, conversation_id=MAIL),
        conversations=[chat(PHONE, "ana"), chat(MAIL, "ana")],
    )

    conversation = await _only(me)
    assert (conversation.message_count, len(conversation.chats)) == (2, 2)
    assert conversation.settings == pb.ConversationSettings()


async def test_chats_that_come_back_without_a_description_are_still_one(me: Caller):
    await _bring_ana(me)
    await me.owner.DeleteConversation(pb.DeleteConversationRequest(conversation_id=(await _only(me)).conversation_id))

    await synced(me, incoming("p5", minutes=5))
    await synced(me, incoming("m6", minutes=6, conversation_id=MAIL))

    assert [one.imessage_id for one in (await _only(me)).chats] == [PHONE, MAIL]


async def test_history_is_one_for_all_chats(me: Caller):
    await _bring_ana(me)
    conversation = await _only(me)
    mail = conversation.chats[1].chat_id
    await _set(me, mail, train=True)

    events = [one async for one in me.service.ReadHistory(pb.ReadHistoryRequest(conversation_ids=[mail]))]

    (batch,) = [one.batch for one in events if one.HasField("batch")]
    assert batch.conversation.conversation_id == conversation.conversation_id
    assert [one.imessage_guid for one in batch.messages] == ["p1", "m2", "p3", "m4"]
    assert {one.conversation_id for one in batch.messages} == {conversation.conversation_id}


@pytest.mark.parametrize("trait", ["is_self", "is_orphaned"])
async def test_what_is_no_conversation_is_never_trained_on(me: Caller, trait: str):
    await synced(me, incoming("a"), conversations=[chat(PHONE, **{trait: True})])
    await _set(me, (await _only(me)).conversation_id, train=True)

    events = [one async for one in me.service.ReadHistory(pb.ReadHistoryRequest())]

    assert [one.done.message_count for one in events] == [0]


@pytest.mark.parametrize("trait", ["is_orphaned", "is_filtered", "is_short_code"])
async def test_machines_and_strangers_wait_for_no_reply(me: Caller, trait: str):
    await synced(me, incoming("a"), conversations=[chat(PHONE, **{trait: True})])

    conversation = await _only(me)

    assert getattr(conversation, trait)
    assert not conversation.needs_reply


async def test_a_stranger_who_became_known_is_waited_for(me: Caller):
    await synced(me, incoming("a"), conversations=[chat(PHONE, is_filtered=True)])

    await synced(me, conversations=[chat(PHONE)])

    assert (await _only(me)).needs_reply
