"""Which drafts are the same draft."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from uuid import UUID

from inference_svc.drafting.domain.adapter import Adapter
from inference_svc.drafting.domain.draft_request import Sampling
from inference_svc.drafting.domain.model import ModelStatus
from prompting.prompt import Prompt

# Raise it when the same key would stand for another text.
_FORMAT = 1


def cache_key(
    account_id: UUID, model: ModelStatus, adapter: Adapter | None, prompt: Prompt, sampling: Sampling, suggestions: int
) -> str:
    """A hash of everything that determines the text.

    A missing seed is a value like any other: who asks the same again, by reloading a page or by a second tab, gets the
    draft they had and not a new throw of the dice. "Again" asks with `skip_cache`. The account is part of the key, so that
    nobody learns from a quick answer what another account asked.
    """
    facts = {
        "format": _FORMAT,
        "account": str(account_id),
        "model": model.sha256,
        "adapter": adapter.facts if adapter else "",
        "template": prompt.template_id,
        "prompt": [[part.text, part.special] for part in prompt.parts],
        "stops": prompt.stops,
        "sampling": asdict(sampling),
        "suggestions": suggestions,
    }
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
