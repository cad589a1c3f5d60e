"""Decisions about drafts: what the model sees, what becomes of its words, what the owner may do with them."""
