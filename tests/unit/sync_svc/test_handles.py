"""When two handles are one person's."""

import pytest

from sync_svc.domain.handles import AddressBook, handle_key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("+1 (555) 010-0123", "+15550100123"),
        ("+1\u00a0555\u202f0100123", "+15550100123"),
        ("0044 20 7946 0958", "+442079460958"),
        ("Ana@Example.COM", "ana@example.com"),
        (" ana@example.com ", "ana@example.com"),
        ("020 7946 0958", "02079460958"),
    ],
)
def test_equal_handles_have_one_key(one, other):
    assert handle_key(one) == handle_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("02079460958", "+442079460958"),  # the country is not ours to guess
        ("15550100", "+15550100"),
        ("1234@example.com", "1234"),
        ("BANK24", "24"),
    ],
)
def test_different_handles_have_different_keys(one, other):
    assert handle_key(one) != handle_key(other)


def test_a_handle_without_a_contact_stands_for_itself():
    names = AddressBook({"+15550100": "Ana"})

    assert names.name_or_handle("+1 555 0100") == "Ana"
    assert names.name_or_handle("+9") == "+9"
    assert names.name_of("+9") == ""


NAMES = AddressBook({"+15550100": "Ana", "ana@example.com": "Ana", "+2": "Ben"})


@pytest.mark.parametrize(
    ("participants", "is_group", "name"),
    [
        ([], False, "chat7"),
        (["+9"], False, "+9"),
        (["+15550100", "ana@example.com"], False, "Ana"),
        (["ana@work.example", "+15550100"], False, "Ana"),
        (["+8", "+9"], False, "+8"),
        (["+15550100", "+9", "+2"], True, "Ana, +9, Ben"),
        (["+15550100", "ana@example.com", "+2"], True, "Ana, Ben"),
    ],
)
def test_a_conversation_is_named_by_its_people_each_once(participants, is_group, name):
    assert NAMES.conversation_name("", participants, "chat7", is_group=is_group) == name


def test_a_given_name_comes_before_all_others():
    assert NAMES.conversation_name("Choir", ["+15550100"], "chat7", is_group=True) == "Choir"
