"""Alembic's entry for the schema `inference`."""

from inference_svc.storage.tables import metadata
from svc_kit.migrations.environment import run

run(metadata)
