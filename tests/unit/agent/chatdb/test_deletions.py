"""What Messages says it deleted."""

from agent.chatdb.reader import MessagesReader
from tests.chatdb_builder import ANA, ChatDb
from tests.unit.agent.chatdb.reading import texts


def test_what_was_deleted_for_good_is_told_once_by_its_guid(db: ChatDb):
    chat = db.direct(ANA)
    first, second, third = (db.message(chat, text).guid for text in "abc")
    db.delete(first)
    with MessagesReader(db.path) as reader:
        begin = reader.deletions.end()
        db.delete(second)
        db.delete(third)

        found = reader.deletions.after(begin)
        assert found is not None
        assert found.guids == [second, third]  # though each stands in two tables
        assert reader.deletions.after(found.position) is None


def test_from_the_beginning_everything_is_told(db: ChatDb):
    chat = db.direct(ANA)
    guids = [db.message(chat, text).guid for text in "abc"]
    for guid in guids:
        db.delete(guid)

    with MessagesReader(db.path) as reader:
        found = reader.deletions.after(())

    assert found is not None
    assert found.guids == guids


def test_a_table_that_icloud_emptied_is_read_on_when_it_fills_again(db: ChatDb):
    chat = db.direct(ANA)
    first, second = (db.message(chat, text).guid for text in "ab")
    db.delete(first)
    with MessagesReader(db.path) as reader:
        position = reader.deletions.end()
        db.connection.execute("DELETE FROM sync_deleted_messages")
        assert reader.deletions.after(position) is None
        db.delete(second)

        found = reader.deletions.after(position)

    assert found is not None
    assert found.guids == [second]


def test_recently_deleted_messages_are_not_read(db: ChatDb):
    chat = db.direct(ANA)
    kept, gone = db.message(chat, "kept"), db.message(chat, "gone")
    db.put_into_recently_deleted(gone.guid)

    with MessagesReader(db.path) as reader:
        assert reader.alive([kept.guid, gone.guid, "NEVER-WAS"]) == {kept.guid}
        assert reader.deletions.traced([kept.guid, gone.guid, "NEVER-WAS"]) == {gone.guid}
    assert texts(db.path) == ["kept"]


def test_what_is_deleted_in_one_of_two_chats_is_still_there(db: ChatDb):
    direct, group = db.direct(ANA), db.group(ANA, "ben@example.com")
    said = db.message(direct, "in both", sender=ANA)
    db.join(group, said.rowid)
    db.insert("chat_recoverable_message_join", chat_id=direct, message_id=said.rowid, delete_date=db.clock)
    db.connection.execute("DELETE FROM chat_message_join WHERE chat_id = ?", (direct,))

    with MessagesReader(db.path) as reader:
        assert reader.deletions.recent_rows == {}
        assert reader.alive([said.guid]) == {said.guid}
    assert texts(db.path) == ["in both"]


def test_what_is_deleted_while_it_is_read_is_no_orphan(db: ChatDb):
    said = db.message(db.direct(ANA), "deleted meanwhile", sender=ANA)
    with MessagesReader(db.path) as reader:
        db.put_into_recently_deleted(said.guid)
        reading = reader.after(0, reader.last_rowid(), hold_from=reader.last_rowid())

    assert reading is not None
    assert (reading.messages, reading.held) == ([], [])


def test_what_is_taken_back_is_read_again(db: ChatDb):
    sent = db.message(db.direct(ANA), "back again")
    with MessagesReader(db.path) as reader:
        before = reader.deletions.recent_digest()
        db.put_into_recently_deleted(sent.guid)
        reader.reload()
        there = reader.deletions.recent_digest()
        db.take_back(sent.guid)
        reader.reload()

        assert before == reader.deletions.recent_digest() != there
    assert texts(db.path) == ["back again"]


def test_a_deleted_message_leaves_a_trace(db: ChatDb):
    sent = db.message(db.direct(ANA), "x")
    db.delete(sent.guid)

    with MessagesReader(db.path) as reader:
        assert reader.deletions.traced([sent.guid, "OTHER"]) == {sent.guid}
        assert reader.alive([sent.guid]) == set()


def test_a_message_that_came_back_under_its_old_guid_is_alive(db: ChatDb):
    chat = db.direct(ANA)
    sent = db.message(chat, "x")
    db.delete(sent.guid)
    db.message(chat, "x", guid=sent.guid)

    with MessagesReader(db.path) as reader:
        assert reader.alive([sent.guid]) == {sent.guid}


def test_when_a_whole_chat_is_deleted_its_messages_are(db: ChatDb):
    chat = db.direct(ANA)
    guids = [db.message(chat, text).guid for text in "ab"]
    for guid in guids:
        db.delete(guid)
    db.connection.execute("DELETE FROM chat WHERE ROWID = ?", (chat,))

    with MessagesReader(db.path) as reader:
        found = reader.deletions.after(())

    assert found is not None
    assert found.guids == guids
