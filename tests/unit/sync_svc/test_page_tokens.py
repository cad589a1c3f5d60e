"""Page tokens of lists by GUID."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from svc_kit.errors import InvalidInput
from sync_svc.api.page_tokens import MAX_TOKEN, decode_guid_token, encode_guid_token

LETTERS = st.characters(exclude_characters="\0", exclude_categories=["Cs"])


@given(st.text(LETTERS, max_size=300) | st.sampled_from(["é" * 300, "😀" * 300, "x" * 300]))
def test_every_guid_comes_back_from_a_token_that_the_contract_takes(guid):
    token = encode_guid_token(guid)

    assert decode_guid_token(token) == guid
    assert len(token) <= MAX_TOKEN
    assert bool(token) == bool(guid)


@pytest.mark.parametrize("token", ["x", "bogus", "b\0", "t\0", "bAA", "b/w==", "bé", "ü"])
def test_a_token_that_the_server_did_not_give_is_refused(token):
    with pytest.raises(InvalidInput) as refused:
        decode_guid_token(token)

    assert refused.value.violations[0][0] == "page_token"
