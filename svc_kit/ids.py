"""Ids: UUID version 7, so that they sort by time."""

from __future__ import annotations

from uuid import UUID

from uuid_utils.compat import uuid7

from svc_kit.errors import InvalidInput


def new_id() -> UUID:
    """A new id; later ones sort after earlier ones."""
    return uuid7()


def parse_id(field: str, value: str) -> UUID:
    """The UUID in a request's field. Raises InvalidInput naming the field."""
    try:
        return UUID(value)
    except ValueError as error:
        raise InvalidInput(field, "must be a valid UUID") from error
