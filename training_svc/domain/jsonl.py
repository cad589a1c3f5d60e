"""Samples as JSON Lines, in pieces of whole lines."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from prompting.stored_prompt import hints_to_json, turns_to_json
from training_svc.domain.samples import Sample

# Far below what Envoy takes as one message, also after the text has been quoted once more for the browser.
PIECE_BYTES = 64 * 1024


def line_of(sample: Sample) -> str:
    """One sample as a line of JSON, with its line feed; `turns`, `hints` and `template_id` unless it is `prompt_only`."""
    fields: dict[str, Any] = {
        "sample_id": str(sample.sample_id),
        "input_context": sample.input_context,
        "expected_output": sample.expected_output,
        "source": str(sample.source),
        "quality": sample.quality,
        "created_at": sample.created_at.isoformat(),
        "negative": sample.negative,
        "rejected_output": sample.rejected_output,
        "prompt_only": sample.prompt_only,
        "message_ids": [str(message_id) for message_id in sample.message_ids],
    }
    if sample.prompt is not None:
        fields["turns"] = turns_to_json(sample.prompt.turns)
        fields["hints"] = hints_to_json(sample.prompt.hints)
        fields["template_id"] = sample.prompt.template_id
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
