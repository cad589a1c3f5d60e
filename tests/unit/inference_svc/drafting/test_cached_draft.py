"""A draft told again."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from inference_svc.drafting.domain.cached_draft import replay_cached
from inference_svc.drafting.domain.draft import Draft, Finish
from inference_svc.drafting.domain.events import Done, Piece, Started
from inference_svc.drafting.domain.ports import CachedReply
from svc_kit.ids import new_id


@given(st.lists(st.text(min_size=1).map(str.strip).filter(bool), min_size=1, max_size=4))
def test_the_pieces_make_up_the_text_and_the_last_done_says_so(texts):
    now = datetime.now(UTC)
    drafts = [Draft(new_id(), new_id(), new_id(), "", "m", now, suggestion=number) for number, _ in enumerate(texts)]
    replies = [CachedReply(text, 0.5, Finish.STOP, 3, 2) for text in texts]

    events = list(replay_cached(drafts, replies))

    assert isinstance(events[0], Started)
    assert events[0].cached
    for number, text in enumerate(texts):
        assert "".join(e.text for e in events if isinstance(e, Piece) and e.suggestion == number) == text
    assert [event.last for event in events if isinstance(event, Done)] == [False] * (len(texts) - 1) + [True]
