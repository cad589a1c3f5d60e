"""Starts the parts of the stack in order, keeps them running, and stops them without a trace."""
