"""Drafts: what is asked of the model, what it writes, and what the owner does with it."""
