# ruff: noqa: S608 - put together from constants, never from input
"""The statements of the browse store.

Every one names the account itself, so that it uses the indexes, which begin with it; Row-Level Security would add it anyway.
"""

from __future__ import annotations

from sync_svc.storage.rows import CONVERSATION as C
from sync_svc.storage.rows import MESSAGE, WHOLE_MESSAGE

SETTINGS = ("auto_draft", "train", "tone", "relation")

_LAST_MESSAGE = MESSAGE.format(text="left(m.text, 200)")

# What a draft and training may see: texts that are still there and hold no one-time code (Flag.ONE_TIME_CODE).
_USABLE = "m.text <> '' AND m.unsent_at IS NULL AND m.flags & 2 = 0"

_CONVERSATIONS = f"""
SELECT {C}, {_LAST_MESSAGE}
FROM sync.conversations AS c
LEFT JOIN sync.messages AS m ON m.account_id = $1 AND m.id = c.last_message_id
WHERE c.account_id = $1
"""
FIRST_CONVERSATIONS = f"""{_CONVERSATIONS} AND c.last_message_at IS NOT NULL
ORDER BY c.last_message_at DESC, c.id DESC LIMIT $2"""
NEXT_CONVERSATIONS = f"""{_CONVERSATIONS} AND (c.last_message_at, c.id) < ($3, $4)
ORDER BY c.last_message_at DESC, c.id DESC LIMIT $2"""
CONVERSATION_WITH_LAST = f"{_CONVERSATIONS} AND c.id = $2"
CONVERSATION = f"SELECT {C} FROM sync.conversations AS c WHERE c.account_id = $1 AND c.id = $2"

CHANGE_SETTINGS = """
UPDATE sync.conversations
SET auto_draft = coalesce($3, auto_draft), train = coalesce($4, train),
    tone = coalesce($5, tone), relation = coalesce($6, relation), updated_at = now()
WHERE account_id = $1 AND id = $2
"""

KEEP_DELETED = """
INSERT INTO sync.deleted_conversations AS known (account_id, imessage_id, up_to)
SELECT account_id, imessage_id, last_message_at FROM sync.conversations
WHERE account_id = $1 AND id = $2 AND last_message_at IS NOT NULL
ON CONFLICT (account_id, imessage_id) DO UPDATE
SET up_to = greatest(known.up_to, excluded.up_to), deleted_at = now()
"""
DELETE_MESSAGES = """
WITH gone AS (DELETE FROM sync.messages WHERE account_id = $1 AND conversation_id = $2 RETURNING 1)
SELECT count(*) FROM gone
"""
DELETE_CONVERSATION = "DELETE FROM sync.conversations WHERE account_id = $1 AND id = $2"

_MESSAGES = f"SELECT {WHOLE_MESSAGE} FROM sync.messages AS m WHERE m.account_id = $1"
FIRST_MESSAGES = f"{_MESSAGES} AND m.conversation_id = $2 ORDER BY m.sent_at DESC, m.id DESC LIMIT $3"
NEXT_MESSAGES = f"""{_MESSAGES} AND m.conversation_id = $2 AND (m.sent_at, m.id) < ($4, $5)
ORDER BY m.sent_at DESC, m.id DESC LIMIT $3"""

# sync.find_words: see migrations/versions/0001. Its ids are read here under Row-Level Security.
SEARCH = f"""
WITH words AS (
    SELECT plainto_tsquery('simple', $2) AS whole, to_tsquery('simple', $3) AS beginning
)
SELECT {WHOLE_MESSAGE}, {C}
FROM words
CROSS JOIN LATERAL sync.find_words(words.whole && words.beginning, $4, $5, $6, $7) AS found
JOIN sync.messages AS m ON m.account_id = $1 AND m.id = found.id
JOIN sync.conversations AS c ON c.account_id = $1 AND c.id = m.conversation_id
ORDER BY m.sent_at DESC, m.id DESC
"""

MESSAGE_PLACE = "SELECT id, conversation_id, sent_at FROM sync.messages WHERE account_id = $1 AND id = $2"
CONTEXT = f"""{_MESSAGES} AND m.conversation_id = $2 AND {_USABLE}
AND ($4::timestamptz IS NULL OR (m.sent_at, m.id) <= ($4, $5::uuid))
ORDER BY m.sent_at DESC, m.id DESC LIMIT $3"""
NEWEST_WITH_TEXT = f"""SELECT m.id FROM sync.messages AS m
WHERE m.account_id = $1 AND m.conversation_id = $2 AND {_USABLE}
ORDER BY m.sent_at DESC, m.id DESC LIMIT 1"""

TRAINABLE = f"""SELECT {C} FROM sync.conversations AS c
WHERE c.account_id = $1 AND c.train AND NOT c.is_self AND ($2::uuid[] IS NULL OR c.id = ANY ($2)) ORDER BY c.id"""
HISTORY = f"""{_MESSAGES} AND m.conversation_id = $2 AND {_USABLE}
AND ($4::timestamptz IS NULL OR m.sent_at > $4)
AND ($5::timestamptz IS NULL OR (m.sent_at, m.id) > ($5, $6::uuid))
ORDER BY m.sent_at, m.id LIMIT $3"""
