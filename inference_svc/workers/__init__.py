"""The workers: which there are, how they are, and which of them drafts (ADR 12)."""
