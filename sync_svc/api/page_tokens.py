"""Page tokens: opaque to clients, the sort key of the last row seen to us."""

from __future__ import annotations

import base64

from svc_kit.errors import InvalidInput
from svc_kit.paging import encode_page_token
from sync_svc.domain.pages import After

MAX_TOKEN = 500
# How a token holds its GUID. A long one that is not in Latin letters would not fit as bytes, but does as it is.
_AS_BYTES, _AS_IT_IS = "b", "t"


def page_token(after: After) -> str:
    """The token of the page after this sort key; empty on the last page."""
    return encode_page_token(*after) if after is not None else ""


def encode_guid_token(guid: str) -> str:
    """The token for rows after `guid` in a list that is sorted by GUIDs; empty for an empty one."""
    if not guid:
        return ""
    token = _AS_BYTES + base64.urlsafe_b64encode(guid.encode()).decode().rstrip("=")
    return token if len(token) <= MAX_TOKEN else _AS_IT_IS + guid


def decode_guid_token(token: str) -> str:
    """The GUID of the last row seen; empty for an empty token. Raises InvalidInput naming `page_token`."""
    try:
        guid = _guid_in(token) if token else ""
        # The decoder passes over what it does not know; and no stored GUID holds a NUL.
        if encode_guid_token(guid) != token or "\0" in guid:
            raise ValueError("not the token of this GUID")
    except ValueError as error:
        raise InvalidInput("page_token", "is not one that this server gave") from error
    return guid


def _guid_in(token: str) -> str:
    form, rest = token[0], token[1:]
    if form == _AS_IT_IS:
        return rest
    if form == _AS_BYTES:
        return base64.urlsafe_b64decode(rest + "=" * (-len(rest) % 4)).decode()
    raise ValueError("no form of a token")
