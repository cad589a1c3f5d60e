"""Names and passwords of accounts."""

import pytest

from device_svc.domain.accounts import name_to_look_up, new_account_name, new_password
from svc_kit.errors import InvalidInput


@pytest.mark.parametrize("typed", ["owner", "Owner", " ana.b-c_9@home "])
def test_a_name_is_kept_in_small_letters(typed: str):
    assert new_account_name(typed) == name_to_look_up(typed) == typed.strip().lower()


@pytest.mark.parametrize("typed", ["", " ", "two words", ".dot", "ä", "n" * 101, "a\0"])
def test_other_names_are_refused(typed: str):
    with pytest.raises(InvalidInput, match="name"):
        new_account_name(typed)


@pytest.mark.parametrize("typed", ["eight888", "ü" * 8, "p" * 1024])
def test_a_password_has_eight_characters_or_more(typed: str):
    assert new_password(typed) == typed


@pytest.mark.parametrize("typed", ["", "seven77", "p" * 1025])
def test_other_passwords_are_refused_and_not_quoted(typed: str):
    with pytest.raises(InvalidInput) as caught:
        new_password(typed)

    assert not typed or typed not in str(caught.value)
