"""`assistant-agent`, the command line of the agent: a file for each command."""

from agent.cli.app import app

__all__ = ["app"]
