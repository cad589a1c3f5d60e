"""Alembic per service: one schema, one history and one database role each; Row-Level Security from the first migration."""
