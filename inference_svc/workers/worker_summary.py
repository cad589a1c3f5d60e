"""Several workers, told as one model."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from inference_svc.drafting.domain.model import ModelStatus
from inference_svc.workers.worker_choice import served_model
from svc_kit.errors import DomainError, Overloaded, Unavailable
from svc_kit.model_state import ModelState


def together(statuses: Sequence[ModelStatus], workers: int) -> ModelStatus:
    """The model of all workers, of which some answered: ready when one is, with all their work.

    `statuses` is not empty. While some have another model, the one that is served is shown.
    """
    ready = [status for status in statuses if status.state is ModelState.READY]
    served = served_model(status.sha256 for status in ready)
    able = [status for status in ready if status.sha256 == served]
    if workers == 1:
        return statuses[0]
    if not able:
        # The one that will work first, else one that says why not.
        return max(statuses, key=lambda status: (status.state is ModelState.LOADING, status.load_progress))
    return replace(
        able[0],
        message=_shortage(statuses, len(able), len(ready), workers),
        running=sum(status.running for status in able),
        queued=sum(status.queued for status in able),
        queue_eta_seconds=max(status.queue_eta_seconds for status in able),
        sequences=sum(status.sequences for status in able),
        queue_limit=sum(status.queue_limit for status in able),
    )


def most_helpful(refusals: Iterable[DomainError]) -> DomainError:
    """What the caller is told when every worker refused: when to come back, if one lives, else what is wrong."""
    known = list(refusals)
    overloaded = [refusal for refusal in known if isinstance(refusal, Overloaded)]
    if overloaded:
        return min(overloaded, key=lambda refusal: refusal.retry_after)
    # One that gives a reason of its own says more than one that does not answer.
    known.sort(key=lambda refusal: refusal.reason == Unavailable.reason)
    return known[0] if known else Unavailable("no worker takes drafts now; try again in a moment")


def _shortage(statuses: Sequence[ModelStatus], able: int, ready: int, workers: int) -> str:
    if able == workers:
        return ""
    if able < ready:
        why = "others have another model"
    else:
        failed = [status for status in statuses if status.state is not ModelState.READY]
        why = "; ".join(status.message or status.state.value for status in failed[:1]) or "the others do not answer"
    return f"{able} of {workers} workers can work: {why}"
