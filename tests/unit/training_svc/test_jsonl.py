"""JSON Lines in pieces."""

import itertools
import json
from datetime import UTC, datetime
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from training_svc.domain.jsonl import PIECE_BYTES, line_of, pieces_of
from training_svc.domain.samples import Sample, SampleSource

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def _sample(context: str) -> Sample:
    return Sample(UUID(int=1), context, "Reply", SampleSource.MANUAL, 1.0, NOW)


@given(st.text())
def test_whatever_a_text_holds_a_sample_is_one_line(text: str):
    line = line_of(_sample(text))

    assert line.endswith("\n")
    assert line.count("\n") == 1
    assert json.loads(line)["input_context"] == text


@given(st.lists(st.integers(0, 3 * PIECE_BYTES), max_size=12))
def test_pieces_hold_all_lines_and_are_no_longer_than_they_must(sizes: list[int]):
    samples = [_sample("ü" * (size // 2)) for size in sizes]

    pieces = list(pieces_of(samples))

    assert "".join(pieces) == "".join(line_of(sample) for sample in samples)
    assert all(len(piece.encode()) <= PIECE_BYTES or piece.count("\n") == 1 for piece in pieces)
    assert all(
        len(left.encode()) + len(right.splitlines(keepends=True)[0].encode()) > PIECE_BYTES
        for left, right in itertools.pairwise(pieces)
    )
