"""Plumbing that every service shares; it imports no service."""
