"""Chats that are shown as one conversation, what only few messages have, whose contacts are whose."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add it all. Every default is a constant, so that no table is rewritten and the version before goes on writing."""
    for statement in (MESSAGES, CONVERSATIONS, MERGE_KEY_INDEX, CONTACTS, DELETED_CONVERSATIONS, SEARCH):
        op.execute(statement)
    op.execute(f"REVOKE ALL ON FUNCTION {SEARCH_SIGNATURE} FROM PUBLIC")


def downgrade() -> None:
    """Take it away again: merged chats stand alone, and what only few messages have is gone until it is synced again."""
    op.execute(f"DROP FUNCTION {SEARCH_SIGNATURE}")
    op.execute("ALTER TABLE sync.deleted_conversations DROP COLUMN merge_key")
    op.execute("ALTER TABLE sync.contacts DROP COLUMN device_id")
    op.execute("DROP INDEX sync.ix_conversations_merge_key")
    op.execute("""
        ALTER TABLE sync.conversations
            DROP COLUMN merge_key,
            DROP COLUMN merged_into,
            DROP COLUMN is_orphaned,
            DROP COLUMN is_filtered,
            DROP COLUMN is_short_code
    """)
    op.execute("ALTER TABLE sync.messages DROP COLUMN destination, DROP COLUMN extra")


MESSAGES = """
ALTER TABLE sync.messages
    ADD COLUMN destination text NOT NULL DEFAULT '',
    ADD COLUMN extra jsonb
"""

CONVERSATIONS = """
ALTER TABLE sync.conversations
    ADD COLUMN merge_key text COLLATE "C" NOT NULL DEFAULT '',
    ADD COLUMN merged_into uuid,
    ADD COLUMN is_orphaned boolean NOT NULL DEFAULT false,
    ADD COLUMN is_filtered boolean NOT NULL DEFAULT false,
    ADD COLUMN is_short_code boolean NOT NULL DEFAULT false
"""

# Without those that stand alone: they are most of them, and nobody looks for them by their empty key.
MERGE_KEY_INDEX = """
CREATE INDEX ix_conversations_merge_key ON sync.conversations (account_id, merge_key) WHERE merge_key <> ''
"""

CONTACTS = "ALTER TABLE sync.contacts ADD COLUMN device_id uuid"

DELETED_CONVERSATIONS = """
ALTER TABLE sync.deleted_conversations ADD COLUMN merge_key text COLLATE "C" NOT NULL DEFAULT ''
"""

# find_words of 0001 for several chats; see there. A name of its own: beside a second find_words the version before, which
# says no types, could not call its own. A later migration drops that one.
SEARCH_SIGNATURE = "sync.find_words_in(tsquery, uuid[], timestamptz, uuid, integer)"
SEARCH = """
CREATE FUNCTION sync.find_words_in(
    words tsquery, chats uuid[], before_at timestamptz, before_id uuid, how_many integer
)
RETURNS TABLE (id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT m.id
    FROM sync.messages AS m
    WHERE m.account_id = (SELECT nullif(current_setting('app.account_id', true), '')::uuid)
      AND to_tsvector('simple'::regconfig, "left"(m.text, 20000)) @@ words
      AND (chats IS NULL OR m.conversation_id = ANY (chats))
      AND (before_at IS NULL OR (m.sent_at, m.id) < (before_at, before_id))
    ORDER BY m.sent_at DESC, m.id DESC
    LIMIT how_many
$$
"""
