"""Passwords and signatures: thin edges around argon2, PyJWT and cryptography."""
