"""What Messages does to old rows reaches the server: edits, reactions, deletions, rebuilds, new names."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from agent.errors import CannotRead, ServerAway
from agent.privacy import Privacy
from agent.reporting import Summary
from agent.sync import SyncLimits
from agent.sync.progress import HeldRows
from stack.demo_data.address_book import write_address_book
from tests.chatdb_builder import ANA, BEN, CLEO, ChatDb, Sent
from tests.integration.agent.agent_run import AgentRun, agent_at
from tests.integration.agent.scripted_server import Script, serving

SECOND = 1_000_000_000
APPLE_EPOCH = 978_307_200
DAY = 86_400 * SECOND


@asynccontextmanager
async def synced(db: ChatDb, script: Script, **options: Any) -> AsyncIterator[AgentRun]:
    """An agent that has brought over what is there, and watches."""
    async with serving(script) as port, agent_at(port, db.path, **options) as agent:
        await agent.sync.run_pass()
        yield agent


@pytest.fixture
def db(tmp_path: Path) -> Any:
    """A database whose messages are of today."""
    with ChatDb(tmp_path / "chat.db") as database:
        database.clock = (int(time.time()) - APPLE_EPOCH) * SECOND - 3_600 * SECOND
        yield database


def reactions(script: Script, sent: Sent) -> list[tuple[str, str]]:
    return [(one.sender_id, one.kind) for one in script.messages[sent.guid].reactions]


async def test_an_edit_an_unsend_and_a_receipt_of_a_recent_message_arrive(db: ChatDb):
    script, chat = Script(), db.direct(ANA)
    edited, unsent, read = (db.rich(chat, text, sender=ANA) for text in ("a", "b", "c"))

    async with synced(db, script) as agent:
        db.edit(edited.guid, [("a", 770_000_000.0), ("aa", 770_000_001.0)])
        db.unsend(unsent.guid)
        db.update(read.guid, is_read=1, date_read=db.clock)
        summary = await agent.sync.run_pass()
        again = await agent.sync.run_pass()

    assert (summary.sent, summary.updated, again) == (3, 3, Summary())
    assert [edit.text for edit in script.messages[edited.guid].edits] == ["a"]
    assert script.messages[edited.guid].text == "aa"
    assert script.messages[unsent.guid].HasField("unsent_at")
    assert script.messages[read.guid].is_read


async def test_what_changed_while_no_agent_ran_is_found_at_the_next_start(db: ChatDb):
    script = Script()
    sent = db.rich(db.direct(ANA), "a", sender=ANA)
    async with synced(db, script):
        pass
    db.edit(sent.guid, [("a", 770_000_000.0), ("aa", 770_000_001.0)])

    async with serving(script) as port, agent_at(port, db.path) as agent:
        summary = await agent.sync.run_pass()

    assert (summary.sent, summary.updated) == (1, 1)
    assert script.messages[sent.guid].text == "aa"


async def test_a_change_older_than_the_window_is_found_by_the_comparison(db: ChatDb):
    script, chat = Script(), db.direct(ANA)
    old = db.rich(chat, "long ago", sender=ANA, date=db.clock - 30 * DAY)
    for number in range(50):
        db.rich(chat, str(number))

    async with synced(db, script) as agent:
        db.edit(old.guid, [("long ago", 770_000_000.0), ("edited", 770_000_001.0)])
        before = await agent.sync.run_pass()
        checked = await agent.sync.run_pass(check=True)

    assert before == Summary()
    assert (checked.sent, checked.updated) == (1, 1)
    assert script.messages[old.guid].text == "edited"
    assert not script.messages[old.guid].is_backfill


async def test_reactions_come_change_and_go(db: ChatDb):
    script, group = Script(), db.group(ANA, BEN)
    sent = db.rich(group, "said")

    async with synced(db, script) as agent:
        db.tapback(group, sent.guid, "love", sender=ANA)
        db.tapback(group, sent.guid, "🎉", sender=BEN)
        await agent.sync.run_pass()
        assert reactions(script, sent) == [(ANA, "love"), (BEN, "🎉")]
        db.tapback(group, sent.guid, "laugh", sender=ANA)
        await agent.sync.run_pass()
        assert reactions(script, sent) == [(BEN, "🎉"), (ANA, "laugh")]
        db.remove_tapback(group, sent.guid, "laugh", sender=ANA)
        await agent.sync.run_pass()
        assert reactions(script, sent) == [(BEN, "🎉")]


async def test_a_reaction_that_comes_with_its_message_is_on_it(db: ChatDb):
    script, chat = Script(), db.direct(ANA)
    db.rich(chat, "something")

    async with synced(db, script) as agent:
        sent = db.rich(chat, "said")
        db.tapback(chat, sent.guid, "love", sender=ANA)
        await agent.sync.run_pass()

    assert reactions(script, sent) == [(ANA, "love")]


async def test_a_new_reaction_on_an_old_message_arrives_at_once(db: ChatDb):
    script, chat = Script(), db.direct(ANA)
    old = db.rich(chat, "long ago", date=db.clock - 400 * DAY)

    async with synced(db, script) as agent:
        db.tapback(chat, old.guid, "love", sender=ANA)
        summary = await agent.sync.run_pass()

    assert (summary.sent, reactions(script, old)) == (1, [(ANA, "love")])


async def test_a_reaction_that_was_replaced_by_none_is_noticed(db: ChatDb):
    script, chat = Script(), db.direct(ANA)
    sent = db.rich(chat, "said")
    tapback = db.tapback(chat, sent.guid, "love", sender=ANA)

    async with synced(db, script) as agent:
        db.delete(tapback.guid)
        await agent.sync.run_pass()

    assert reactions(script, sent) == []


async def test_a_reaction_that_came_before_its_message_is_on_it(db: ChatDb):
    script, chat = Script(), db.direct(ANA)
    db.rich(chat, "something")

    async with synced(db, script) as agent:
        db.tapback(chat, "STILL-TO-COME", "love", sender=ANA)
        await agent.sync.run_pass()
        late = db.rich(chat, "here it is", guid="STILL-TO-COME", date=db.clock - 100 * DAY)
        await agent.sync.run_pass()

    assert reactions(script, late) == [(ANA, "love")]


async def test_deletions_of_every_kind_reach_the_server(db: ChatDb):
    script, chat = Script(), db.direct(ANA)
    kept, gone, taken_back = (db.rich(chat, text) for text in ("kept", "gone", "taken back"))

    async with synced(db, script) as agent:
        db.delete(gone.guid)
        db.put_into_recently_deleted(taken_back.guid)
        summary = await agent.sync.run_pass()
        assert set(script.messages) == {kept.guid}
        assert summary.deleted == 2
        db.take_back(taken_back.guid)
        await agent.sync.run_pass()

    assert set(script.messages) == {kept.guid, taken_back.guid}


async def test_what_is_taken_back_arrives_although_the_server_went_away_at_that_moment(db: ChatDb):
    script, chat = Script(), db.direct(ANA)
    old, put_away = db.rich(chat, "old", date=db.clock - 200 * DAY), db.rich(chat, "put away")
    db.rich(chat, "kept")

    async with synced(db, script, limits=SyncLimits(attempts=1)) as agent:
        db.put_into_recently_deleted(old.guid)
        await agent.sync.run_pass()
        db.take_back(old.guid)
        db.put_into_recently_deleted(put_away.guid)
        script.break_after = [0]
        with pytest.raises(ServerAway):
            await agent.sync.run_pass()
        await agent.sync.run_pass()

    assert put_away.guid not in script.messages
    assert old.guid in script.messages


async def test_what_was_taken_back_unwatched_arrives_although_the_comparison_broke_off(db: ChatDb):
    script, chat = Script(), db.direct(ANA)
    old, put_away = db.rich(chat, "old", date=db.clock - 200 * DAY), db.rich(chat, "put away")
    db.rich(chat, "kept")
    db.put_into_recently_deleted(old.guid)
    async with synced(db, script):
        pass
    db.take_back(old.guid)
    db.put_into_recently_deleted(put_away.guid)

    async with serving(script) as port:
        async with agent_at(port, db.path, limits=SyncLimits(attempts=1)) as agent:
            script.break_after = [0]
            with pytest.raises(ServerAway):
                await agent.sync.run_pass()
        async with agent_at(port, db.path) as agent:
            await agent.sync.run_pass()

    assert put_away.guid not in script.messages
    assert old.guid in script.messages


async def test_deletions_while_no_agent_ran_are_found_at_the_next_start(db: ChatDb):
    script, chat = Script(), db.direct(ANA)
    kept, gone, put_away, old = (db.rich(chat, text) for text in ("kept", "gone", "put away", "old"))
    db.update(old.guid, date=db.clock - 300 * DAY)
    db.put_into_recently_deleted(old.guid)
    async with synced(db, script):
        assert set(script.messages) == {kept.guid, gone.guid, put_away.guid}
    db.delete(gone.guid)
    db.put_into_recently_deleted(put_away.guid)
    db.take_back(old.guid)

    async with serving(script) as port, agent_at(port, db.path) as agent:
        await agent.sync.run_pass()

    assert set(script.messages) == {kept.guid, old.guid}


async def test_a_message_that_vanished_without_a_trace_is_kept(db: ChatDb):
    script, chat = Script(), db.direct(ANA)
    sent = db.rich(chat, "a")
    db.rich(chat, "b")

    async with synced(db, script) as agent:
        db.connection.execute("DROP TRIGGER add_to_deleted_messages")
        db.connection.execute("DROP TRIGGER add_to_sync_deleted_messages")
        db.delete(sent.guid)
        summary = await agent.sync.run_pass(check=True)

    assert (summary.deleted, summary.kept) == (0, 1)
    assert sent.guid in script.messages


async def test_a_rebuilt_database_leads_to_a_comparison_and_not_to_a_flood(db: ChatDb):
    script, chat = Script(), db.direct(ANA)
    sent = [db.rich(chat, str(number), date=db.clock - (number % 7) * DAY) for number in range(1_200)]

    async with synced(db, script) as agent:
        received = len(script.received)
        db.rebuild()
        summary = await agent.sync.run_pass()
        assert (summary, len(script.received)) == (Summary(), received)
        new = db.rich(chat, "after it")
        await agent.sync.run_pass()

    assert set(script.messages) == {one.guid for one in sent} | {new.guid}


async def test_a_rebuilt_database_that_lacks_messages_deletes_none(db: ChatDb):
    script, chat = Script(), db.direct(ANA)
    sent = [db.rich(chat, str(number)) for number in range(20)]

    async with synced(db, script) as agent:
        db.rebuild(without={one.guid for one in sent[5:15]})
        summary = await agent.sync.run_pass()
        script.calls.clear()
        again = await agent.sync.run_pass(check=True)

    assert (summary.deleted, summary.kept) == (0, 10)
    assert set(script.messages) == {one.guid for one in sent}
    # What cannot be made equal is looked at once, and not every night.
    assert "ListMessageStates" not in script.calls
    assert again == Summary()


async def test_old_messages_that_icloud_fills_in_are_no_news(db: ChatDb):
    script, chat = Script(), db.direct(ANA)
    db.rich(chat, "today", sender=ANA)

    async with synced(db, script) as agent:
        old = db.rich(chat, "filled in", sender=ANA, date=db.clock - 200 * DAY)
        new = db.rich(chat, "news", sender=ANA)
        await agent.sync.run_pass()

    assert script.messages[old.guid].is_backfill
    assert not script.messages[new.guid].is_backfill


async def test_an_old_message_that_waited_for_its_chat_is_no_news(db: ChatDb):
    script, chat = Script(), db.direct(ANA)
    db.rich(chat, "today", sender=ANA)

    async with synced(db, script) as agent:
        old = db.rich(None, "filled in", sender=ANA, date=db.clock - 200 * DAY)
        new = db.rich(None, "news", sender=ANA)
        await agent.sync.run_pass()
        waited = not {old.guid, new.guid} & script.messages.keys()
        db.join(chat, old.rowid)
        db.join(chat, new.rowid)
        await agent.sync.run_pass()

    assert waited
    assert script.messages[old.guid].is_backfill
    assert not script.messages[new.guid].is_backfill


async def test_an_old_message_that_is_taken_back_is_no_news(db: ChatDb):
    script, chat = Script(), db.direct(ANA)
    old = db.rich(chat, "old", sender=ANA, date=db.clock - 200 * DAY)
    db.rich(chat, "today", sender=ANA)

    async with synced(db, script) as agent:
        db.put_into_recently_deleted(old.guid)
        await agent.sync.run_pass()
        deleted = old.guid not in script.messages
        db.take_back(old.guid)
        await agent.sync.run_pass()

    assert deleted
    assert script.messages[old.guid].is_backfill


async def test_what_only_the_comparison_finds_is_no_news_when_it_is_old(db: ChatDb):
    script, chat = Script(), db.direct(ANA)
    old = db.rich(chat, "old", sender=ANA, date=db.clock - 200 * DAY)
    db.rich(chat, "today", sender=ANA)

    async with synced(db, script) as agent:
        del script.messages[old.guid]
        await agent.sync.run_pass(check=True)

    assert script.messages[old.guid].is_backfill


async def test_a_row_without_its_chat_waits_for_it(db: ChatDb):
    script, chat = Script(), db.direct(ANA)
    db.rich(chat, "first")

    async with synced(db, script) as agent:
        late = db.rich(None, "late", sender=ANA)
        after = db.rich(chat, "after it")
        await agent.sync.run_pass()
        assert late.guid not in script.messages
        assert after.guid in script.messages
        assert agent.sync.wants_another_pass
        db.join(chat, late.rowid)
        await agent.sync.run_pass()

    assert script.messages[late.guid].conversation_id == f"iMessage;-;{ANA}"
    assert not agent.sync.wants_another_pass
    assert script.received.count(after.guid) == 1


async def test_neither_the_first_look_nor_a_comparison_sends_a_row_that_waits_for_its_chat(db: ChatDb):
    script, group = Script(), db.group(ANA, BEN)
    (guid,) = db.connection.execute("SELECT guid FROM chat").fetchone()
    db.clock = (time.time_ns() // SECOND - APPLE_EPOCH) * SECOND
    late = db.rich(None, "its group is excluded", sender=CLEO)

    async with serving(script) as port, agent_at(port, db.path, privacy=Privacy.of((guid,))) as agent:
        await agent.sync.run_pass(check=True)
        db.join(group, late.rowid)
        await agent.sync.run_pass(check=True)

    assert script.messages == {}


async def test_a_row_that_waits_under_our_eyes_is_not_sent_by_a_comparison(db: ChatDb):
    script, chat = Script(), db.direct(ANA)
    db.rich(chat, "first")

    async with synced(db, script) as agent:
        late = db.rich(None, "late", sender=ANA, date=db.clock - DAY)
        await agent.sync.run_pass(check=True)
        assert late.guid not in script.messages
        db.join(chat, late.rowid)
        await agent.sync.run_pass()

    assert script.messages[late.guid].conversation_id == f"iMessage;-;{ANA}"


async def test_a_reaction_does_not_send_a_message_that_waits_for_its_chat(db: ChatDb):
    script, chat = Script(), db.direct(ANA)
    db.rich(chat, "first")

    async with synced(db, script) as agent:
        late = db.rich(None, "late", sender=ANA, date=db.clock - DAY)
        await agent.sync.run_pass()
        db.tapback(chat, late.guid, "love", sender=ANA)
        await agent.sync.run_pass()

    assert late.guid not in script.messages


async def test_an_agent_that_ends_while_a_row_waits_loses_nothing(db: ChatDb):
    script, chat = Script(), db.direct(ANA)
    db.rich(chat, "first")
    async with synced(db, script) as agent:
        late = db.rich(None, "late", sender=ANA, date=db.clock - 100 * DAY)
        db.rich(chat, "after it")
        await agent.sync.run_pass()
    db.join(chat, late.rowid)

    async with serving(script) as port, agent_at(port, db.path) as agent:
        await agent.sync.run_pass()

    assert late.guid in script.messages


async def test_a_row_that_gets_no_chat_is_sent_as_an_orphan_in_the_end(db: ChatDb):
    script = Script()
    db.rich(db.direct(ANA), "first")

    async with synced(db, script) as agent:
        orphan = db.rich(None, "orphan", sender=ANA)
        await agent.sync.run_pass()
        progress = agent.sync._progress
        assert progress is not None
        progress.held.clock = lambda: time.monotonic() + 60
        await agent.sync.run_pass()

    assert script.messages[orphan.guid].conversation_id == "orphaned"
    assert isinstance(progress.held, HeldRows)


async def test_a_renamed_group_and_a_new_member_are_told_without_a_message(db: ChatDb):
    script, group = Script(), db.group(ANA, BEN, name="Before")
    db.rich(group, "hello")

    async with synced(db, script) as agent:
        db.connection.execute("UPDATE chat SET display_name = 'After' WHERE ROWID = ?", (group,))
        db.insert("chat_handle_join", chat_id=group, handle_id=db.handle(CLEO))
        await agent.sync.run_pass()

    (conversation,) = script.conversations.values()
    assert (conversation.display_name, list(conversation.participants)) == ("After", [ANA, BEN, CLEO])


async def test_names_come_from_the_address_book_and_follow_it(db: ChatDb, tmp_path: Path):
    script, book = Script(), tmp_path / "AddressBook"
    db.rich(db.direct(ANA), "hello")
    write_address_book(book, [("Ana", "Lund", ["(202) 555-0150"], [])])

    async with synced(db, script, address_book=book) as agent:
        (contact,) = script.contacts.values()
        assert (contact.display_name, list(contact.handles)) == ("Ana Lund", [ANA])
        (book / "AddressBook-v22.abcddb").unlink()
        write_address_book(book, [("Ana", "Berg", ["(202) 555-0150"], ["ana@example.com"])])
        await agent.sync.run_pass()

    (contact,) = script.contacts.values()
    assert (contact.display_name, list(contact.handles)) == ("Ana Berg", [ANA, "ana@example.com"])


async def test_what_is_excluded_is_never_sent_by_any_way(db: ChatDb):
    script, group = Script(), db.group(ANA, BEN)
    hers = [db.rich(db.direct(ANA), "hers", sender=ANA), db.rich(group, "hers too", sender=ANA)]
    his = db.rich(group, "his", sender=BEN)

    async with synced(db, script, privacy=Privacy.of((ANA,))) as agent:
        for sent in hers:
            db.update(sent.guid, is_read=1)
        await agent.sync.run_pass(check=True)
        await agent.sync.run_pass()

    assert set(script.messages) == {his.guid}
    assert not [one for one in script.conversations.values() if ANA in one.participants]


async def test_the_comparison_of_everything_comes_by_itself_once_a_day(db: ChatDb):
    script = Script()
    db.rich(db.direct(ANA), "x")
    now = [time.time_ns()]

    async with synced(db, script, now_ns=lambda: now[0]) as agent:
        script.calls.clear()
        await agent.sync.run_pass()
        assert "GetDigests" not in script.calls
        now[0] += 2 * DAY
        await agent.sync.run_pass()
        assert script.calls.count("GetDigests") == 1
        script.calls.clear()
        await agent.sync.run_pass()

    assert "GetDigests" not in script.calls


async def test_a_clock_that_ran_ahead_does_not_switch_it_off(db: ChatDb):
    script = Script()
    db.rich(db.direct(ANA), "x")
    now = [time.time_ns() + 365 * DAY]

    async with synced(db, script, now_ns=lambda: now[0]) as agent:
        now[0] -= 365 * DAY
        script.calls.clear()
        await agent.sync.run_pass()
        assert script.calls.count("GetDigests") == 1
        script.calls.clear()
        await agent.sync.run_pass()

    assert "GetDigests" not in script.calls


async def test_by_night_it_comes_earlier(db: ChatDb):
    script = Script()
    db.rich(db.direct(ANA), "x")
    three = datetime.now().astimezone().replace(hour=3, minute=0)
    now = [int(three.astimezone(UTC).timestamp()) * SECOND]

    async with synced(db, script, now_ns=lambda: now[0]) as agent:
        now[0] += DAY
        script.calls.clear()
        await agent.sync.run_pass()

    assert "GetDigests" in script.calls


async def test_a_comparison_of_many_messages_goes_through_them_in_parts(db: ChatDb):
    script = Script()
    chats = {address: db.direct(address) for address in (ANA, BEN, CLEO)}
    rows = {address: [db.rich(chat, str(number)) for number in range(700)] for address, chat in chats.items()}
    limits = SyncLimits(compared_states=800, stream_messages=300)

    async with synced(db, script, limits=limits) as agent:
        for sent in rows.values():
            for one in sent[::5]:
                del script.messages[one.guid]
        summary = await agent.sync.run_pass(check=True)

    assert (summary.sent, summary.inserted) == (420, 420)
    assert len(script.messages) == 2_100
    assert agent.reporter.checked == 2_100


async def test_a_break_in_the_middle_of_a_comparison_is_mended(db: ChatDb):
    script, chat = Script(), db.direct(ANA)
    sent = [db.rich(chat, "x" * 2_000) for _ in range(400)]

    async with synced(db, script) as agent:
        for one in sent:
            del script.messages[one.guid]
        script.break_after = [2, 1]
        await agent.sync.run_pass(check=True)

    assert set(script.messages) == {one.guid for one in sent}
    assert len(agent.reporter.waits) == 2


async def test_an_address_book_that_cannot_be_read_takes_no_name_away(db: ChatDb, tmp_path: Path):
    script, book = Script(), tmp_path / "AddressBook"
    db.rich(db.direct(ANA), "hello")
    write_address_book(book, [("Ana", "Lund", [ANA], [])])
    broken = book / "Sources" / "X" / "AddressBook-v22.abcddb"
    broken.parent.mkdir(parents=True)
    broken.write_bytes(b"no database at all" * 100)

    async with synced(db, script, address_book=book) as agent:
        assert ([one.display_name for one in script.contacts.values()], script.contacts_complete) == (
            ["Ana Lund"],
            False,
        )
        broken.unlink()
        await agent.sync.run_pass()

    assert script.contacts_complete


async def test_while_it_is_not_known_whom_an_exclusion_means_nothing_is_sent(db: ChatDb, tmp_path: Path):
    script, book = Script(), tmp_path / "AddressBook"
    db.rich(db.direct(BEN), "by mail", sender=BEN)
    file = book / "AddressBook-v22.abcddb"
    write_address_book(book, [("Ben", "Ode", [ANA], [BEN])])
    content = file.read_bytes()
    file.write_bytes(b"no database at all" * 100)

    async with serving(script) as port, agent_at(port, db.path, address_book=book, privacy=Privacy.of((ANA,))) as agent:
        with pytest.raises(CannotRead, match="address book"):
            await agent.sync.run_pass()
        file.write_bytes(content)
        await agent.sync.run_pass()

    assert script.messages == {}
