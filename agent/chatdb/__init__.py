"""Reads the Messages database, strictly read-only."""
