"""How much two texts have in common."""

import unicodedata

import pytest

from inference_svc.arrivals.likeness import SIMILAR, likeness, plain


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Yes, sure.", "  Yes,   sure.\n"),
        ("Yes,\nsure.", "Yes,\u00a0sure."),
        ('I\'m "late"', "I\u2019m \u201clate\u201d"),
        (unicodedata.normalize("NFC", "Café"), unicodedata.normalize("NFD", "Café")),
        ("", " \n"),
    ],
)
def test_what_a_keyboard_changes_by_itself_is_no_difference(one, other):
    assert plain(one) == plain(other)


@pytest.mark.parametrize(("one", "other"), [("Yes", "yes"), ("Yes.", "Yes"), ("Yes sure", "Yessure")])
def test_what_the_owner_changes_is_one(one, other):
    assert plain(one) != plain(other)


def test_the_same_text_is_wholly_alike():
    assert likeness("Yes, sure.", "Yes, sure.") == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Yes, sure.", "Yes, sure! At 8?"),
        ("Sounds good, see you at 8!", "sounds good see you then"),
        ("Yes", "Yes!"),
        # Two times nine of thirty.
        ("Yes, sure.", "Yes, sure! At eight?"),
    ],
)
def test_an_edited_text_is_similar(one, other):
    assert SIMILAR <= likeness(one, other) < 1
    assert likeness(one, other) == likeness(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Yes, sure.", "Absolutely not, I have to work."),
        ("I can't make it tonight, sorry", "Coming, what should I bring?"),
        ("Yes", "No"),
        ("Yes, sure.", ""),
    ],
)
def test_another_text_is_not(one, other):
    assert likeness(one, other) == 0


def test_long_texts_are_compared_too():
    draft = "and then we went on to the river " * 600

    assert likeness(draft, draft.replace("river", "lake")) > SIMILAR
