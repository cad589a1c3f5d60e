"""The schema `sync` in PostgreSQL."""
