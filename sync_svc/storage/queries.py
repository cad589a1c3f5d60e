# ruff: noqa: S608 - put together from constants, never from input
"""The statements of the browse store.

Every one names the account itself, so that it uses the indexes, which begin with it; Row-Level Security would add it anyway.
"""

from __future__ import annotations

from sync_svc.domain.messages import Direction, Flag, MessageType
from sync_svc.domain.reading import HIDDEN_FLAGS
from sync_svc.storage.rows import CHAT, MESSAGE, SHOWN_ID, WHOLE_MESSAGE

SETTINGS = ("auto_draft", "train", "tone", "relation")

_LAST_MESSAGE = MESSAGE.format(text="left(m.text, 200)")

_CHATS = f"""
SELECT {CHAT}, {SHOWN_ID}, {_LAST_MESSAGE}
FROM sync.conversations AS c
LEFT JOIN sync.messages AS m ON m.account_id = $1 AND m.id = c.last_message_id
WHERE c.account_id = $1
"""

# A conversation stands where the newest of its chats does. `OR`, so that only chats that are merged with others look for
# them, one by one in their index: as a join it would be PostgreSQL's to look for them for all chats at once.
LIST_CONVERSATIONS = f"""{_CHATS} AND (c.last_message_at, c.id) < ($3, $4)
AND (c.merge_key = '' OR NOT EXISTS (
    SELECT FROM sync.conversations AS o
    WHERE o.account_id = $1 AND o.merge_key <> '' AND o.merge_key = c.merge_key
      AND (o.last_message_at, o.id) > (c.last_message_at, c.id)
))
ORDER BY c.last_message_at DESC, c.id DESC LIMIT $2"""
CHATS_WITH_KEYS = f"""
SELECT {CHAT} FROM sync.conversations AS c
WHERE c.account_id = $1 AND c.merge_key <> '' AND c.merge_key = ANY ($2::text[])
"""

# Two statements, since each is looked up in an index of its own.
CONVERSATIONS_BY_ID = f"{_CHATS} AND c.id = ANY ($2::uuid[])"
CONVERSATIONS_BY_KEY = f"{_CHATS} AND c.merge_key <> '' AND c.merge_key = ANY ($2::text[])"

# All chats of the conversation that $2, the id of any of them, names.
_OF_CONVERSATION = """c.account_id = $1 AND (c.id = $2 OR c.merge_key <> '' AND c.merge_key = (
    SELECT k.merge_key FROM sync.conversations AS k WHERE k.account_id = $1 AND k.id = $2
))"""
CONVERSATION = f"SELECT {CHAT} FROM sync.conversations AS c WHERE {_OF_CONVERSATION}"
CONVERSATION_WITH_LAST = f"{_CHATS} AND {_OF_CONVERSATION}"

CHANGE_SETTINGS = """
UPDATE sync.conversations
SET auto_draft = coalesce($3, auto_draft), train = coalesce($4, train),
    tone = coalesce($5, tone), relation = coalesce($6, relation), updated_at = now()
WHERE account_id = $1 AND id = ANY ($2::uuid[])
"""


def _messages(condition: str, order: str = "DESC") -> str:
    """At most $3 messages of the conversation $2: so many of each chat by its index, and of these the first ones."""
    return f"""
SELECT m.*, chat.shown_id
FROM (SELECT c.id, {SHOWN_ID} FROM sync.conversations AS c WHERE {_OF_CONVERSATION}) AS chat
CROSS JOIN LATERAL (
    SELECT {WHOLE_MESSAGE} FROM sync.messages AS m
    WHERE m.account_id = $1 AND m.conversation_id = chat.id AND {condition}
    ORDER BY m.sent_at {order}, m.id {order} LIMIT $3
) AS m
ORDER BY m.sent_at {order}, m.id {order} LIMIT $3"""


LIST_MESSAGES = _messages("(m.sent_at, m.id) < ($4, $5)")

# sync.find_words_in: see migrations/versions/0002. Its ids are read here under Row-Level Security.
SEARCH = f"""
WITH words AS (
    SELECT plainto_tsquery('simple', $2) AS whole, to_tsquery('simple', $3) AS beginning
)
SELECT {WHOLE_MESSAGE}, {CHAT}, {SHOWN_ID}
FROM words
CROSS JOIN LATERAL sync.find_words_in(words.whole && words.beginning, $4, $5, $6, $7) AS found
JOIN sync.messages AS m ON m.account_id = $1 AND m.id = found.id
JOIN sync.conversations AS c ON c.account_id = $1 AND c.id = m.conversation_id
ORDER BY m.sent_at DESC, m.id DESC
"""

# What a model may read, without the previews of links: domain/reading.py has the last word.
_MAY_BE_READ = (
    f"""m.unsent_at IS NULL AND m.flags & {HIDDEN_FLAGS} = 0 AND m.message_type <> {MessageType.GROUP_EVENT:d}"""
)
_HAS_TEXT = "m.text <> '' OR m.extra ? 'subject'"
_HAS_WORDS = f"{_HAS_TEXT} OR m.direction = {Direction.INCOMING:d} AND m.attachments IS NOT NULL"

MESSAGE_PLACE = "SELECT id, conversation_id, sent_at FROM sync.messages WHERE account_id = $1 AND id = $2"
CONTEXT = _messages(f"{_MAY_BE_READ} AND ({_HAS_WORDS}) AND (m.sent_at, m.id) <= ($4, $5)")

TRAINABLE = f"SELECT {CHAT} FROM sync.conversations AS c WHERE c.account_id = $1 AND c.train ORDER BY c.id"
HISTORY = _messages(f"{_MAY_BE_READ} AND ({_HAS_TEXT}) AND (m.sent_at, m.id) > ($4, $5)", order="ASC")

# How far the conversation had come is what its newest message says. What is scheduled lies ahead and does not count. Nor does
# another message with a date ahead (of a clock that was wrong), which would keep all that is yet to come away: it goes by its GUID.
DELETE_MESSAGES = f"""
WITH gone AS (
    DELETE FROM sync.messages WHERE account_id = $1 AND conversation_id = ANY ($2::uuid[])
    RETURNING id, imessage_guid, sent_at, sent_at > now() AS is_ahead, flags & {Flag.SCHEDULED:d} <> 0 AS is_scheduled
)
SELECT coalesce(array_agg(id), '{{}}') AS deleted, max(sent_at) FILTER (WHERE NOT is_scheduled AND NOT is_ahead) AS up_to,
    coalesce(array_agg(imessage_guid) FILTER (WHERE NOT is_scheduled AND is_ahead), '{{}}') AS ahead
FROM gone
"""
DELETE_CHATS = "DELETE FROM sync.conversations WHERE account_id = $1 AND id = ANY ($2::uuid[])"
