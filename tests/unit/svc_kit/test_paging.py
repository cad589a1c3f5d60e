"""Page tokens."""

import base64
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from svc_kit.errors import InvalidInput
from svc_kit.paging import decode_page_token, encode_page_token, page_size_of


@given(st.datetimes(timezones=st.just(UTC)), st.uuids())
def test_a_token_holds_the_last_row(at: datetime, row_id: UUID):
    assert decode_page_token(encode_page_token(at, row_id)) == (at, row_id)


def test_no_token_is_the_first_page():
    assert decode_page_token("") is None


@pytest.mark.parametrize(
    "content", ["[]", "7", "null", "{}", '["2026-01-01T00:00:00+00:00"]', '["x", "y"]', '[1, 2]', "not json", "\xff",
                '["0001-01-01T00:00:00+14:00", "00000000-0000-0000-0000-000000000001"]',
                '["2026-01-01T00:00:00", "00000000-0000-0000-0000-000000000001"]'],
)  # fmt: skip
def test_a_token_of_somebody_else_is_bad_input(content: str):
    with pytest.raises(InvalidInput, match="page_token"):
        decode_page_token(base64.urlsafe_b64encode(content.encode()).decode())


@given(st.text(min_size=1, max_size=60))
def test_whatever_a_client_sends_is_bad_input_at_worst(token: str):
    try:
        found = decode_page_token(token)
    except InvalidInput:
        return
    assert found is None or found[0].tzinfo is not None


def test_the_size_is_the_clients_or_ours():
    assert page_size_of(0) == 50
    assert page_size_of(7) == 7
    assert page_size_of(0, default=20) == 20
