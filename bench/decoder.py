"""Decoding of attributedBody: our decoder beside pytypedstream, blob by blob in the same run.

python -m bench.decoder [--rounds 40]

pytypedstream has no quicker way to the text than to unarchive the whole, so that is what both of our functions are compared
with. Each time is the best of all rounds: what else the machine does makes a round slower, never faster.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import typedstream  # type: ignore[import-untyped]

from agent.chatdb.typedstream import decode, decode_text
from bench.table import Row, print_table
from stack.demo_data.typedstream_writer import Url, attributed_body

PART = "__kIMMessagePartAttributeName"
FILE = "__kIMFileTransferGUIDAttributeName"
GUID = "at_{}_6B29FC40-CA47-1067-B31D-00DD010662DA"

PLAIN = {
    "plain, 40 letters": attributed_body("See you at the station at seven, right? "),
    "plain, mutable classes": attributed_body("See you at the station at seven, right? ", mutable=True),
    "plain, 60 emoji": attributed_body("🙂👋🏽" * 20),
    "plain, 2,000 letters": attributed_body("See you at the station at seven, right? " * 50),
}

SPECIAL = {
    "mention": attributed_body(
        "Hi Ben, are you coming?",
        runs=[(3, {}), (3, {"__kIMMentionConfirmedMention": "+15555550100"}), (17, {})],
    ),
    "link with detected data": attributed_body(
        "https://example.com/a/b",
        runs=[
            (
                23,
                {
                    "__kIMLinkAttributeName": Url("https://example.com/a/b"),
                    PART: 0,
                    "__kIMDataDetectedAttributeName": bytes(range(256)) * 2,
                },
            )
        ],
    ),
    "one-time code": attributed_body(
        "123456 is your code.",
        runs=[(6, {PART: 0, "__kIMOneTimeCodeAttributeName": {"displayCode": "123456", "code": "123456"}}), (14, {})],
    ),
    "voice message": attributed_body(
        "\ufffc", runs=[(1, {FILE: GUID.format(0), "IMAudioTranscription": "I will be ten minutes late", PART: 0})]
    ),
    "six parts, three of them photos": attributed_body(
        "\ufffcthe view\ufffcthe lake\ufffcthe hut ",
        runs=[
            (1 if part % 2 == 0 else 8, {FILE: GUID.format(part), PART: part} if part % 2 == 0 else {PART: part})
            for part in range(6)
        ],
    ),
    "nine runs of text styles": attributed_body(
        "a bold word, then an italic one, then both" + "." * 3,
        runs=[
            (
                5,
                {}
                if run % 2 == 0
                else {("__kIMTextBoldAttributeName", "__kIMTextItalicAttributeName")[run % 4 // 2]: 1},
            )
            for run in range(9)
        ],
    ),
}


def run(rounds: int = 40) -> list[Row]:
    """Measure each blob; the last row of a kind is the mean of its blobs."""
    return [
        *_rows("text alone", decode_text, PLAIN | SPECIAL, "≥ 100", rounds),
        *_rows("all, where all is plain", decode, PLAIN, "≥ 20", rounds),
        *_rows("all runs and attributes", decode, SPECIAL, "≥ 20", rounds),
    ]


def _rows(what: str, ours: Callable[[bytes], Any], blobs: dict[str, bytes], aim: str, rounds: int) -> list[Row]:
    rows: list[Row] = []
    totals = [0.0, 0.0]
    for name, blob in blobs.items():
        decoded = decode(blob)
        assert decoded is not None
        assert not decoded.is_damaged
        mine, theirs = _best_us(blob, ours, rounds)
        totals = [totals[0] + mine, totals[1] + theirs]
        rows.append(_row(f"{what}: {name}, {len(blob):,} B", mine, theirs))
    rows.append(_row(f"{what}: mean", totals[0] / len(blobs), totals[1] / len(blobs), aim))
    return rows


def _row(name: str, mine: float, theirs: float, aim: str = "") -> Row:
    return Row(name, mine, "µs", f"pytypedstream, {theirs:,.0f} µs", theirs / mine, aim)


def _best_us(blob: bytes, ours: Callable[[bytes], Any], rounds: int) -> tuple[float, float]:
    best = [float("inf"), float("inf")]
    for _ in range(rounds):
        for index, (function, times) in enumerate(((ours, 200), (typedstream.unarchive_from_data, 5))):
            started = time.perf_counter()
            for _ in range(times):
                function(blob)
            best[index] = min(best[index], (time.perf_counter() - started) / times * 1e6)
    return best[0], best[1]


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rounds", type=int, default=40)
    print_table("decoding of attributedBody", run(arguments.parse_args().rounds))
