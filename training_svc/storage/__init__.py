"""The schema `training` in PostgreSQL."""
