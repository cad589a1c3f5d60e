"""Which draft became what the owner wrote."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from inference_svc.arrivals.labelling import label_of
from inference_svc.drafting.domain.draft import Draft, Label, OwnerAction, Status
from svc_kit.ids import new_id

NOW = datetime.now(UTC)


def draft(response: str, suggestion: int = 0) -> Draft:
    return Draft(
        new_id(),
        new_id(),
        new_id(),
        "Them: Coming?\nMe:",
        "model@1",
        NOW,
        status=Status.COMPLETED,
        response=response,
        suggestion=suggestion,
    )


def test_the_same_words_accept_a_draft():
    one = draft("I'm coming, of course.")

    assert label_of(" I\u2019m coming,  of course.", [one]) == Label(one, OwnerAction(Status.ACCEPTED))


def test_similar_words_edit_it_and_are_learned_as_they_were_written():
    one = draft("Yes, sure.")

    label = label_of("Yes,  sure! At 8?", [one])

    assert label == Label(one, OwnerAction(Status.EDITED, edited_response="Yes,  sure! At 8?"))


@pytest.mark.parametrize("own_text", ["No, I have to work tonight", "", " \n", "Yes, sure. " * 2000])
def test_other_words_say_nothing(own_text):
    assert label_of(own_text, [draft("Yes, sure.")]) is None


def test_without_drafts_there_is_nothing_to_learn():
    assert label_of("Yes", []) is None


def test_of_several_the_nearest_is_labelled():
    drafts = [draft("Yes, sure! At nine?", 0), draft("Yes, sure! At eight?", 1), draft("Sorry, no.", 2)]

    assert label_of("Yes, sure! At eight, then?", drafts) == Label(
        drafts[1], OwnerAction(Status.EDITED, edited_response="Yes, sure! At eight, then?")
    )


def test_of_those_that_are_as_near_the_newest_is_labelled():
    drafts = [draft("Yes"), draft("Yes")]

    assert label_of("Yes", drafts) == Label(drafts[0], OwnerAction(Status.ACCEPTED))


def test_what_was_made_of_a_draft_by_hand_is_learned_once():
    by_hand = replace(draft("Yes, sure."), status=Status.EDITED, edited_response="Yes, at eight.", acted_at=NOW)
    others = [draft("Yes, at eight."), draft("Yes, at eight!")]

    assert label_of("Yes, at eight.", [*others, by_hand]) is None
    assert label_of("Yes, at eight!", [*others, by_hand]) == Label(others[1], OwnerAction(Status.ACCEPTED))
