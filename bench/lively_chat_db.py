"""Makes of a large plain chat.db one as lively as people's are: receipts, replies, reactions, files, edits."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from stack.demo_data.summary_info import edited_info

_GUID = "printf('B0000000-0000-4000-8000-%012X', ROWID - {})"
_EDITED = edited_info({0: [("as it was", 700_000_000.0), ("as it is", 700_000_009.0)]})

_RECEIPTS = "UPDATE message SET date_read = date + 5000000000, is_read = 1 WHERE is_from_me = 0"
_REPLIES = f"""
UPDATE message SET thread_originator_guid = {_GUID.format(6)}, thread_originator_part = '0:0:5' WHERE ROWID % 33 = 0
"""  # noqa: S608 - made of constants
_REACTIONS = f"""
UPDATE message SET associated_message_guid = 'p:0/' || {_GUID.format(3)}, associated_message_type = 2000 + ROWID % 6
WHERE ROWID % 10 = 0
"""  # noqa: S608 - made of constants
_FILES = """
INSERT INTO attachment
    (ROWID, guid, original_guid, filename, transfer_name, mime_type, uti, total_bytes, transfer_state)
SELECT ROWID, 'at_0_' || guid, 'at_0_' || guid, '~/Library/Messages/IMG_0001.HEIC', 'IMG_0001.HEIC', 'image/heic', 'public.heic',
    1234567, 5
FROM message WHERE ROWID % 20 = 1
"""
_FILES_OF_MESSAGES = "INSERT INTO message_attachment_join SELECT ROWID, ROWID FROM attachment"
_WITH_FILES = "UPDATE message SET cache_has_attachments = 1 WHERE ROWID % 20 = 1"
_EDITS = "UPDATE message SET date_edited = date + 9000000000, message_summary_info = ? WHERE ROWID % 100 = 3"


def enliven(path: Path) -> None:
    """One row in ten becomes a reaction, one in 20 gets a file, one in 33 is a reply, one in 100 was edited."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN")
        for statement in (_RECEIPTS, _REPLIES, _REACTIONS, _FILES, _FILES_OF_MESSAGES, _WITH_FILES):
            connection.execute(statement)
        connection.execute(_EDITS, (_EDITED,))
        connection.execute("COMMIT")
