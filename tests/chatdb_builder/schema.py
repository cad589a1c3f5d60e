"""The tables of each macOS: those of Sequoia, which the product's demo data has in full, with what came and went.

Source of the columns: imessage-exporter, mautrix, beeper and BlueBubbles.
"""

import re
import sqlite3
from enum import IntEnum
from importlib.resources import files
from pathlib import Path
from typing import Final


class MacOS(IntEnum):
    """A version by its number."""

    MONTEREY = 12
    VENTURA = 13
    SONOMA = 14
    SEQUOIA = 15
    TAHOE = 26
    NEXT = 27


# What came with a version: (table, column, declaration).
_CAME: Final = {
    MacOS.VENTURA: [
        ("message", "date_retracted", "INTEGER DEFAULT 0"),
        ("message", "date_edited", "INTEGER DEFAULT 0"),
        ("message", "was_detonated", "INTEGER DEFAULT 0"),
        ("message", "part_count", "INTEGER"),
    ],
    MacOS.SONOMA: [
        ("message", "is_stewie", "INTEGER DEFAULT 0"),
        ("message", "is_kt_verified", "INTEGER DEFAULT 0"),
        ("message", "is_sos", "INTEGER DEFAULT 0"),
        ("message", "is_critical", "INTEGER DEFAULT 0"),
        ("message", "bia_reference_id", "TEXT"),
        ("message", "fallback_hash", "TEXT"),
    ],
    MacOS.SEQUOIA: [
        ("message", "associated_message_emoji", "TEXT"),
        ("message", "is_pending_satellite_send", "INTEGER DEFAULT 0"),
        ("message", "needs_relay", "INTEGER DEFAULT 0"),
        ("message", "schedule_type", "INTEGER DEFAULT 0"),
        ("message", "schedule_state", "INTEGER DEFAULT 0"),
        ("message", "sent_or_received_off_grid", "INTEGER DEFAULT 0"),
        ("chat", "is_recovered", "INTEGER DEFAULT 0"),
        ("chat", "is_deleting_incoming_messages", "INTEGER DEFAULT 0"),
        ("attachment", "emoji_image_content_identifier", "TEXT DEFAULT NULL"),
        ("attachment", "emoji_image_short_description", "TEXT DEFAULT NULL"),
        ("attachment", "preview_generation_state", "INTEGER DEFAULT 0"),
    ],
    MacOS.TAHOE: [
        ("message", "date_recovered", "INTEGER DEFAULT 0"),
        ("message", "is_time_sensitive", "INTEGER DEFAULT 0"),
        ("message", "ck_chat_id", "TEXT"),
        ("message", "index_state", "INTEGER DEFAULT 0"),
        ("chat", "is_pending_review", "INTEGER DEFAULT 0"),
    ],
    MacOS.NEXT: [
        ("message", "filter_action", "INTEGER DEFAULT 0"),
        ("message", "filter_sub_action", "INTEGER DEFAULT 0"),
        ("message", "is_preview_sent", "INTEGER DEFAULT 0"),
        ("message", "is_preview_delivered", "INTEGER DEFAULT 0"),
        ("message", "date_preview_sent", "INTEGER DEFAULT 0"),
        ("message", "date_preview_delivered", "INTEGER DEFAULT 0"),
        ("message", "date_updated", "INTEGER DEFAULT 0"),
        ("message", "retry_count", "INTEGER DEFAULT 0"),
        ("attachment", "preflight_info", "BLOB"),
        ("attachment", "sensitivity_analysis", "INTEGER DEFAULT 0"),
    ],
}
# Tables of Sequoia's that older systems did not have.
_NEW_TABLES: Final = {
    MacOS.VENTURA: ["chat_recoverable_message_join", "recoverable_message_part"],
    MacOS.SEQUOIA: ["chat_lookup", "chat_service"],
}

# Apple's triggers that call no function of Messages' own. The reader never fires one; they make deletions leave the trace
# that they leave on a Mac.
_TRIGGERS: Final = """
CREATE TRIGGER add_to_deleted_messages AFTER DELETE ON message
BEGIN INSERT INTO deleted_messages (guid) VALUES (OLD.guid); END;
CREATE TRIGGER add_to_sync_deleted_messages AFTER DELETE ON message
BEGIN INSERT INTO sync_deleted_messages (guid, recordID) VALUES (OLD.guid, OLD.ck_record_id); END;
CREATE TRIGGER after_insert_on_message_attachment_join AFTER INSERT ON message_attachment_join
BEGIN UPDATE message SET cache_has_attachments = 1 WHERE ROWID = NEW.message_id; END;
CREATE TRIGGER update_message_date_after_update_on_message AFTER UPDATE OF date ON message
BEGIN UPDATE chat_message_join SET message_date = NEW.date WHERE message_id = NEW.ROWID; END;
"""


def create(path: Path, version: MacOS, encoding: str) -> None:
    """Write an empty database of a macOS version, with the write-ahead log switched on."""
    tables, indexes = _of_sequoia()
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute(f"PRAGMA encoding = '{encoding}'")
    connection.executescript(tables)
    for when, columns in _CAME.items():
        for table, column, declaration in columns:
            if when > version and when <= MacOS.SEQUOIA:
                connection.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
            elif when <= version and when > MacOS.SEQUOIA:
                connection.execute(f"ALTER TABLE {table} ADD COLUMN {column} {declaration}")
    for when, names in _NEW_TABLES.items():
        for name in names if when > version else ():
            connection.execute(f"DROP TABLE {name}")
    missing = {column for when, columns in _CAME.items() if when > version for _, column, _ in columns}
    for index in indexes:
        if missing.isdisjoint(re.findall(r"\w+", index)):
            connection.execute(index)
    connection.executescript(_TRIGGERS)
    connection.execute("INSERT INTO _SqliteDatabaseProperties VALUES ('_ClientVersion', '18026')")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.close()


def _of_sequoia() -> tuple[str, list[str]]:
    text = (files("stack.demo_data") / "sequoia.sql").read_text(encoding="utf-8")
    tables, first, rest = text.partition("CREATE INDEX")
    return tables, [statement for statement in f"{first}{rest}".split(";") if statement.strip()]
