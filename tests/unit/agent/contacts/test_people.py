"""Addresses in one form, and the people behind them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.contacts.address_book import Card
from agent.contacts.addresses import comparable, is_short_code, region_of
from agent.contacts.people import People
from agent.contacts.union_find import UnionFind


@pytest.mark.parametrize(
    ("address", "region", "form"),
    [
        ("(202) 555-0150", "US", "+12025550150"),
        ("+1 202 555 0150", None, "+12025550150"),
        ("202-555-0150", None, "202-555-0150"),  # whose country nobody knows
        ("0170 1234567", "DE", "+491701234567"),
        ("0049 170 1234567", "DE", "+491701234567"),
        ("Ana@Example.COM", None, "ana@example.com"),
        ("mailto:ana@example.com", None, "ana@example.com"),
        ("22000", "US", "22000"),
        ("urn:biz:abc1234567890", "US", "urn:biz:abc1234567890"),
        ("AMAZON", "US", "amazon"),
        ("GB2025550150X", "US", "gb2025550150x"),
        ("AX-7654321", "US", "ax-7654321"),
        ("tel:+1-202-555-0150", None, "+12025550150"),
        ("TEL:+12025550150", None, "+12025550150"),
        ("+1 202 555 0150 ext. 5", "US", "+12025550150ext.5"),
        ("+1 202 555 0150 #5", "US", "+12025550150#5"),
        ("+1-202-555-0150;ext=5", "US", "+1-202-555-0150;ext=5"),
        ("", None, ""),
    ],
)
def test_an_address_has_one_form(address: str, region: str | None, form: str):
    assert comparable(address, region) == form


def test_neither_a_senders_name_nor_an_extension_is_the_person_who_has_its_digits():
    cards = [Card("1", "Ana Lund", ("+1 202 555 0150 ext. 5",), ()), Card("2", "Ben", ("+1 202 555 0151",), ())]
    people = People(cards, "US")

    assert people.contacts(["+12025550150", "BE2025550151", "GB2025550150X"]) == []


@given(st.text(max_size=40), st.sampled_from([None, "US", "DE", "XX"]))
def test_any_text_has_a_form(address: str, region: str | None):
    assert isinstance(comparable(address, region), str)
    assert isinstance(is_short_code(address), bool)


def test_a_region_comes_from_an_international_number():
    assert [region_of("+491701234567"), region_of("+12025550150"), region_of("0170"), region_of("+9")] == [
        "DE",
        "US",
        None,
        None,
    ]


def test_only_people_who_occur_are_contacts_with_their_addresses_as_they_occur():
    people = People(
        [Card("7", "Ana Lund", ("(202) 555-0150",), ("ana@example.com",)), Card("8", "Ben", ("1234567",), ())], "US"
    )

    (ana,) = people.contacts(["+12025550150"])

    assert (ana.id, ana.display_name, ana.handles) == ("7", "Ana Lund", ("+12025550150", "ana@example.com"))


@given(st.lists(st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=3), max_size=8), st.randoms())
def test_sets_are_the_same_whatever_order_they_are_joined_in(groups: list[list[str]], random: object):
    one, other = UnionFind(), UnionFind()
    for group in groups:
        one.join(group)
    shuffled = list(groups)
    random.shuffle(shuffled)  # type: ignore[attr-defined] # a random.Random
    for group in shuffled:
        other.join(reversed(group))

    assert [one.least(member) for member in "abcdefgh"] == [other.least(member) for member in "abcdefgh"]
    assert all(one.least(member) <= member for member in "abcdefgh")
