"""Alembic's entry into the history of the schema `sync`."""

from svc_kit.migrations.environment import run
from sync_svc.storage.tables import metadata

run(metadata)
