"""What the owner may do with a draft."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from inference_svc.drafting.domain.draft import Draft, OwnerAction, Status, act_on
from svc_kit.errors import FailedPrecondition, InvalidInput
from svc_kit.ids import new_id

NOW = datetime(2026, 3, 1, tzinfo=UTC)
DRAFT = Draft(new_id(), new_id(), new_id(), "Them: Hi\nMe:", "model@1", NOW, status=Status.COMPLETED, response="Hello")


@pytest.mark.parametrize(
    "action",
    [
        OwnerAction(Status.ACCEPTED),
        OwnerAction(Status.EDITED, edited_response="Hello!"),
        OwnerAction(Status.REJECTED, rejection_reason="too short"),
    ],
)
def test_an_action_is_kept_and_doing_it_again_changes_nothing(action):
    acted = act_on(DRAFT, action, NOW)

    assert acted is not None
    assert (acted.status, acted.edited_response, acted.rejection_reason, acted.acted_at) == (
        action.becomes,
        action.edited_response,
        action.rejection_reason,
        NOW,
    )
    assert act_on(acted, action, NOW) is None


def test_something_else_is_refused():
    acted = act_on(DRAFT, OwnerAction(Status.EDITED, edited_response="Hello!"), NOW)
    assert acted is not None

    with pytest.raises(FailedPrecondition) as caught:
        act_on(acted, OwnerAction(Status.EDITED, edited_response="Hello?"), NOW)

    assert caught.value.reason == "ALREADY_ACTED_ON"


@pytest.mark.parametrize("status", [Status.GENERATING, Status.FAILED, Status.CANCELLED, Status.SUPERSEDED])
def test_only_a_complete_draft_can_be_acted_on(status):
    with pytest.raises(FailedPrecondition) as caught:
        act_on(replace(DRAFT, status=status), OwnerAction(Status.ACCEPTED), NOW)

    assert caught.value.reason == "NOT_COMPLETED"


@pytest.mark.parametrize(
    "action",
    [
        OwnerAction(Status.EDITED),
        OwnerAction(Status.EDITED, edited_response=" \n"),
        OwnerAction(Status.ACCEPTED, edited_response="Hello"),
        OwnerAction(Status.REJECTED, edited_response="Hello"),
        OwnerAction(Status.ACCEPTED, rejection_reason="no"),
        OwnerAction(Status.REJECTED, rejection_reason="a\0b"),
    ],
)
def test_an_action_needs_what_it_needs_and_nothing_else(action):
    with pytest.raises(InvalidInput):
        action.check()
