"""The Mac agent: reads the Messages database and pushes it to the owner's server."""

__version__ = "0.1.0"
