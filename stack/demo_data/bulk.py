"""Writes large Messages databases for benchmarks, quickly and always the same."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from random import Random
from typing import Final

from stack.demo_data.chat_db import (
    INSERT_JOIN,
    INSERT_MESSAGE,
    add_chat,
    add_handle,
    create_chat_db,
    finish_chat_db,
    message_values,
)
from stack.demo_data.typedstream_writer import attributed_body

_WORDS: Final = """
  and then the we you at for with not so maybe tomorrow train garden kitchen key yes later thanks soup blue
  window Thursday ticket bring meet early found forgot walk rain harbour call again letter small green about
"""
_VARIETY: Final = 4096  # different texts; the encoder runs once for each
_CHUNK: Final = 10_000
_FIRST_DATE: Final = 700_000_000_000_000_000  # March 2023
_STEP: Final = 60_000_000_000
_GROUP_EVERY: Final = 5


def write_bulk_chat_db(path: Path, n_messages: int, n_chats: int) -> None:
    """Write `n_messages` over `n_chats`, one chat in five a group of four; texts of 1 to 25 words.

    Three rows in four hold their text in attributedBody, as on a current Mac.
    """
    connection = create_chat_db(path)
    connection.execute("BEGIN")
    handles = {
        f"+1303{number:07d}": add_handle(connection, f"+1303{number:07d}", "iMessage") for number in range(n_chats * 4)
    }
    members = list(handles.items())
    chats = []
    for index in range(n_chats):
        group = index % _GROUP_EVERY == 0
        people = dict(members[index * 4 : index * 4 + (4 if group else 1)])
        chats.append((add_chat(connection, f"Group {index}" if group else "", people, "iMessage", group=group), people))
    rows = _rows(n_messages, [(chat_id, list(people.values())) for chat_id, people in chats])
    while chunk := list(islice(rows, _CHUNK)):
        connection.executemany(INSERT_MESSAGE, (values for values, _ in chunk))
        connection.executemany(INSERT_JOIN, (join for _, join in chunk))
    connection.execute("COMMIT")
    finish_chat_db(connection)


def _rows(
    n_messages: int, chats: list[tuple[int, list[int]]]
) -> Iterator[tuple[tuple[object, ...], tuple[int, int, int]]]:
    random = Random(1)  # noqa: S311 (the same database every time is the point)
    texts = [_text(random) for _ in range(_VARIETY)]
    bodies = [attributed_body(text) for text in texts]
    for index in range(n_messages):
        chat_id, people = chats[random.randrange(len(chats))]
        choice = index % _VARIETY
        from_me = random.random() < 0.4
        values = message_values(
            guid=f"B0000000-0000-4000-8000-{index:012X}",
            text=texts[choice] if index % 2 else None,
            body=None if index % 4 == 1 else bodies[choice],
            handle_id=0 if from_me else people[index % len(people)],
            service="iMessage",
            date=_FIRST_DATE + index * _STEP,
            from_me=from_me,
            room=None,
        )
        yield values, (chat_id, index + 1, _FIRST_DATE + index * _STEP)


def _text(random: Random) -> str:
    words = random.choices(_WORDS.split(), k=min(25, 1 + int(random.expovariate(1 / 8))))
    return " ".join(words).capitalize() + random.choice([".", "", "?", "!", " 🙂"])
