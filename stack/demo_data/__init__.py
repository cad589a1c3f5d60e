"""Synthetic Messages databases: for the demo, for tests, for benchmarks. Everybody in them is invented."""

from stack.demo_data.append import append_incoming, append_outgoing
from stack.demo_data.bulk import write_bulk_chat_db
from stack.demo_data.demo import DemoSummary, write_demo_address_book, write_demo_chat_db

__all__ = [
    "DemoSummary",
    "append_incoming",
    "append_outgoing",
    "write_bulk_chat_db",
    "write_demo_address_book",
    "write_demo_chat_db",
]
