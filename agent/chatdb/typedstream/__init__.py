"""A strict decoder of attributed strings in Apple's typedstream format, which NSArchiver writes.

A blob that is not exactly what the format says gives no text, or its text without runs: missing is better than wrong.
"""

from agent.chatdb.typedstream.attributed_text import AttributedText, Opaque, Run
from agent.chatdb.typedstream.decoder import decode, decode_text

__all__ = ["AttributedText", "Opaque", "Run", "decode", "decode_text"]
