"""Samples as JSON Lines, in pieces of whole lines."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from training_svc.domain.samples import Sample

# Far below what Envoy takes as one message, also after the text has been quoted once more for the browser.
PIECE_BYTES = 64 * 1024


def line_of(sample: Sample) -> str:
    """One sample as a line, with its line feed."""
    fields = {
        "sample_id": str(sample.sample_id),
        "input_context": sample.input_context,
        "expected_output": sample.expected_output,
        "source": str(sample.source),
        "quality": sample.quality,
        "created_at": sample.created_at.isoformat(),
        "negative": sample.negative,
        "rejected_output": sample.rejected_output,
    }
    return json.dumps(fields, ensure_ascii=False) + "\n"


def pieces_of(samples: Sequence[Sample]) -> Iterator[str]:
    """Their lines, joined up to about 64 KB; a longer line is a piece of its own."""
    lines: list[str] = []
    size = 0
    for sample in samples:
        line = line_of(sample)
        length = len(line.encode())
        if lines and size + length > PIECE_BYTES:
            yield "".join(lines)
            lines, size = [], 0
        lines.append(line)
        size += length
    if lines:
        yield "".join(lines)
