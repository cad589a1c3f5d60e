"""Whether a database is the one that was read before."""

from agent.chatdb.identity import Place
from agent.chatdb.reader import MessagesReader
from tests.chatdb_builder import ANA, ChatDb


def place(db: ChatDb) -> Place:
    with MessagesReader(db.path) as reader:
        return reader.place_at(reader.last_rowid())


def holds(db: ChatDb, place: Place) -> bool:
    with MessagesReader(db.path) as reader:
        return reader.holds(place)


def fill(db: ChatDb, count: int = 20) -> list[str]:
    chat = db.direct(ANA)
    return [db.message(chat, str(number)).guid for number in range(count)]


def test_the_beginning_is_in_every_database(db: ChatDb):
    assert holds(db, Place())


def test_a_database_that_grew_holds_its_old_place(db: ChatDb):
    fill(db)
    before = place(db)
    db.message(1, "more")

    assert holds(db, before)


def test_deleted_rows_tell_nothing(db: ChatDb):
    guids = fill(db)
    before = place(db)
    for guid in guids[-8:]:
        db.delete(guid)

    assert holds(db, before)


def test_a_rebuilt_database_with_other_numbers_is_another(db: ChatDb):
    guids = fill(db)
    before = place(db)
    db.delete(guids[0])  # so that the rebuilt numbers are shifted
    db.rebuild()

    assert not holds(db, before)


def test_a_database_whose_numbers_never_came_so_far_is_another(db: ChatDb):
    fill(db)
    before = place(db)
    db.rebuild(without=db.guids())

    assert not holds(db, before)


def test_a_restored_backup_that_grew_again_is_another(db: ChatDb):
    chat = db.direct(ANA)
    for number in range(10):
        db.message(chat, str(number))
    before = place(db)
    db.connection.execute("DELETE FROM chat_message_join WHERE message_id > 8")
    db.connection.execute("DELETE FROM message WHERE ROWID > 8")
    db.connection.execute("UPDATE sqlite_sequence SET seq = 8 WHERE name = 'message'")
    for number in range(5):
        db.message(chat, f"other {number}")

    assert not holds(db, before)


def test_when_every_known_row_is_gone_nothing_is_certain(db: ChatDb):
    guids = fill(db)
    before = place(db)
    for guid in guids:
        db.delete(guid)

    assert not holds(db, before)


def test_the_databases_own_identifier_counts_where_it_has_one(db: ChatDb):
    fill(db)
    db.connection.execute("INSERT INTO _SqliteDatabaseProperties VALUES ('_UniqueIdentifier', 'ONE')")
    before = place(db)
    assert holds(db, before)
    db.connection.execute("UPDATE _SqliteDatabaseProperties SET value = 'TWO' WHERE key = '_UniqueIdentifier'")

    assert before.database == "ONE"
    assert not holds(db, before)
