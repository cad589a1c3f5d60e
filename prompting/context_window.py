"""Cutting a conversation to what the model can hold, at whole messages."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from prompting.chat_template import ChatTemplate
from prompting.conversation import StyleHints, Turn
from prompting.errors import MessageTooLong
from prompting.prompt import Prompt, build_prompt
from prompting.transcript import name_of, one_line

CountTokens = Callable[[Sequence[str]], Awaitable[Sequence[int]]]

# The opening token, and a token or two where separately counted texts meet.
_MARGIN = 8
# What sync_svc gives at once.
_MOST_MESSAGES = 200


async def fit_prompt(
    turns: Sequence[Turn], hints: StyleHints, chat: ChatTemplate | None, budget: int, count: CountTokens
) -> Prompt:
    """The prompt of the newest turns that fits in `budget` tokens.

    Messages are kept whole: half a message misleads the model more than a missing one. Raises MessageTooLong when the newest
    message alone does not fit.
    """
    budget -= _MARGIN
    whole = build_prompt(turns, hints, chat)
    # A token is at least a byte, so short conversations need no count.
    if len(whole.text.encode()) + len(whole.parts) <= budget:
        return whole
    size = await _size(whole, count)
    if size <= budget:
        return whole
    return await _cut(turns, hints, chat, budget, count, size)


async def _cut(
    turns: Sequence[Turn], hints: StyleHints, chat: ChatTemplate | None, budget: int, count: CountTokens, size: int
) -> Prompt:
    newest = build_prompt(turns[-1:], hints, chat)
    fixed = await _size(newest, count)
    if fixed > budget:
        raise MessageTooLong
    lines = await count([f"{name_of(turn, hints.is_group)}: {one_line(turn.text)}\n" for turn in turns[:-1]])
    # What a template puts around each message.
    frame = max(0, -(-(size - fixed - sum(lines)) // max(1, len(lines))))
    costs = [line + frame for line in lines]
    room = budget - fixed
    while True:
        start = choose_start(costs, [turn.message_id.int for turn in turns[:-1]], room)
        prompt = build_prompt(turns[start:], hints, chat)
        excess = await _size(prompt, count) - budget
        if excess <= 0:
            return prompt
        # The frames were not all alike; what is left out the next time is at least one message more.
        room = min(room, sum(costs[start:])) - excess


def asked_for(history: int) -> int:
    """How many messages to ask for to know whether some have to be left out."""
    return min(history + 1, _MOST_MESSAGES)


def recent(turns: Sequence[Turn], history: int) -> Sequence[Turn]:
    """The last turns, at most `history`. Where some have to be left out, up to a third more are, in blocks."""
    keys = [turn.message_id.int for turn in turns]
    return turns[choose_start([1] * len(turns), keys, history, history - history // 3) :]


def choose_start(costs: Sequence[int], keys: Sequence[int], room: int, least: int | None = None) -> int:
    """Where to begin, so that `costs` from there on add up to at most `room`; len(costs) when not even the last one fits.

    The cut is made in blocks: of the places that leave at least `least` (half of the room, if not said) in use, the one with
    the lowest hash of its message's key. As the conversation grows that place stays the best for many messages to come, so
    the prompt keeps its beginning and the model its cache; cutting at the first message that fits would move with every new
    message.
    """
    start, used = len(costs), 0
    candidates = []
    while start > 0 and used + costs[start - 1] <= room:
        start -= 1
        used += costs[start]
        if used >= (room / 2 if least is None else least):
            candidates.append(start)
    # Nothing has to be left out, or the messages are so long that there is no choice.
    if start == 0 or not candidates:
        return start
    return min(candidates, key=lambda place: _mixed(keys[place]))


async def _size(prompt: Prompt, count: CountTokens) -> int:
    # Template pieces are counted as if people had written them, which makes them longer, never shorter.
    return sum(await count([part.text for part in prompt.parts]))


def _mixed(key: int) -> int:
    # The low bits of a UUIDv7 are random; the multiplication spreads keys that are not.
    return (key * 0x9E3779B97F4A7C15 >> 32) & 0xFFFFFFFF
