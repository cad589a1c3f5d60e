"""The queue of drafts that nobody waits for: leased in PostgreSQL, ordered and told of in Redis (ADR 10)."""
