"""Alembic's entry for the schema `training`."""

from svc_kit.migrations.environment import run
from training_svc.storage.tables import metadata

run(metadata)
