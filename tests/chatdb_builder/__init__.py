"""Builds Messages databases as macOS writes them, from Monterey to 27, and does to them what Messages does."""

from tests.chatdb_builder.database import ANA, BEN, CLEO, DATE, OWN_MAIL, OWN_PHONE, ChatDb, Sent
from tests.chatdb_builder.schema import MacOS

__all__ = ["ANA", "BEN", "CLEO", "DATE", "OWN_MAIL", "OWN_PHONE", "ChatDb", "MacOS", "Sent"]
