"""What can happen to a database, with the numbers that choose to which of its messages."""

from dataclasses import dataclass

from hypothesis import strategies as st


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happens. `pick` chooses among what there is, whatever that is by then."""

    what: str
    pick: int = 0
    other: int = 0
    text: str = ""


# How often each happens, in parts.
_WEIGHTS = {
    "send": 12,
    "send_many": 2,
    "edit": 4,
    "unsend": 2,
    "tapback": 5,
    "untapback": 2,
    "reply": 2,
    "attach": 2,
    "read": 3,
    "event": 1,
    "backfill": 3,
    "late_chat": 2,
    "delete": 3,
    "put_away": 2,
    "take_back": 2,
    "rebuild": 2,
    "rebuild_in_part": 1,
    "bring_back": 1,
    "rotate_log": 2,
    "agent_dies": 3,
    "wire_breaks": 2,
    "server_dies": 1,
    "database_dies": 1,
    "settle": 6,
}
_KINDS = [what for what, weight in _WEIGHTS.items() for _ in range(weight)]
_TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0\ufffc\ufffd"), min_size=1, max_size=12)

STEPS = st.lists(
    st.builds(
        Step,
        what=st.sampled_from(_KINDS),
        pick=st.integers(0, 10_000),
        other=st.integers(0, 10_000),
        text=_TEXT.filter(lambda text: bool(text.strip())),
    ),
    min_size=3,
    max_size=30,
)
