"""Syncing against a server that answers, breaks, refuses and forgets."""

import sqlite3
from contextlib import closing, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import grpc
import pytest
from assistant.sync.v1 import sync_pb2

from agent.chatdb.message_row import GUID, ROWID, Row, message_of
from agent.chatdb.records import Message
from agent.errors import AgentError, DataRefused, NothingToRead, NotPaired, ServerAway
from agent.reporting import Summary, Trouble
from agent.sync import SyncLimits
from agent.sync.cursor import Cursor
from stack.demo_data import append_incoming
from tests.chatdb_builder import ANA, BEN, ChatDb
from tests.integration.agent.agent_run import AgentRun, agent_at
from tests.integration.agent.scripted_server import Script, serving


def guids_in(chat_db: Path) -> set[str]:
    with closing(sqlite3.connect(chat_db)) as connection:
        query = "SELECT guid FROM message WHERE associated_message_guid IS NULL"  # reactions go with their messages
        return {guid for (guid,) in connection.execute(query)}


async def test_the_first_sync_brings_everything(chat_db: Path, address_book: Path):
    script = Script()

    async with serving(script) as port, agent_at(port, chat_db, address_book=address_book) as agent:
        summary = await agent.sync.run_pass()

    assert set(script.messages) == guids_in(chat_db)
    assert (summary.sent, summary.inserted, summary.updated) == (330, 330, 0)
    assert len(script.conversations) == 17
    assert {len(message.reactions) for message in script.messages.values()} == {0, 1, 2, 3}
    assert {contact.display_name for contact in script.contacts.values()} >= {"Ruth Adeyemi", "נועה אלון"}
    assert script.contacts_complete


async def test_a_row_that_nobody_can_read_is_counted_and_what_lies_behind_it_arrives(
    chat_db: Path, monkeypatch: pytest.MonkeyPatch
):
    script = Script()
    unread: list[str] = []

    def stumbling(row: Row, *rest: Any) -> Message:
        if row[ROWID] == 7:
            unread.append(row[GUID])
            raise TypeError("what is this?")
        return message_of(row, *rest)

    monkeypatch.setattr("agent.chatdb.reader.message_of", stumbling)
    async with serving(script) as port, agent_at(port, chat_db) as agent:
        summary = await agent.sync.run_pass()

    assert (summary.sent, summary.unreadable) == (329, 1)
    assert set(script.messages) == guids_in(chat_db) - set(unread)


async def test_nothing_new_opens_no_stream(chat_db: Path):
    script = Script()

    async with serving(script) as port, agent_at(port, chat_db) as agent:
        await agent.sync.run_pass()
        script.calls.clear()
        again = await agent.sync.run_pass()

    assert again == Summary()
    assert script.calls == []


async def test_a_new_process_asks_and_sends_nothing_when_nothing_is_new(chat_db: Path):
    script = Script()

    async with serving(script) as port:
        async with agent_at(port, chat_db) as agent:
            await agent.sync.run_pass()
        script.calls.clear()
        async with agent_at(port, chat_db) as agent:
            again = await agent.sync.run_pass()

    assert again == Summary()
    assert script.calls == ["GetSyncState"]


async def test_a_new_message_is_all_that_a_later_agent_sends(chat_db: Path):
    script = Script()
    async with serving(script) as port:
        async with agent_at(port, chat_db) as agent:
            await agent.sync.run_pass()
        guid = append_incoming(chat_db, "Mum", "One more thing")

        async with agent_at(port, chat_db) as agent:
            summary = await agent.sync.run_pass()

    assert summary.sent == 1
    assert script.received[-1] == guid
    assert script.messages[guid].text == "One more thing"


async def test_a_stream_ends_from_time_to_time_to_make_its_messages_safe(bulk_db: Path):
    script = Script()
    limits = SyncLimits(stream_messages=1_000)

    async with serving(script) as port, agent_at(port, bulk_db, limits=limits) as agent:
        await agent.sync.run_pass()

    assert agent.reporter.rows == [0, 1_000, 2_000, 3_000, 4_000, 5_000]
    assert script.largest_request < 250_000


async def test_a_stream_ends_when_its_time_is_over(bulk_db: Path):
    script = Script()

    async with (
        serving(script) as port,
        agent_at(port, bulk_db, limits=SyncLimits(stream_seconds=0)) as agent,
    ):
        await agent.sync.run_pass()

    assert len(agent.reporter.rows) == 11
    assert len(script.messages) == 5_000


async def test_after_a_broken_stream_only_what_was_not_kept_is_sent_again(bulk_db: Path):
    script = Script(break_after=[4, 3])

    async with serving(script) as port, agent_at(port, bulk_db) as agent:
        await agent.sync.run_pass()

    assert len(script.messages) == 5_000
    assert len(script.received) == 5_000  # each exactly once
    assert len(agent.reporter.waits) == 2


async def test_passing_failures_of_any_call_are_waited_out(bulk_db: Path):
    passing = [grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.INTERNAL, grpc.StatusCode.RESOURCE_EXHAUSTED]
    script = Script(failures=passing, break_after=[2])

    async with serving(script) as port, agent_at(port, bulk_db) as agent:
        await agent.sync.run_pass()

    assert set(script.messages) == guids_in(bulk_db)


async def test_a_server_that_stays_away_is_given_up_after_some_tries(chat_db: Path):
    async with serving(Script()) as port:
        pass
    async with agent_at(port, chat_db, limits=SyncLimits(attempts=4)) as agent:
        with pytest.raises(ServerAway, match="UNAVAILABLE"):
            await agent.sync.run_pass()

    assert len(agent.reporter.waits) == 3


async def test_getting_on_a_little_each_time_is_not_giving_up(bulk_db: Path):
    script = Script(break_after=[1] * 9)

    async with serving(script) as port, agent_at(port, bulk_db, limits=SyncLimits(attempts=2)) as agent:
        await agent.sync.run_pass()

    assert len(script.received) == 5_000


async def test_a_revoked_token_stops_at_once(chat_db: Path):
    script = Script(token="another")

    async with serving(script) as port, agent_at(port, chat_db) as agent:
        with pytest.raises(NotPaired, match="refuses this device"):
            await agent.sync.run_pass()

    assert not script.received
    assert not agent.reporter.waits


async def test_a_token_near_its_end_is_renewed_and_kept(chat_db: Path):
    script = Script()

    async with serving(script) as port, agent_at(port, chat_db, expires_in=timedelta(days=1)) as agent:
        await agent.sync.run_pass()

    assert script.renewals == 1
    assert agent.store.credential is not None
    assert agent.store.credential.token == "token-2"
    assert len(script.messages) == 330


async def test_a_renewed_token_that_cannot_be_saved_is_used_and_saved_as_soon_as_it_can_be(chat_db: Path):
    script = Script()

    async with serving(script) as port, agent_at(port, chat_db, expires_in=timedelta(days=1)) as agent:
        before, agent.store.closed = agent.store.credential, True
        await agent.sync.run_pass()
        meanwhile = agent.store.credential
        await agent.sync.run_pass()
        agent.store.closed = False
        await agent.sync.run_pass()

    assert len(script.messages) == 330
    assert meanwhile == before
    assert agent.store.credential == agent.client.credential
    assert agent.client.credential.token == "token-2"
    assert [what for what, _ in agent.reporter.troubles] == [Trouble.TOKEN_NOT_SAVED]
    assert (script.renewals, agent.reporter.wells) == (1, 1)


async def test_a_token_that_only_this_clock_calls_expired_is_good(chat_db: Path):
    script = Script()

    async with serving(script) as port, agent_at(port, chat_db, expires_in=timedelta(days=-30)) as agent:
        await agent.sync.run_pass()

    assert len(script.messages) == 330


async def test_an_expired_token_is_the_servers_to_refuse(chat_db: Path):
    script = Script(token="another")

    async with serving(script) as port, agent_at(port, chat_db, expires_in=timedelta(seconds=-1)) as agent:
        with pytest.raises(NotPaired, match="refuses this device"):
            await agent.sync.run_pass()


async def test_a_clock_that_is_days_ahead_renews_the_token_once_and_not_in_every_pass(chat_db: Path):
    script = Script(tokens_live=timedelta(days=-30))

    async with serving(script) as port, agent_at(port, chat_db, expires_in=timedelta(days=-30)) as agent:
        for _ in range(3):
            await agent.sync.run_pass()

    assert script.renewals == 1


async def test_a_server_that_refuses_everything_is_an_error_and_not_a_loop(chat_db: Path):
    script = Script(failures=[])

    async with serving(script) as port, agent_at(port, chat_db) as agent:
        await agent.sync.run_pass()
        append_incoming(chat_db, "Mum", "x")
        script.failures = [grpc.StatusCode.INVALID_ARGUMENT] * 1_000
        with pytest.raises(AgentError, match=r"refused the data \(INVALID_ARGUMENT: as scripted\)"):
            await agent.sync.run_pass()


async def test_a_refusal_in_the_middle_of_a_stream_is_told_as_what_it_is(bulk_db: Path):
    script = Script()

    async with serving(script) as port, agent_at(port, bulk_db) as agent:
        for _ in range(20):  # the refusal meets the writing at another point each time
            with pytest.raises(AgentError, match="INVALID_ARGUMENT: as scripted"):
                await _refused_upload(script, agent)


async def _refused_upload(script: Script, agent: AgentRun) -> None:
    # gRPC keeps a refusal's reason to itself once in hundreds of times, which looks like a broken connection; a pass then
    # asks again, and is told.
    for _ in range(3):
        script.failures = [grpc.StatusCode.INVALID_ARGUMENT]
        with suppress(ServerAway):
            await agent.client.upload(sync_pb2.SyncMessagesRequest(cursor="x" * 400) for _ in range(200))


async def test_what_is_too_large_for_the_server_is_refused_and_not_waited_out(chat_db: Path):
    async with serving(Script()) as port, agent_at(port, chat_db) as agent:
        with pytest.raises(DataRefused, match="larger than max"):
            await agent.client.upload([sync_pb2.SyncMessagesRequest(cursor="x" * 5_000_000)])


async def test_another_server_at_the_address_is_told(chat_db: Path):
    script = Script(failures=[grpc.StatusCode.UNIMPLEMENTED])

    async with serving(script) as port, agent_at(port, chat_db) as agent:
        with pytest.raises(AgentError, match="is no Conversation Assistant"):
            await agent.sync.run_pass()


async def test_a_server_that_keeps_no_cursor_is_not_fed_for_ever(chat_db: Path):
    script = Script(keep_cursor=False)

    async with serving(script) as port, agent_at(port, chat_db) as agent:
        with pytest.raises(AgentError, match="did not keep how far it got"):
            await agent.sync.run_pass()


async def test_a_database_without_any_message_says_that_nobody_is_signed_in(tmp_path: Path):
    script = Script()

    with ChatDb(tmp_path / "chat.db") as db:
        async with serving(script) as port, agent_at(port, db.path) as agent:
            with pytest.raises(NothingToRead, match="sign in to Messages"):
                await agent.sync.run_pass()

    assert script.calls == []


async def test_a_server_that_has_the_messages_already_is_compared_and_not_flooded(chat_db: Path):
    script = Script()
    async with serving(script) as port:
        async with agent_at(port, chat_db) as agent:
            await agent.sync.run_pass()
        script.cursor = ""  # another device, whose database holds the same
        received = len(script.received)
        append_incoming(chat_db, "Mum", "only this is new")

        async with agent_at(port, chat_db) as agent:
            summary = await agent.sync.run_pass()

    assert (summary.sent, summary.inserted) == (1, 1)
    assert len(script.received) == received + 1


async def test_a_server_restored_from_a_backup_gets_what_it_lost(bulk_db: Path):
    script = Script()
    async with serving(script) as port, agent_at(port, bulk_db) as agent:
        await agent.sync.run_pass()
        kept = Cursor.from_text(script.cursor)
        script.cursor = ""
        for guid in list(script.messages)[3_000:]:
            del script.messages[guid]
        agent.sync._asked_at = float("-inf")  # as after some minutes

        await agent.sync.run_pass()

    assert set(script.messages) == guids_in(bulk_db)
    assert Cursor.from_text(script.cursor).place == kept.place


async def test_a_server_restored_from_a_backup_hears_of_the_chats_that_changed_since(tmp_path: Path):
    script = Script()

    with ChatDb(tmp_path / "chat.db") as db:
        group = db.group(ANA, BEN, name="Before")
        db.message(group, "hello")
        async with serving(script) as port, agent_at(port, db.path) as agent:
            await agent.sync.run_pass()
            backup = script.cursor, dict(script.conversations)
            db.connection.execute("UPDATE chat SET display_name = 'After' WHERE ROWID = ?", (group,))
            await agent.sync.run_pass()
            script.cursor, script.conversations = backup
            agent.sync._asked_at = float("-inf")  # as after some minutes

            await agent.sync.run_pass()

    assert [chat.display_name for chat in script.conversations.values()] == ["After"]


async def test_a_cursor_of_an_older_version_leads_to_a_comparison(chat_db: Path):
    script = Script()
    async with serving(script) as port, agent_at(port, chat_db) as agent:
        await agent.sync.run_pass()
        received = len(script.received)
        script.cursor = '{"v":1,"rowid":330,"guid":"x"}'
        async with agent_at(port, chat_db) as another:
            summary = await another.sync.run_pass()

    assert summary == Summary()
    assert len(script.received) == received
    assert Cursor.from_text(script.cursor).place.rowid > 330
