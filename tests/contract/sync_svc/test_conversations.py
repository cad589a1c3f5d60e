"""ConversationsService."""

import itertools
from uuid import uuid4

import grpc
import pytest
from assistant.sync.v1 import conversations_pb2 as pb
from assistant.sync.v1 import messages_pb2, sync_pb2
from google.protobuf.field_mask_pb2 import FieldMask

from tests.sync_service import CHAT, Caller, SyncService, at, incoming, outgoing, synced


async def _only(me: Caller) -> pb.Conversation:
    conversation: pb.Conversation
    (conversation,) = (await me.owner.ListConversations(pb.ListConversationsRequest())).conversations
    return conversation


async def _id(me: Caller) -> str:
    return (await _only(me)).conversation_id


async def _refusal(call) -> grpc.aio.AioRpcError:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await call
    return refused.value


async def test_conversations_come_newest_first_in_pages(me: Caller):
    await synced(me, *(incoming(f"g{n}", minutes=n // 2, conversation_id=f"chat{n}") for n in range(7)))

    seen, token = [], ""
    while True:
        page = await me.owner.ListConversations(pb.ListConversationsRequest(page_size=3, page_token=token))
        seen.append([one.imessage_id for one in page.conversations])
        token = page.next_page_token
        if not token:
            break

    assert [len(page) for page in seen] == [3, 3, 1]
    assert sorted(itertools.chain(*seen)) == [f"chat{n}" for n in range(7)]
    assert seen[0][0] == "chat6"


async def test_messages_come_newest_first_in_pages(me: Caller):
    await synced(me, *(incoming(f"g{n}", minutes=n // 3) for n in range(10)))
    conversation_id = await _id(me)

    seen, token = [], ""
    while True:
        asked = pb.ListMessagesRequest(conversation_id=conversation_id, page_size=4, page_token=token)
        page = await me.owner.ListMessages(asked)
        seen += [one.imessage_guid for one in page.messages]
        token = page.next_page_token
        if not token:
            break

    assert sorted(seen) == [f"g{n}" for n in range(10)]
    assert seen[0] == "g9"


async def test_a_token_that_the_server_did_not_give_is_refused(me: Caller):
    refusal = await _refusal(me.owner.ListConversations(pb.ListConversationsRequest(page_token="bogus")))

    assert refusal.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert (refusal.details() or "").startswith("page_token")


async def test_the_last_message_is_cut_at_200_characters(me: Caller):
    await synced(me, incoming("a", "é" * 300))

    assert (await _only(me)).last_message.text == "é" * 200


async def test_a_reply_is_due_after_an_incoming_message_only(me: Caller):
    await synced(me, incoming("a", minutes=1))
    before = (await _only(me)).needs_reply
    await synced(me, outgoing("b", minutes=2))

    assert (before, (await _only(me)).needs_reply) == (True, False)


async def test_the_newest_message_follows_updates_too(me: Caller):
    await synced(me, incoming("a", "one", 1, state_hash=1), incoming("b", "two", 2, state_hash=1))

    await synced(me, incoming("b", "two", 0, state_hash=2))

    conversation = await _only(me)
    assert (conversation.last_message.text, conversation.last_message_at) == ("one", at(1))


async def test_only_the_named_settings_change(me: Caller):
    await synced(me, incoming("a"))
    conversation_id = await _id(me)

    def update(settings, *paths):
        mask = FieldMask(paths=paths)
        return me.owner.UpdateConversation(
            pb.UpdateConversationRequest(conversation_id=conversation_id, settings=settings, update_mask=mask)
        )

    await update(pb.ConversationSettings(auto_draft=True, tone="warm"), "auto_draft", "tone")
    await update(pb.ConversationSettings(tone="dry", relation="sister"), "relation")

    settings = (await _only(me)).settings
    assert settings == pb.ConversationSettings(auto_draft=True, tone="warm", relation="sister")


async def test_without_a_mask_all_settings_change(me: Caller):
    await synced(me, incoming("a"))
    conversation_id = await _id(me)
    for settings in (pb.ConversationSettings(train=True, tone="warm"), pb.ConversationSettings(auto_draft=True)):
        changed = await me.owner.UpdateConversation(
            pb.UpdateConversationRequest(conversation_id=conversation_id, settings=settings)
        )

    assert changed.conversation.settings == pb.ConversationSettings(auto_draft=True)


async def test_an_unknown_path_in_the_mask_is_refused(me: Caller):
    await synced(me, incoming("a"))
    asked = pb.UpdateConversationRequest(
        conversation_id=await _id(me), settings=pb.ConversationSettings(), update_mask=FieldMask(paths=["display_name"])
    )

    refusal = await _refusal(me.owner.UpdateConversation(asked))

    assert refusal.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert (refusal.details() or "").startswith("update_mask")


async def test_a_deleted_conversation_does_not_come_back_with_what_was_synced(me: Caller):
    messages = [incoming(f"g{n}", minutes=n) for n in range(3)]
    described = sync_pb2.SyncedConversation(conversation_id=CHAT, participants=["+15550100"])
    await synced(me, *messages, conversations=[described])
    conversation_id = await _id(me)

    deleted = await me.owner.DeleteConversation(pb.DeleteConversationRequest(conversation_id=conversation_id))
    again = await synced(me, *messages, conversations=[described])

    listed = await me.owner.ListConversations(pb.ListConversationsRequest())
    refusal = await _refusal(me.owner.GetConversation(pb.GetConversationRequest(conversation_id=conversation_id)))
    assert (deleted.deleted_messages, again.received, again.inserted) == (3, 3, 0)
    assert list(listed.conversations) == []
    assert refusal.code() is grpc.StatusCode.NOT_FOUND


async def test_a_new_message_brings_a_deleted_conversation_back_without_the_old_ones(me: Caller):
    old = incoming("old", minutes=1)
    await synced(me, old)
    await me.owner.DeleteConversation(pb.DeleteConversationRequest(conversation_id=await _id(me)))

    await synced(me, incoming("new", minutes=2))
    await synced(me, old)

    conversation = await _only(me)
    assert (conversation.message_count, conversation.last_message.imessage_guid) == (1, "new")


async def test_a_batch_for_a_deleted_conversation_says_that_nothing_is_kept(me: Caller):
    batch = sync_pb2.SyncMessageBatchRequest(conversation_id=CHAT, messages=[incoming("old")])
    await me.sync.SyncMessageBatch(batch)
    await me.owner.DeleteConversation(pb.DeleteConversationRequest(conversation_id=await _id(me)))

    answer = await me.sync.SyncMessageBatch(batch)

    assert (answer.received, answer.inserted, answer.conversation_id, list(answer.message_ids)) == (1, 0, "", [""])


async def test_search_finds_all_words_and_the_beginning_of_the_last(me: Caller):
    await synced(
        me,
        incoming("a", "Dinner at Rosa's on Thursday?", 1),
        outgoing("b", "dinner was great", 2),
        incoming("c", "thursday works", 3, conversation_id="other"),
    )

    async def found(query: str, **fields) -> list[str]:
        hits = (await me.owner.SearchMessages(pb.SearchMessagesRequest(query=query, **fields))).hits
        return [hit.message.imessage_guid for hit in hits]

    conversation_id = next(
        one.conversation_id
        for one in (await me.owner.ListConversations(pb.ListConversationsRequest())).conversations
        if one.imessage_id == CHAT
    )
    assert await found("dinner") == ["b", "a"]
    assert await found("DINNER thu") == ["a"]
    assert await found("thurs") == ["c", "a"]
    assert await found("thurs", conversation_id=conversation_id) == ["a"]
    assert await found("rosa's") == ["a"]
    assert await found("inner") == []
    assert await found(r"it's \ 'odd' & | ! :* <-> (") == []
    assert await found("🎉") == []


async def test_search_pages_and_names_the_conversation(me: Caller):
    await synced(me, *(incoming(f"g{n}", f"word {n}", n) for n in range(5)))

    seen, token = [], ""
    while True:
        page = await me.owner.SearchMessages(pb.SearchMessagesRequest(query="word", page_size=2, page_token=token))
        seen += [(hit.message.imessage_guid, hit.conversation_name) for hit in page.hits]
        token = page.next_page_token
        if not token:
            break

    assert seen == [(f"g{n}", "+15550100") for n in reversed(range(5))]


@pytest.mark.parametrize("query", ["", "   ", "a\0b", "x" * 201])
async def test_a_wrong_query_is_refused(me: Caller, query):
    refusal = await _refusal(me.owner.SearchMessages(pb.SearchMessagesRequest(query=query)))

    assert refusal.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert (refusal.details() or "").startswith("query")


async def test_the_context_is_the_last_messages_with_text_oldest_first(me: Caller):
    await synced(
        me,
        incoming("a", "one", 1),
        outgoing("b", "two", 2),
        incoming("code", "code 123456", 3, has_one_time_code=True),
        incoming("picture", "", 4, message_type=messages_pb2.MESSAGE_TYPE_IMAGE),
        incoming("unsent", "gone", 5, unsent_at=at(6)),
        incoming("c", "three", 7),
    )
    conversation_id = await _id(me)

    found = await me.owner.GetContext(pb.GetContextRequest(conversation_id=conversation_id, max_history=2))
    whole = await me.owner.GetContext(pb.GetContextRequest(conversation_id=conversation_id))

    assert [one.text for one in found.messages] == ["two", "three"]
    assert [one.text for one in whole.messages] == ["one", "two", "three"]
    assert found.newest_message_id == found.messages[-1].message_id
    assert not found.conversation.HasField("last_message")


URL = "https://example.com"


async def test_the_context_is_as_a_draft_reads_it(me: Caller):
    await synced(
        me,
        incoming("a", URL, 1),
        incoming("preview", URL, 1.5, message_type=messages_pb2.MESSAGE_TYPE_LINK),
        outgoing("mine", "", 2, attachments=[{"guid": "x", "mime_type": "image/heic"}]),
        incoming("b", "", 3, attachments=[{"guid": "y", "transcription": "did you see"}]),
        incoming("spam", "win", 4, is_spam=True),
        incoming("later", "see you", 5, is_scheduled=True),
        incoming("event", "left", 6, message_type=messages_pb2.MESSAGE_TYPE_GROUP_EVENT),
        incoming("c", "well?", 7, subject="Link"),
        incoming("d", "", 8, attachments=[{"guid": "z", "mime_type": "image/heic"}]),
        incoming("event at the end", "", 9, message_type=messages_pb2.MESSAGE_TYPE_GROUP_EVENT),
    )

    found = await me.owner.GetContext(pb.GetContextRequest(conversation_id=await _id(me)))

    read = {one.imessage_guid: one.text for one in found.messages}
    assert read == {"a": URL, "b": "[voice message] did you see", "c": "Link: well?", "d": "[photo]"}
    assert found.newest_message_id == found.messages[-1].message_id


async def test_previews_take_no_place_in_the_context(me: Caller):
    link = {"message_type": messages_pb2.MESSAGE_TYPE_LINK}
    pairs = [(incoming(f"g{n}", f"{URL}/{n}", n), incoming(f"p{n}", f"{URL}/{n}", n + 0.1, **link)) for n in range(12)]
    await synced(me, *itertools.chain(*pairs))

    found = await me.owner.GetContext(pb.GetContextRequest(conversation_id=await _id(me)))

    assert [one.imessage_guid for one in found.messages] == [f"g{n}" for n in range(2, 12)]
    assert found.newest_message_id == found.messages[-1].message_id


async def test_a_draft_for_a_message_before_the_preview_of_the_newest_is_not_outdated(me: Caller):
    await synced(me, incoming("a", URL, 1), incoming("preview", URL, 1.1, message_type=messages_pb2.MESSAGE_TYPE_LINK))
    listed = await me.owner.ListMessages(pb.ListMessagesRequest(conversation_id=await _id(me)))

    for message in listed.messages:
        found = await me.owner.GetContext(pb.GetContextRequest(message_id=message.message_id))

        assert [one.imessage_guid for one in found.messages] == ["a"]
        assert found.newest_message_id == listed.messages[1].message_id


async def test_the_context_of_an_older_message_ends_with_it(me: Caller):
    await synced(me, *(incoming(f"g{n}", f"text {n}", n) for n in range(4)))
    listed = await me.owner.ListMessages(pb.ListMessagesRequest(conversation_id=await _id(me)))
    ids = {one.imessage_guid: one.message_id for one in listed.messages}

    found = await me.owner.GetContext(pb.GetContextRequest(message_id=ids["g2"]))

    assert [one.imessage_guid for one in found.messages] == ["g0", "g1", "g2"]
    assert found.newest_message_id == ids["g3"]


@pytest.mark.parametrize(
    "message",
    [
        incoming("a", ""),
        outgoing("a", "", attachments=[{"guid": "x"}]),
        incoming("a", "win", is_spam=True),
    ],
)
async def test_a_conversation_without_text_has_no_context(me: Caller, message: sync_pb2.SyncedMessage):
    await synced(me, message)

    refusal = await _refusal(me.owner.GetContext(pb.GetContextRequest(conversation_id=await _id(me))))

    assert refusal.code() is grpc.StatusCode.FAILED_PRECONDITION
    assert any("EMPTY_CONVERSATION" in str(value) for _, value in refusal.trailing_metadata() or ())


async def test_a_context_of_nothing_is_refused(me: Caller):
    refusal = await _refusal(me.owner.GetContext(pb.GetContextRequest()))

    assert refusal.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_a_message_of_another_conversation_is_not_found(me: Caller):
    await synced(me, incoming("a"), incoming("b", conversation_id="other"))
    conversations = (await me.owner.ListConversations(pb.ListConversationsRequest())).conversations
    asked = pb.GetContextRequest(
        conversation_id=conversations[0].conversation_id, message_id=conversations[1].last_message.message_id
    )

    assert (await _refusal(me.owner.GetContext(asked))).code() is grpc.StatusCode.NOT_FOUND


async def test_what_is_somebody_elses_is_not_found(service: SyncService, me: Caller):
    other = service.caller()
    await synced(other, incoming("a"))
    theirs = await _only(other)
    conversation_id = theirs.conversation_id

    calls = [
        me.owner.GetConversation(pb.GetConversationRequest(conversation_id=conversation_id)),
        me.owner.UpdateConversation(
            pb.UpdateConversationRequest(conversation_id=conversation_id, settings=pb.ConversationSettings(train=True))
        ),
        me.owner.DeleteConversation(pb.DeleteConversationRequest(conversation_id=conversation_id)),
        me.owner.ListMessages(pb.ListMessagesRequest(conversation_id=conversation_id)),
        me.owner.SearchMessages(pb.SearchMessagesRequest(query="hello", conversation_id=conversation_id)),
        me.owner.GetContext(pb.GetContextRequest(conversation_id=conversation_id)),
        me.owner.GetContext(pb.GetContextRequest(message_id=theirs.last_message.message_id)),
    ]
    refusals = [await _refusal(call) for call in calls]
    absent = await _refusal(me.owner.GetConversation(pb.GetConversationRequest(conversation_id=str(uuid4()))))

    assert {refusal.code() for refusal in refusals} == {grpc.StatusCode.NOT_FOUND}
    assert refusals[0].details() == absent.details()
    assert not (await me.owner.SearchMessages(pb.SearchMessagesRequest(query="hello"))).hits
    assert await _only(other) == theirs


async def _history(me: Caller, **fields) -> tuple[list[str], int]:
    guids, count = [], -1
    async for event in me.service.ReadHistory(pb.ReadHistoryRequest(**fields)):
        guids += [one.imessage_guid for one in event.batch.messages]
        if event.HasField("done"):
            count = event.done.message_count
    return guids, count


async def _allow_training(me: Caller, imessage_id: str) -> str:
    listed = await me.owner.ListConversations(pb.ListConversationsRequest())
    conversation_id = next(one.conversation_id for one in listed.conversations if one.imessage_id == imessage_id)
    settings = pb.ConversationSettings(train=True)
    await me.owner.UpdateConversation(pb.UpdateConversationRequest(conversation_id=conversation_id, settings=settings))
    return str(conversation_id)


async def test_history_is_of_conversations_that_allow_training_and_without_codes(me: Caller):
    await synced(
        me,
        *(incoming(f"g{n:03}", minutes=n, conversation_id="yes") for n in range(1200)),
        incoming("code", "123456", conversation_id="yes", has_one_time_code=True),
        incoming("private", conversation_id="no"),
    )
    await _allow_training(me, "yes")

    guids, count = await _history(me)

    assert guids == [f"g{n:03}" for n in range(1200)]
    assert count == 1200


async def test_history_has_real_texts_only_also_where_pages_meet(me: Caller):
    link = {"message_type": messages_pb2.MESSAGE_TYPE_LINK}
    await synced(
        me,
        incoming("picture", "", attachments=[{"guid": "x", "mime_type": "image/heic"}]),
        incoming("spam", "win", is_spam=True),
        *(incoming(f"g{n:03}", f"text {n}", minutes=n) for n in range(499)),
        incoming("link", URL, 500),
        incoming("preview", URL, 500.5, **link),
        outgoing("mine", "nice", 501, subject="Re"),
        outgoing("later", "see you", 502, is_scheduled=True),
    )
    await _allow_training(me, CHAT)

    texts = [
        message.text
        async for event in me.service.ReadHistory(pb.ReadHistoryRequest())
        for message in event.batch.messages
    ]

    assert texts == [*(f"text {n}" for n in range(499)), URL, "Re: nice"]


async def test_history_may_be_narrowed(me: Caller):
    await synced(me, *(incoming(f"{chat}{n}", minutes=n, conversation_id=chat) for chat in "ab" for n in range(3)))
    await _allow_training(me, "a")
    b = await _allow_training(me, "b")

    assert await _history(me, conversation_ids=[b], since=at(0)) == (["b1", "b2"], 2)
    assert await _history(me, conversation_ids=[str(uuid4())]) == ([], 0)


async def test_history_is_not_for_owners(me: Caller):
    refusal = await _refusal(me.owner.ReadHistory(pb.ReadHistoryRequest()).read())

    assert refusal.code() is grpc.StatusCode.PERMISSION_DENIED
