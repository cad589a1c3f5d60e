"""Conversations in one line."""

from uuid import UUID

from prompting.conversation import Turn


def turns(*texts: str) -> list[Turn]:
    """`Me: …` is the owner's, `Name| …` a sender's, anything else somebody's."""
    return [_turn(number, text) for number, text in enumerate(texts, 1)]


def _turn(number: int, text: str) -> Turn:
    if text.startswith("Me: "):
        return Turn(UUID(int=number), text.removeprefix("Me: "), mine=True)
    sender, found, rest = text.partition("| ")
    return Turn(UUID(int=number), rest if found else text, mine=False, sender=sender if found else "")
