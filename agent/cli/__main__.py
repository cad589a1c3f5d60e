"""`python -m agent.cli` is `assistant-agent`."""

from agent.cli import app

app(prog_name="assistant-agent")
