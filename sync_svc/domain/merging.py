"""Which chats of Messages are shown as one conversation, and what becomes of what the owner set for them.

Merging is a view: it says where a chat is shown, and never moves a message.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from uuid import UUID

from sync_svc.domain.conversations import Chat, Settings


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a chat is shown, and what is set for it there."""

    chat_id: UUID
    merged_into: UUID | None
    settings: Settings


def regrouped(chats: Iterable[Chat], new: Collection[UUID]) -> list[Placement]:
    """What changes for chats, all that have one of some merge keys, when those of `new` have just come to be."""
    placements = []
    for _, members in groupby(sorted(chats, key=lambda chat: (chat.merge_key, chat.id)), lambda chat: chat.merge_key):
        placements += _placed(list(members), new)
    return placements


def prevailing_key(known: str, said: str, *, joins_known: bool, joins_said: bool) -> str:
    """The merge key of a chat of which another device says `said` than the one that gave it `known`.

    A key that joins the chat with others knows a person, and one that joins it with none may come of a Mac without an address
    book: the former counts, whichever device says it. Of two that both join, or both do not, the known one stays, or the two
    devices would part and merge the chat in turn.
    """
    if not said:
        return known
    if not known or (joins_said and not joins_known):
        return said
    return known


def joined_settings(settings: Sequence[Settings]) -> Settings:
    """The settings of conversations that become one: what needs consent only where all had it, words from the first.

    Words that the first has not got are the next one's.
    """
    return Settings(
        auto_draft=bool(settings) and all(one.auto_draft for one in settings),
        train=bool(settings) and all(one.train for one in settings),
        tone=next((one.tone for one in settings if one.tone), ""),
        relation=next((one.relation for one in settings if one.relation), ""),
    )


def _placed(members: Sequence[Chat], new: Collection[UUID]) -> list[Placement]:
    # A new chat takes over what was set; what nobody has set of it says nothing.
    settings = joined_settings([chat.settings for chat in members if chat.id not in new])
    first = members[0].id
    wanted = [Placement(chat.id, first if chat.id != first else None, settings) for chat in members]
    return [
        placement
        for placement, chat in zip(wanted, members, strict=True)
        if (placement.merged_into, placement.settings) != (chat.merged_into, chat.settings)
    ]
