"""The rules of drafting, without I/O."""
