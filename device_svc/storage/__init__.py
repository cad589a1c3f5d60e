"""The schema `device` in PostgreSQL."""
