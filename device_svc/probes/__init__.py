"""Asking the other parts how they are."""
