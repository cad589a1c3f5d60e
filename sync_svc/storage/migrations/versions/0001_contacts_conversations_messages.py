"""Contacts, conversations, messages, sync states, and the search for words."""

from __future__ import annotations

from alembic import op

from svc_kit.migrations.rls import protect

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SCHEMA = "sync"
TABLES = ("contacts", "contact_handles", "conversations", "messages", "sync_states", "deleted_conversations")


def upgrade() -> None:
    """Make all tables."""
    for statement in (CONTACTS, CONTACT_HANDLES, CONVERSATIONS, MESSAGES, SYNC_STATES, DELETED_CONVERSATIONS):
        op.execute(statement)
    for statement in INDEXES:
        op.execute(statement)
    for table in TABLES:
        protect(SCHEMA, table)
    op.execute(SEARCH)
    op.execute("REVOKE ALL ON FUNCTION sync.find_words(tsquery, uuid, timestamptz, uuid, integer) FROM PUBLIC")


def downgrade() -> None:
    """Drop them."""
    op.execute("DROP FUNCTION sync.find_words(tsquery, uuid, timestamptz, uuid, integer)")
    for table in reversed(TABLES):
        op.drop_table(table, schema=SCHEMA)


CONTACTS = """
CREATE TABLE sync.contacts (
    account_id uuid NOT NULL,
    id uuid NOT NULL,
    apple_id text COLLATE "C" NOT NULL,
    display_name text NOT NULL,
    phone_number text NOT NULL,
    email text NOT NULL,
    avatar_hash text NOT NULL,
    handles text[] NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_contacts PRIMARY KEY (account_id, id),
    CONSTRAINT uq_contacts_account_id_apple_id UNIQUE (account_id, apple_id)
)
"""

CONTACT_HANDLES = """
CREATE TABLE sync.contact_handles (
    account_id uuid NOT NULL,
    handle_key text COLLATE "C" NOT NULL,
    contact_id uuid NOT NULL,
    CONSTRAINT pk_contact_handles PRIMARY KEY (account_id, handle_key, contact_id)
)
"""

CONVERSATIONS = """
CREATE TABLE sync.conversations (
    account_id uuid NOT NULL,
    id uuid NOT NULL,
    imessage_id text COLLATE "C" NOT NULL,
    display_name text NOT NULL,
    is_group boolean NOT NULL,
    is_self boolean NOT NULL,
    service text NOT NULL,
    participants text[] NOT NULL,
    auto_draft boolean NOT NULL DEFAULT false,
    train boolean NOT NULL DEFAULT false,
    tone text NOT NULL DEFAULT '',
    relation text NOT NULL DEFAULT '',
    message_count bigint NOT NULL DEFAULT 0,
    last_message_at timestamptz,
    last_message_id uuid,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_conversations PRIMARY KEY (account_id, id),
    CONSTRAINT uq_conversations_account_id_imessage_id UNIQUE (account_id, imessage_id)
)
"""

# Fixed widths first, so that no row is padded.
MESSAGES = """
CREATE TABLE sync.messages (
    account_id uuid NOT NULL,
    id uuid NOT NULL,
    conversation_id uuid NOT NULL,
    sent_at timestamptz NOT NULL,
    state_hash bigint NOT NULL,
    read_at timestamptz,
    delivered_at timestamptz,
    edited_at timestamptz,
    unsent_at timestamptz,
    direction smallint NOT NULL,
    message_type smallint NOT NULL,
    flags smallint NOT NULL,
    imessage_guid text COLLATE "C" NOT NULL,
    sender_id text NOT NULL,
    service text NOT NULL,
    text text NOT NULL,
    reply_to_guid text NOT NULL,
    attachments jsonb,
    reactions jsonb,
    edits jsonb,
    CONSTRAINT pk_messages PRIMARY KEY (account_id, id)
)
"""

SYNC_STATES = """
CREATE TABLE sync.sync_states (
    account_id uuid NOT NULL,
    device_id uuid NOT NULL,
    cursor text NOT NULL,
    last_sync_at timestamptz NOT NULL,
    received bigint NOT NULL,
    inserted bigint NOT NULL,
    updated bigint NOT NULL,
    CONSTRAINT pk_sync_states PRIMARY KEY (account_id, device_id)
)
"""

DELETED_CONVERSATIONS = """
CREATE TABLE sync.deleted_conversations (
    account_id uuid NOT NULL,
    imessage_id text COLLATE "C" NOT NULL,
    up_to timestamptz NOT NULL,
    deleted_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_deleted_conversations PRIMARY KEY (account_id, imessage_id)
)
"""

INDEXES = (
    "CREATE INDEX ix_contact_handles_contact ON sync.contact_handles (account_id, contact_id)",
    "CREATE INDEX ix_conversations_newest ON sync.conversations (account_id, last_message_at DESC, id DESC)",
    "CREATE UNIQUE INDEX ix_messages_guid ON sync.messages (account_id, imessage_guid)",
    "CREATE INDEX ix_messages_newest ON sync.messages (account_id, conversation_id, sent_at DESC, id DESC)",
    # Words, for the search. Measured with 100,000 messages: without this index 45,000-56,000 rows/s, with it and its
    # pending list of 16 MB 43,000-44,000, with the default 4 MB 34,000-36,000, with none (fastupdate off) 10,500. A search
    # reads the pending list too: 18 ms when it is full, 1 ms after the next autovacuum. As an expression, so that the
    # words are not stored a second time in the table. A text longer than 20,000 characters is found by its beginning: a
    # tsvector has a limit, and a row must never fail for it. GIN cannot sort by account, so the account is not in it.
    """CREATE INDEX ix_messages_words ON sync.messages
       USING gin (to_tsvector('simple'::regconfig, "left"(text, 20000))) WITH (gin_pending_list_limit = 16384)""",
)

# Under Row-Level Security PostgreSQL may use an index only for operators that cannot leak, and @@ is not marked so: the
# search would read every message. So this function runs as its owner and looks at the account itself. It gives ids
# only, and its caller reads the rows under Row-Level Security, which therefore still has the last word.
# Owned by a role that is itself bound by the forced policies it stays right, and slow.
SEARCH = """
CREATE FUNCTION sync.find_words(words tsquery, within uuid, before_at timestamptz, before_id uuid, how_many integer)
RETURNS TABLE (id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT m.id
    FROM sync.messages AS m
    WHERE m.account_id = (SELECT nullif(current_setting('app.account_id', true), '')::uuid)
      AND to_tsvector('simple'::regconfig, "left"(m.text, 20000)) @@ words
      AND (within IS NULL OR m.conversation_id = within)
      AND (before_at IS NULL OR (m.sent_at, m.id) < (before_at, before_id))
    ORDER BY m.sent_at DESC, m.id DESC
    LIMIT how_many
$$
"""
