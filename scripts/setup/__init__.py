"""Set-up: everything a checkout needs, into .venv/ and web/node_modules/. Standard library only: it runs before anything is installed."""
