"""Accounts, owner sign-in, device registration, tokens and their revocation."""
