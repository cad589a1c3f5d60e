"""`python -m inference_svc.models`: the models of this machine. Needs no database and no other service."""

from __future__ import annotations

from inference_svc.models.commands import app

if __name__ == "__main__":
    app()
