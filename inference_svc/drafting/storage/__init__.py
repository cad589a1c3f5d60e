"""Drafts and feedback events in PostgreSQL."""
