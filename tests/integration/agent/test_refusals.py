"""What the server refuses is left out and told, and stops nothing that lies behind it."""

import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import grpc
import pytest

from agent.errors import AgentError, DataRefused
from agent.reporting import Summary, Trouble
from agent.sync.cursor import Cursor
from tests.chatdb_builder import ANA, BEN, ChatDb
from tests.integration.agent.agent_run import AgentRun, agent_at
from tests.integration.agent.scripted_server import Script, serving

SECOND = 1_000_000_000
APPLE_EPOCH = 978_307_200


@pytest.fixture
def db(tmp_path: Path) -> Iterator[ChatDb]:
    """A database whose messages are of today."""
    with ChatDb(tmp_path / "chat.db") as database:
        database.clock = (int(time.time()) - APPLE_EPOCH) * SECOND - 3_600 * SECOND
        yield database


def told(agent: AgentRun) -> set[str]:
    """What was said of refusals."""
    assert {what for what, _ in agent.reporter.troubles} <= {Trouble.FAILED}
    return {text for _, text in agent.reporter.troubles}


MESSAGE_LEFT_OUT = "one message is left out, which the server refuses (INVALID_ARGUMENT: messages[7].text: as scripted)"
CHAT_LEFT_OUT = (
    "one chat's description is left out, which the server refuses (INVALID_ARGUMENT: messages[7].text: as scripted)"
)


async def test_a_new_message_that_the_server_refuses_stops_nothing_behind_it(db: ChatDb):
    script, chat = Script(), db.direct(ANA)
    sent = [db.rich(chat, f"text {number}") for number in range(1_300)]
    script.refuses = {sent[300].guid, sent[700].guid, sent[-1].guid}

    async with serving(script) as port, agent_at(port, db.path) as agent:
        summary = await agent.sync.run_pass()
        streams = script.streams
        again = await agent.sync.run_pass()

    assert set(script.messages) == {one.guid for one in sent} - script.refuses
    assert (summary.refused, again) == (3, Summary())
    assert Cursor.from_text(script.cursor).place.rowid == sent[-1].rowid
    assert told(agent) == {MESSAGE_LEFT_OUT}
    assert streams < 100


async def test_a_change_that_the_server_refuses_stops_no_other_one_and_is_told_once(db: ChatDb):
    script, chat = Script(), db.direct(ANA)
    refused, other = (db.rich(chat, text) for text in ("refused", "other"))

    async with serving(script) as port, agent_at(port, db.path) as agent:
        await agent.sync.run_pass()
        script.refuses = {refused.guid}
        for sent in (refused, other):
            db.update(sent.guid, is_read=1, date_read=db.clock)
        first = await agent.sync.run_pass()
        streams = script.streams
        second = await agent.sync.run_pass(check=True)
        streams_of_second = script.streams - streams
        db.update(refused.guid, date_read=db.clock + SECOND)
        script.refuses = set()
        await agent.sync.run_pass()

    assert (first.refused, first.updated, second.refused) == (1, 1, 0)
    assert told(agent) == {MESSAGE_LEFT_OUT}
    assert streams_of_second <= 2
    assert script.messages[other.guid].is_read
    assert script.messages[refused.guid].is_read


async def test_a_message_that_the_server_refuses_stops_no_comparison(db: ChatDb):
    script, chat = Script(), db.direct(ANA)
    sent = [db.rich(chat, str(number)) for number in range(700)]

    async with serving(script) as port, agent_at(port, db.path) as agent:
        await agent.sync.run_pass()
        script.messages.clear()
        script.refuses = {sent[5].guid}
        summary = await agent.sync.run_pass(check=True)

    assert set(script.messages) == {one.guid for one in sent[:5] + sent[6:]}
    assert summary.refused == 1


async def test_a_chat_whose_description_the_server_refuses_stops_no_other_one(db: ChatDb):
    script = Script()
    groups = {name: db.group(*members, name=name) for name, members in {"a": (ANA, BEN), "b": (ANA,)}.items()}
    for group in groups.values():
        db.rich(group, "hello")

    async with serving(script) as port, agent_at(port, db.path) as agent:
        await agent.sync.run_pass()
        (refused,) = (guid for guid, chat in script.conversations.items() if chat.display_name == "a")
        script.refuses = {refused}
        db.connection.execute("UPDATE chat SET display_name = display_name || ' renamed'")
        summary = await agent.sync.run_pass()
        again = await agent.sync.run_pass()

    assert {chat.display_name for chat in script.conversations.values()} == {"a", "b renamed"}
    assert (summary, again) == (Summary(refused=1), Summary())
    assert told(agent) == {CHAT_LEFT_OUT}


async def test_a_server_that_refuses_almost_everything_costs_some_calls_a_pass_and_all_else_arrives_in_the_end(
    db: ChatDb,
):
    script, chat = Script(), db.direct(ANA)
    sent = [db.rich(chat, str(number)) for number in range(60)]
    script.refuses = {one.guid for one in sent[5:55]}

    async with serving(script) as port, agent_at(port, db.path) as agent:
        with pytest.raises(DataRefused, match="may be of different versions"):
            await agent.sync.run_pass()
        streams_of_first = script.streams
        for _ in range(2):
            with suppress(DataRefused):
                await agent.sync.run_pass()

    assert streams_of_first < 20 * 14
    assert set(script.messages) == {one.guid for one in sent[:5] + sent[55:]}
    assert Cursor.from_text(script.cursor).place.rowid == sent[-1].rowid


async def test_a_refusal_that_is_not_about_the_data_leaves_nothing_out(db: ChatDb):
    script, chat = Script(), db.direct(ANA)
    sent = db.rich(chat, "x")

    async with serving(script) as port, agent_at(port, db.path) as agent:
        script.failures = [grpc.StatusCode.FAILED_PRECONDITION]
        with pytest.raises(AgentError, match="FAILED_PRECONDITION"):
            await agent.sync.run_pass()
        summary = await agent.sync.run_pass()

    assert set(script.messages) == {sent.guid}
    assert summary.refused == 0


async def test_a_refusal_while_the_server_goes_away_is_found_all_the_same(db: ChatDb):
    script, chat = Script(), db.direct(ANA)
    sent = [db.rich(chat, str(number)) for number in range(40)]
    script.refuses = {sent[20].guid}
    script.break_after = [0, 5, 0, 5, 0]

    async with serving(script) as port, agent_at(port, db.path) as agent:
        await agent.sync.run_pass()

    assert set(script.messages) == {one.guid for one in sent} - script.refuses
    assert agent.reporter.waits
