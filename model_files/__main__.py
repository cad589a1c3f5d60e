"""`python -m model_files`: the models of this machine. Needs no database and no other service."""

from __future__ import annotations

from model_files.commands import app

if __name__ == "__main__":
    app()
