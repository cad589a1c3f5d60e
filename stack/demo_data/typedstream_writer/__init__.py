"""Encodes attributed strings in Apple's typedstream format, as Messages stores them."""

from stack.demo_data.typedstream_writer.attributed_body import Runs, attributed_body
from stack.demo_data.typedstream_writer.values import Url, Value

__all__ = ["Runs", "Url", "Value", "attributed_body"]
