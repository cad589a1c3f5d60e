"""The tables of the schema `sync`. The migrations make them; a test keeps the two equal.

Queries are plain SQL on asyncpg (storage/*.py): ingest needs COPY, and browsing is a handful of statements.
"""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Index,
    Integer,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    desc,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from svc_kit.database import new_metadata

metadata = new_metadata("sync")
_TIME = DateTime(timezone=True)
# Ids of Messages are compared byte by byte, whatever the database's language; that is also the quickest.
_ID_TEXT = Text(collation="C")

# device_id: who brought it last, where the version before contact_devices wrote it; counts as one that has it.
contacts = Table(
    "contacts",
    metadata,
    Column("account_id", Uuid, nullable=False),
    Column("id", Uuid, nullable=False),
    Column("apple_id", _ID_TEXT, nullable=False),
    Column("display_name", Text, nullable=False),
    Column("phone_number", Text, nullable=False),
    Column("email", Text, nullable=False),
    Column("avatar_hash", Text, nullable=False),
    Column("handles", ARRAY(Text), nullable=False),
    Column("device_id", Uuid),
    Column("created_at", _TIME, nullable=False, server_default=text("now()")),
    Column("updated_at", _TIME, nullable=False, server_default=text("now()")),
    PrimaryKeyConstraint("account_id", "id"),
    UniqueConstraint("account_id", "apple_id"),
)

# Every device that has a contact, and a hash of what it said of it: storage/contact_devices.py.
contact_devices = Table(
    "contact_devices",
    metadata,
    Column("account_id", Uuid, nullable=False),
    Column("apple_id", _ID_TEXT, nullable=False),
    Column("device_id", Uuid, nullable=False),
    Column("said", BigInteger, nullable=False),
    PrimaryKeyConstraint("account_id", "apple_id", "device_id"),
)

# Every handle of a contact in the form in which handles are compared (domain/handles.py), for finding names.
contact_handles = Table(
    "contact_handles",
    metadata,
    Column("account_id", Uuid, nullable=False),
    Column("handle_key", _ID_TEXT, nullable=False),
    Column("contact_id", Uuid, nullable=False),
    PrimaryKeyConstraint("account_id", "handle_key", "contact_id"),
    Index("ix_contact_handles_contact", "account_id", "contact_id"),
)

# A row is one chat of Messages. Those with one merge_key are shown as one conversation, under the id that the others name in
# merged_into; see domain/merging.py. named_by, keyed_by: storage/chat_claims.py.
conversations = Table(
    "conversations",
    metadata,
    Column("account_id", Uuid, nullable=False),
    Column("id", Uuid, nullable=False),
    Column("imessage_id", _ID_TEXT, nullable=False),
    Column("display_name", Text, nullable=False),
    Column("is_group", Boolean, nullable=False),
    Column("is_self", Boolean, nullable=False),
    Column("service", Text, nullable=False),
    Column("participants", ARRAY(Text), nullable=False),
    Column("merge_key", _ID_TEXT, nullable=False, server_default=text("''")),
    Column("merged_into", Uuid),
    Column("is_orphaned", Boolean, nullable=False, server_default=text("false")),
    Column("is_filtered", Boolean, nullable=False, server_default=text("false")),
    Column("is_short_code", Boolean, nullable=False, server_default=text("false")),
    Column("auto_draft", Boolean, nullable=False, server_default=text("false")),
    Column("train", Boolean, nullable=False, server_default=text("false")),
    Column("tone", Text, nullable=False, server_default=text("''")),
    Column("relation", Text, nullable=False, server_default=text("''")),
    Column("message_count", BigInteger, nullable=False, server_default=text("0")),
    Column("last_message_at", _TIME),
    Column("last_message_id", Uuid),
    Column("created_at", _TIME, nullable=False, server_default=text("now()")),
    Column("updated_at", _TIME, nullable=False, server_default=text("now()")),
    Column("named_by", Uuid),
    Column("keyed_by", Uuid),
    PrimaryKeyConstraint("account_id", "id"),
    UniqueConstraint("account_id", "imessage_id"),
    Index("ix_conversations_newest", "account_id", desc("last_message_at"), desc("id")),
    Index("ix_conversations_merge_key", "account_id", "merge_key", postgresql_where=text("merge_key <> ''")),
)

# No foreign key to conversations: its check costs a query a row, and everything that writes either table holds the
# account's lock (storage/account_lock.py), so that a message's conversation cannot go away under it.
# Attachments, reactions and edits come as whole sets with their message, are read with it and never alone: jsonb beside it
# costs nothing while there are none, where tables of their own would cost two index entries each.
# direction, message_type: the numbers of the contract's enums. flags: domain/messages.py. extra: what only few messages have,
# by the contract's field names; none for a plain one. written_by, ranked_at: storage/precedence.py.
messages = Table(
    "messages",
    metadata,
    Column("account_id", Uuid, nullable=False),
    Column("id", Uuid, nullable=False),
    Column("conversation_id", Uuid, nullable=False),
    Column("sent_at", _TIME, nullable=False),
    Column("state_hash", BigInteger, nullable=False),
    Column("read_at", _TIME),
    Column("delivered_at", _TIME),
    Column("edited_at", _TIME),
    Column("unsent_at", _TIME),
    Column("direction", SmallInteger, nullable=False),
    Column("message_type", SmallInteger, nullable=False),
    Column("flags", SmallInteger, nullable=False),
    Column("imessage_guid", _ID_TEXT, nullable=False),
    Column("sender_id", Text, nullable=False),
    Column("service", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("reply_to_guid", Text, nullable=False),
    Column("attachments", JSONB),
    Column("reactions", JSONB),
    Column("edits", JSONB),
    Column("destination", Text, nullable=False, server_default=text("''")),
    Column("extra", JSONB),
    Column("written_by", Uuid),
    Column("ranked_at", _TIME),
    PrimaryKeyConstraint("account_id", "id"),
    Index("ix_messages_guid", "account_id", "imessage_guid", unique=True),
    Index("ix_messages_newest", "account_id", "conversation_id", desc("sent_at"), desc("id")),
    # Why there is no account in it, how it is used, and what it costs: migrations/versions/0001.
    Index(
        "ix_messages_words",
        text("to_tsvector('simple'::regconfig, \"left\"(text, 20000))"),
        postgresql_using="gin",
        postgresql_with={"gin_pending_list_limit": "16384"},
    ),
)

sync_states = Table(
    "sync_states",
    metadata,
    Column("account_id", Uuid, nullable=False),
    Column("device_id", Uuid, nullable=False),
    Column("cursor", Text, nullable=False),
    Column("last_sync_at", _TIME, nullable=False),
    Column("received", BigInteger, nullable=False),
    Column("inserted", BigInteger, nullable=False),
    Column("updated", BigInteger, nullable=False),
    PrimaryKeyConstraint("account_id", "device_id"),
)

# What the owner deleted here and the Mac still has: messages of the chat sent up to `up_to` do not come back. A chat that is
# new, but has the merge_key of a deleted one, is that one under another GUID.
deleted_conversations = Table(
    "deleted_conversations",
    metadata,
    Column("account_id", Uuid, nullable=False),
    Column("imessage_id", _ID_TEXT, nullable=False),
    Column("up_to", _TIME, nullable=False),
    Column("merge_key", _ID_TEXT, nullable=False, server_default=text("''")),
    Column("deleted_at", _TIME, nullable=False, server_default=text("now()")),
    PrimaryKeyConstraint("account_id", "imessage_id"),
)

# What devices deleted, each for itself, and the owner: storage/deleted_messages.py.
deleted_messages = Table(
    "deleted_messages",
    metadata,
    Column("account_id", Uuid, nullable=False),
    Column("imessage_guid", _ID_TEXT, nullable=False),
    Column("device_id", Uuid, nullable=False),
    Column("deleted_at", _TIME, nullable=False, server_default=text("now()")),
    PrimaryKeyConstraint("account_id", "imessage_guid", "device_id"),
)

# The newest message of each conversation that inference_svc has yet to hear of, by id alone: storage/arrivals.py.
arrivals = Table(
    "arrivals",
    metadata,
    Column("account_id", Uuid, nullable=False),
    Column("conversation_id", Uuid, nullable=False),
    Column("message_id", Uuid, nullable=False),
    Column("own_message_ids", ARRAY(Uuid), nullable=False, server_default=text("'{}'")),
    Column("arrived_at", _TIME, nullable=False, server_default=text("now()")),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("next_attempt_at", _TIME, nullable=False, server_default=text("now()")),
    PrimaryKeyConstraint("account_id", "conversation_id"),
)

# What inference_svc and training_svc have yet to erase, by ids alone: storage/erasures.py.
erasures = Table(
    "erasures",
    metadata,
    Column("account_id", Uuid, nullable=False),
    Column("id", Uuid, nullable=False),
    Column("destination", Text, nullable=False),
    Column("conversation_ids", ARRAY(Uuid), nullable=False),
    Column("message_ids", ARRAY(Uuid), nullable=False),
    Column("touched_conversation_ids", ARRAY(Uuid), nullable=False),
    Column("created_at", _TIME, nullable=False, server_default=text("now()")),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("next_attempt_at", _TIME, nullable=False, server_default=text("now()")),
    PrimaryKeyConstraint("account_id", "id", "destination"),
)
