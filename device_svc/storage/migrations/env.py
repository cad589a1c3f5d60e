"""Alembic's entry for the schema `device`."""

from device_svc.storage.tables import metadata
from svc_kit.migrations.environment import run

run(metadata)
